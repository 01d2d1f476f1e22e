import type { DropReason } from '../core/counters.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { type NodeId, toHex } from '../core/ids.ts';
import {
  DATAGRAM_BYTES_MAX,
  DATAGRAM_BYTES_MIN,
  DATAGRAM_HEADER_BYTES,
  SESSIONS_MAX,
} from '../core/limits.ts';
import { clusterTag } from '../crypto/cluster.ts';
import type { GroupKey, Keyring } from '../crypto/keyring.ts';
import type { CryptoProvider, SealKey } from '../crypto/provider.ts';
import { decodeBody, idBytes } from './body.ts';
import { ForgeryGuard } from './forgery-guard.ts';
import {
  aadPrefix,
  CLUSTER_TAG_BYTES,
  copyHeader,
  type Header,
  KIND_SEALED_TO_ANY,
  KIND_SEALED_TO_ONE,
  MAGIC,
  OFFSET_CLUSTER_TAG,
  OFFSET_COUNTER,
  OFFSET_SALT,
  PROTOCOL_VERSION,
  readHeader,
  readUint32,
} from './header.ts';
import type { Body } from './message.ts';
import { decodeRefusal, looksLikeRefusal, type Refusal, type RefusalCode } from './refusal.ts';
import { Session } from './session.ts';
import { type SaltEntry, SessionTable } from './session-table.ts';
import { isTouch } from './touch.ts';

export interface OpenerOptions {
  readonly provider: CryptoProvider;
  readonly cluster: string;
  readonly keyring: Keyring;
  /** This node's id: datagrams of kind 1 open only if they were sealed to it. */
  readonly self: NodeId;
  /** Salts kept; the least recently used goes first. More: fewer first contacts to pay for again. */
  readonly sessionsMax?: number;
  /** Datagrams of unknown salts, or of known ones from elsewhere, that are tried, a second; each costs an opening at least. */
  readonly newSaltsPerSecond?: number;
  /** How many of them at once: each member of a large cluster is unknown to a node that has just started. */
  readonly newSaltsBurst?: number;
}

/** A datagram that passed every check. */
export interface Opened {
  readonly session: Session;
  readonly body: Body;
  /** Kind 2: it wasn't bound to this node, so it may have been copied from elsewhere. */
  readonly sealedToAny: boolean;
}

/** A datagram that was dropped. The first check that failed gives the reason [P-3.5]. */
export interface Dropped {
  readonly drop: DropReason;
  /** For `wrong-cluster`: the tag that it carried, 8 hex digits. */
  readonly foreignTag?: string;
  /** Where it got past length and magic. */
  readonly header?: Header;
  /** Set where the specification allows a refusal as the answer, if it came by unicast [P-8.1]. */
  readonly refusable?: RefusalCode;
}

/** A refusal came: not authenticated, a hint [P-8.2]. */
export interface RefusalReceived {
  readonly refusal: Refusal;
}

export type OpenResult = Opened | Dropped | RefusalReceived;

type Transport = Endpoint['transport'];

/** Associated data of what comes by one transport; the header is copied in for each datagram. */
interface Aads {
  readonly prefixLength: number;
  readonly toSelf: Uint8Array;
  readonly toAny: Uint8Array;
}

/** When and where from a datagram came. */
interface Origin {
  readonly nowMs: number;
  readonly source: number | undefined;
  readonly transport: Transport;
}

/** Own salts that are remembered: one an interface and a few of keys used before. */
const OWN_SALTS_MAX = 64;

/** Opens what a node receives, in the order of [P-3.5]. It never throws for what came from outside. */
export class Opener {
  readonly #provider: CryptoProvider;
  readonly #clusterTag: number;
  readonly #aads: Readonly<Record<Transport, Aads>>;
  readonly #table: SessionTable;
  readonly #guard: ForgeryGuard;
  readonly #ownSalts: Uint8Array[] = [];
  #keyring: Keyring;

