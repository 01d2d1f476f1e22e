import type { NodeId } from '../core/ids.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import { ChainWalk, type PresenceAnchor, slotOf } from './presence-chain.ts';

/** What a link shows. `known`: nothing new, it was let out before. `unknown`: no anchor to check it against, or no time for it now. */
export type LinkVerdict = 'valid' | 'known' | 'wrong' | 'unknown';

export interface LinkChecked {
  readonly verdict: LinkVerdict;
  readonly sinceMs: number;
  readonly slotMs: number;
}

const UNKNOWN: LinkChecked = { verdict: 'unknown', sinceMs: 0, slotMs: 0 };

interface Followed extends PresenceAnchor {
  /** The last link that was let out, as far as this node heard. */
  readonly place: number;
  readonly link: Uint8Array;
}

interface Owner {
  readonly boot: number;
  readonly walk: ChainWalk;
  /** The one in use and the one announced. */
  readonly chains: Followed[];
}

/** Hashes a second: with 100 neighbours 200 are needed; made-up links cost no more than that, and then nobody is believed by presence. */
const HASHES_PER_SECOND = 10_000;
const HASHES_BURST = 20_000;
const OWNERS_MAX = 4_096;

/** How far each owner's chains were seen: a link counts once, and never after a later one. */
export class PresenceAnchors {
  readonly #sha256: (data: Uint8Array) => Uint8Array;
  readonly #budget = new TokenBucket({ perSecond: HASHES_PER_SECOND, burst: HASHES_BURST });
  readonly #owners = new Map<NodeId, Owner>();

  constructor(sha256: (data: Uint8Array) => Uint8Array) {
    this.#sha256 = sha256;
  }

  /** Owners that are followed. */
  get size(): number {
    return this.#owners.size;
  }

  /** The owner announces a chain of this boot; one that is followed already goes on where it was. */
  announce(owner: NodeId, boot: number, anchor: PresenceAnchor): void {
    const known = this.#owners.get(owner);
    if (known !== undefined && known.boot > boot) return;
    if (known === undefined && this.#owners.size >= OWNERS_MAX) return;
    const present =
      known?.boot === boot ? known : { boot, walk: new ChainWalk(this.#sha256, owner, boot), chains: [] };
    this.#owners.set(owner, present);
    if (present.chains.some((chain) => isSameChain(chain, anchor))) return;
    present.chains.push({ ...anchor, place: 0, link: anchor.anchor });
    if (present.chains.length > 2) present.chains.shift();
  }

  /**
   * Checks a link that came with this uptime, and remembers it.
   * @returns the verdict; and from which uptime of its owner on it can have been let out, and for how long it is the latest.
   */
  check(
    owner: NodeId,
    said: { readonly boot: number; readonly uptimeMs: number; readonly link: Uint8Array },
    nowMs: number,
  ): LinkChecked {
    const known = this.#owners.get(owner);
    if (known === undefined || known.boot !== said.boot) return UNKNOWN;
    // The newest first: a chain that was begun anew overlaps the one before.
    let checked: LinkChecked = UNKNOWN;
    for (let index = known.chains.length - 1; index >= 0; index--) {
      const chain = known.chains[index];
      const place = slotOf(chain, said.uptimeMs);
      if (place === undefined) continue;
      const verdict = this.#checkIn(known, index, { place, link: said.link }, nowMs);
      checked = { verdict, sinceMs: chain.startMs + (place - 1) * chain.slotMs, slotMs: chain.slotMs };
      if (verdict !== 'wrong') return checked;
    }
    return checked;
  }

  #checkIn(
    { walk, chains }: Owner,
    index: number,
    { place, link }: { readonly place: number; readonly link: Uint8Array },
    nowMs: number,
  ): LinkVerdict {
    const chain = chains[index];
    if (place <= chain.place) return 'known';
    if (!this.#budget.tryTake(nowMs, place - chain.place)) return 'unknown';
    if (!isSame(walk.down(link, place, chain.place), chain.link)) return 'wrong';
    chains[index] = { ...chain, place, link };
    return 'valid';
  }
}

function isSameChain(a: PresenceAnchor, b: PresenceAnchor): boolean {
  return (
    a.startMs === b.startMs && a.slotMs === b.slotMs && a.length === b.length && isSame(a.anchor, b.anchor)
  );
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
