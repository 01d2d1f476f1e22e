import type { NodeId } from '../core/ids.ts';
import type { GroupKey } from '../crypto/keyring.ts';
import type { SealKey } from '../crypto/provider.ts';
import { ReplayWindow, WindowSlab } from '../crypto/replay-window.ts';
import { readInt32 } from './header.ts';
import type { Session } from './session.ts';

/** A salt that has been opened: its session, the key that opens it, and which of its counters were seen. */
export interface SaltEntry {
  readonly groupKey: GroupKey;
  readonly sealKey: SealKey;
  readonly session: Session;
  readonly window: ReplayWindow;
  /** Where its last datagram that opened came from; undefined: not known. */
  source: number | undefined;
}

/** The salt stands in four small integers: as an array of its own it would take four times the memory, a thousandfold. */
interface Node extends SaltEntry {
  readonly salt0: number;
  readonly salt1: number;
  readonly salt2: number;
  readonly salt3: number;
  /** Neighbours in the order of use. */
  older: Node | undefined;
  newer: Node | undefined;
}

/** At most this many salts are kept for one id on one transport [P-3.7]. */
const SALTS_PER_ID = 2;

/** The salts that an opener knows: found by their bytes in the datagram, at most two an id and transport, the least recently used goes first. */
export class SessionTable {
  readonly #capacity: number;
  readonly #slab = new WindowSlab();
  /** By 53 bits of the salt; the rest is compared. Only a member can make two meet, and the newer takes the place. */
  readonly #bySalt = new Map<number, Node>();
  readonly #byId = new Map<NodeId, Node | readonly Node[]>();
  #oldest: Node | undefined;
  #newest: Node | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#bySalt.size;
  }

  /** The entry of the salt that stands at `at`; undefined where it isn't known. */
  find(bytes: Uint8Array, at: number): SaltEntry | undefined {
    const node = this.#bySalt.get(nameOf(bytes, at));
    return node !== undefined && hasSalt(node, bytes, at) ? node : undefined;
  }

  /** The sessions of an id, the older first; at most two on each transport. */
  sessionsOf(id: NodeId): readonly Session[] {
    return this.#nodesOf(id).map((node) => node.session);
  }

  /** Whether one of an id's sessions was proven fresh. */
  isProven(id: NodeId): boolean {
    const nodes = this.#byId.get(id);
    if (nodes === undefined) return false;
    return 'session' in nodes ? nodes.session.proven : nodes.some(({ session }) => session.proven);
  }

  /** Adds the salt that stands at `at`, makes room where needed, and returns its entry. */
  add(bytes: Uint8Array, at: number, entry: Omit<SaltEntry, 'window'>): SaltEntry {
    const collided = this.#bySalt.get(nameOf(bytes, at));
    if (collided !== undefined) this.#remove(collided);
    const { id, transport } = entry.session;
    const siblings = this.#nodesOf(id).filter(({ session }) => session.transport === transport);
    if (siblings.length >= SALTS_PER_ID) this.#remove(expendable(siblings));
    if (this.#bySalt.size >= this.#capacity && this.#oldest !== undefined) this.#remove(this.#oldest);
    const node: Node = {
      groupKey: entry.groupKey,
      sealKey: entry.sealKey,
      session: entry.session,
      window: new ReplayWindow(this.#slab),
      source: entry.source,
      salt0: readInt32(bytes, at),
      salt1: readInt32(bytes, at + 4),
      salt2: readInt32(bytes, at + 8),
      salt3: readInt32(bytes, at + 12),
      older: undefined,
      newer: undefined,
    };
    this.#bySalt.set(nameOf(bytes, at), node);
    const others = this.#nodesOf(id);
    this.#byId.set(id, others.length === 0 ? node : [...others, node]);
    const sibling = others.find(({ session }) => session.transport === transport);
    // One life may seal with two keys at once, each with a salt of its own [P-10.8].
    if (sibling?.groupKey.id === node.groupKey.id) {
      sibling.session.rival = node.session;
      node.session.rival = sibling.session;
    }
    this.#append(node);
    return node;
  }

  /** Notes that the entry was used just now. */
  touch(entry: SaltEntry): void {
    const node = entry as Node;
    if (node === this.#newest) return;
    this.#unlink(node);
    this.#append(node);
  }

  /** Forgets the salts whose key doesn't pass. */
  retain(keep: (key: GroupKey) => boolean): void {
    for (const node of [...this.#bySalt.values()]) if (!keep(node.groupKey)) this.#remove(node);
  }

  /** Forgets all salts of an id. */
  forget(id: NodeId): void {
    for (const node of this.#nodesOf(id)) this.#remove(node);
  }

  #nodesOf(id: NodeId): readonly Node[] {
    const nodes = this.#byId.get(id);
    if (nodes === undefined) return [];
    return 'session' in nodes ? [nodes] : nodes;
  }

  #remove(node: Node): void {
    node.window.release();
    this.#bySalt.delete(indexOf(node.salt0, node.salt1));
    const { id } = node.session;
    const left = this.#nodesOf(id).filter((other) => other !== node);
    const { rival } = node.session;
    node.session.rival = undefined;
    if (rival !== undefined) rival.rival = undefined;
    if (left.length === 0) this.#byId.delete(id);
    else this.#byId.set(id, left.length === 1 ? left[0] : left);
    this.#unlink(node);
  }

  #append(node: Node): void {
    node.older = this.#newest;
    node.newer = undefined;
    if (this.#newest !== undefined) this.#newest.newer = node;
    this.#newest = node;
    this.#oldest ??= node;
  }

  #unlink(node: Node): void {
    if (node.older === undefined) this.#oldest = node.newer;
    else node.older.newer = node.newer;
    if (node.newer === undefined) this.#newest = node.older;
    else node.newer.older = node.older;
  }
}

/** Of two sessions the one to give up: not the proven one, so that replayed old salts can't push it out; else the older. */
function expendable(siblings: readonly Node[]): Node {
  return siblings.find((node) => !node.session.proven) ?? siblings[0];
}

/** 53 of the salt's 128 random bits as one number: a map looks it up several times faster than text. */
function nameOf(bytes: Uint8Array, at: number): number {
  return indexOf(readInt32(bytes, at), readInt32(bytes, at + 4));
}

function indexOf(salt0: number, salt1: number): number {
  return (salt0 & 0x1f_ffff) * 0x1_0000_0000 + (salt1 >>> 0);
}

function hasSalt(node: Node, bytes: Uint8Array, at: number): boolean {
  return (
    node.salt0 === readInt32(bytes, at) &&
    node.salt1 === readInt32(bytes, at + 4) &&
    node.salt2 === readInt32(bytes, at + 8) &&
    node.salt3 === readInt32(bytes, at + 12)
  );
}