  constructor(options: OpenerOptions) {
    this.#provider = options.provider;
    this.#keyring = options.keyring;
    this.#clusterTag = readUint32(clusterTag(options.provider, options.cluster), 0);
    const self = idBytes(options.self);
    this.#aads = { udp: aadsOf(options.cluster, 'udp', self), http: aadsOf(options.cluster, 'http', self) };
    this.#table = new SessionTable(options.sessionsMax ?? SESSIONS_MAX);
    this.#guard = new ForgeryGuard({
      perSecond: options.newSaltsPerSecond ?? 1_000,
      burst: options.newSaltsBurst ?? 4_000,
    });
  }

  /** Salts known at present. */
  get sessionCount(): number {
    return this.#table.size;
  }

  /** The sessions of an id, the older first; at most two on each transport. */
  sessionsOf(id: NodeId): readonly Session[] {
    return this.#table.sessionsOf(id);
  }

  /** Whether a session of this id was proven fresh. */
  isProven(id: NodeId): boolean {
    return this.#table.isProven(id);
  }

  /** Forgets the sessions of a node, when the engine forgets the node. */
  forget(id: NodeId): void {
    this.#table.forget(id);
  }

  /** Registers a salt that this node seals with: its datagrams that come back are dropped as `own`. */
  ownSalt(salt: Uint8Array): void {
    if (this.#ownSalts.some((own) => isSalt(own, salt, 0))) return;
    this.#ownSalts.push(new Uint8Array(salt));
    if (this.#ownSalts.length > OWN_SALTS_MAX) this.#ownSalts.shift();
  }

  /** From now on opens with this keyring; sessions under a key that it doesn't hold end. */
  useKeyring(keyring: Keyring): void {
    this.#keyring = keyring;
    this.#table.retain((key) => keyring.has(key));
  }

  /**
   * Checks, opens, decodes and validates one datagram.
   * @param nowMs monotonic milliseconds. @param bytes as received; nothing of it is kept.
   * @param source where it came from, by `sourceOf`; undefined: not known. @param transport by which it came: each has salts of its own.
   */
  open(nowMs: number, bytes: Uint8Array, source?: number, transport: Transport = 'udp'): OpenResult {
    if (looksLikeRefusal(bytes)) return receiveRefusal(bytes);
    if (isTouch(bytes)) return TOUCHED;
    if (bytes.length < DATAGRAM_BYTES_MIN || bytes.length > DATAGRAM_BYTES_MAX) return SIZE;
    const header = bytes[0] === MAGIC ? readHeader(bytes) : undefined;
    if (header === undefined) return VERSION;
    const foreign = this.#checkForeign(bytes, header);
    if (foreign !== undefined) return foreign;
    if (this.#isOwn(bytes)) return { drop: 'own', header };
    const entry = this.#table.find(bytes, OFFSET_SALT);
    const from = { nowMs, source, transport };
    return entry === undefined
      ? this.#openUnknown(from, bytes, header)
      : this.#openKnown(from, bytes, header, entry);
  }

  /** Version, kind, cluster and key id: what tells that a datagram isn't for this node at all. */
  #checkForeign(bytes: Uint8Array, header: Header): Dropped | undefined {
    const { version, kind, keyId } = header;
    const isToAny = kind === KIND_SEALED_TO_ANY;
    if (version !== PROTOCOL_VERSION)
      return { drop: 'version', header, ...(isToAny && { refusable: 'version-too-old' }) };
    if (kind !== KIND_SEALED_TO_ONE && !isToAny) return { drop: 'kind', header };
    if (header.clusterTag !== this.#clusterTag) {
      const foreignTag = toHex(bytes.subarray(OFFSET_CLUSTER_TAG, OFFSET_CLUSTER_TAG + CLUSTER_TAG_BYTES));
      return { drop: 'wrong-cluster', foreignTag, header, ...(isToAny && { refusable: 'wrong-cluster' }) };
    }
    if (this.#keyring.readable(keyId).length > 0) return undefined;
    return { drop: 'unknown-key', header, ...(isToAny && { refusable: 'unknown-key' }) };
  }

  #openKnown(
    { nowMs, source, transport }: Origin,
    bytes: Uint8Array,
    header: Header,
    entry: SaltEntry,
  ): OpenResult {
    const { session, window } = entry;
    if (header.counter < session.floor || !window.isFresh(header.counter)) return { drop: 'replay', header };
    // A salt belongs to one key [P-2.4], and the key id is sealed in: another id can't open.
    if (entry.groupKey.id !== header.keyId) return { drop: 'forged', header };
    // Salts are there for all to see: what comes from elsewhere than its salt's own datagrams has to queue with strangers.
    if (source !== entry.source && !this.#guard.mayTry(nowMs, source)) return { drop: 'budget', header };
    const plaintext = this.#unseal(entry.sealKey, bytes, { kind: header.kind, transport });
    if (plaintext === undefined) {
      this.#guard.noteFailure(nowMs, source);
      return { drop: 'forged', header };
    }
    const advanced = header.counter > window.highest;
    window.accept(header.counter);
    entry.source = source;
    this.#table.touch(entry);
    const body = decodeBody(plaintext);
    if (body === undefined) return { drop: 'malformed', header };
    if (body.sender !== session.id || body.boot !== session.boot) return { drop: 'session', header };
    session.openedCount++;
    session.counter = header.counter;
    session.advanced = advanced;
    session.lastMs = nowMs;
    return { session, body, sealedToAny: header.kind === KIND_SEALED_TO_ANY };
  }

  #openUnknown(from: Origin, bytes: Uint8Array, header: Header): OpenResult {
    const { nowMs, source, transport } = from;
    if (!(header.counter >= 1)) return { drop: 'replay', header };
    const salt = bytes.subarray(OFFSET_SALT, OFFSET_COUNTER);
    for (const groupKey of this.#keyring.readable(header.keyId)) {
      // Each key that is tried costs its own derivation and opening.
      if (!this.#guard.mayTry(nowMs, source)) return { drop: 'budget', header };
      const sealKey = this.#provider.sealKey(groupKey.key.reveal(), salt);
      const plaintext = this.#unseal(sealKey, bytes, { kind: header.kind, transport });
      if (plaintext !== undefined) return this.#begin(from, plaintext, { header, salt, groupKey, sealKey });
    }
    this.#guard.noteFailure(nowMs, source);
    return { drop: 'forged', header };
  }

  /** Binds a salt to the sender that the first datagram opened under it names [P-3.7]. */
  #begin(
    { nowMs, source, transport }: Origin,
    plaintext: Uint8Array,
    sealed: {
      readonly header: Header;
      readonly salt: Uint8Array;
      readonly groupKey: GroupKey;
      readonly sealKey: SealKey;
    },
  ): OpenResult {
    const { header, salt, groupKey, sealKey } = sealed;
    const body = decodeBody(plaintext);
    if (body === undefined) return { drop: 'malformed', header };
    const session = new Session(body.sender, body.boot, nowMs);
    session.groupKey = groupKey;
    session.transport = transport;
    const entry = this.#table.add(salt, 0, { groupKey, sealKey, session, source });
    entry.window.accept(header.counter);
    session.openedCount = 1;
    session.counter = header.counter;
    return { session, body, sealedToAny: header.kind === KIND_SEALED_TO_ANY };
  }

  /** What was sealed for another transport than the one by which it came doesn't open: its salt would count there as a rival [P-19.1]. */
  #unseal(
    key: SealKey,
    bytes: Uint8Array,
    { kind, transport }: { readonly kind: number; readonly transport: Transport },
  ): Uint8Array | undefined {
    const { prefixLength, toSelf, toAny } = this.#aads[transport];
    const aad = kind === KIND_SEALED_TO_ONE ? toSelf : toAny;
    copyHeader(bytes, aad, prefixLength);
    const counter8 = bytes.subarray(OFFSET_COUNTER, DATAGRAM_HEADER_BYTES);
    return key.open(counter8, aad, bytes.subarray(DATAGRAM_HEADER_BYTES));
  }

  #isOwn(bytes: Uint8Array): boolean {
    for (const own of this.#ownSalts) if (isSalt(own, bytes, OFFSET_SALT)) return true;
    return false;
  }
}

const SIZE: Dropped = { drop: 'size' };
const VERSION: Dropped = { drop: 'version' };
const TOUCHED: Dropped = { drop: 'touch' };
const MALFORMED: Dropped = { drop: 'malformed' };

function receiveRefusal(bytes: Uint8Array): RefusalReceived | Dropped {
  const refusal = decodeRefusal(bytes);
  return refusal === undefined ? MALFORMED : { refusal };
}

function aadsOf(cluster: string, transport: Transport, self: Uint8Array): Aads {
  const prefix = aadPrefix(cluster, transport);
  const toAny = new Uint8Array(prefix.length + DATAGRAM_HEADER_BYTES);
  const toSelf = new Uint8Array(toAny.length + self.length);
  toAny.set(prefix);
  toSelf.set(prefix);
  toSelf.set(self, toAny.length);
  return { prefixLength: prefix.length, toSelf, toAny };
}

function isSalt(salt: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < salt.length; i++) if (salt[i] !== bytes[at + i]) return false;
  return true;
}
