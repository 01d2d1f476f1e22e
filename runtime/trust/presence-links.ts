import type { NodeId } from '../core/ids.ts';
import { LINK_BYTES } from '../wire/messages/presence.ts';
import { ChainWalk, type PresenceAnchor, PresenceChain, slotOf } from './presence-chain.ts';

/** So many slots before a chain ends the next one is announced: by its turn everybody has heard of it. */
const ANNOUNCED_SLOTS = 32;
/** A slot lasts this share of the time between presences, so that each falls into a later one, whatever their jitter. */
const SLOT_SHARE = 0.5;
/** Presences that have become this much more frequent need shorter slots. */
const SHRUNK = 0.625;
const LENGTH = 2_048;

export interface LinkNow {
  readonly link: Uint8Array;
  /** Where a new chain begins, to be put into the record before the link is of use to anybody. */
  readonly announce: PresenceAnchor | undefined;
}

/** This node's chains: one in use and, towards its end, the next. Time uses them up, not speaking: what was kept back goes stale. */
export class PresenceLinks {
  readonly #sha256: (data: Uint8Array) => Uint8Array;
  readonly #owner: NodeId;
  readonly #drawSeed: (length: number) => Uint8Array;
  readonly #length: number;
  #boot = 0;
  #present: PresenceChain | undefined;
  #next: PresenceChain | undefined;

  /** @param parts `drawSeed`: from a cryptographic source; `length`: links of a chain, 64 to 4096: more are announced more rarely. */
  constructor(parts: {
    sha256: (data: Uint8Array) => Uint8Array;
    owner: NodeId;
    drawSeed: (length: number) => Uint8Array;
    length?: number;
  }) {
    this.#sha256 = parts.sha256;
    this.#owner = parts.owner;
    this.#drawSeed = parts.drawSeed;
    this.#length = parts.length ?? LENGTH;
  }

  /** The link that shows that this node lives at this moment of its uptime. @param gapMs the usual time between presences. */
  at(uptimeMs: number, { boot, gapMs }: { readonly boot: number; readonly gapMs: number }): LinkNow {
    let announce: PresenceAnchor | undefined;
    if (this.#next !== undefined && uptimeMs >= this.#next.startMs) {
      this.#present = this.#next;
      this.#next = undefined;
    }
    let slot = this.#present === undefined ? undefined : slotOf(this.#present, uptimeMs);
    const isTooSlow = this.#present !== undefined && gapMs * SHRUNK < SLOT_SHARE * this.#present.slotMs;
    if (slot === undefined || boot !== this.#boot || isTooSlow) {
      this.#boot = boot;
      this.#next = undefined;
      announce = this.#present = this.#make(uptimeMs, gapMs);
      slot = 1;
    }
    const present = this.#present as PresenceChain;
    if (this.#next === undefined && present.length - slot < ANNOUNCED_SLOTS)
      announce = this.#next = this.#make(present.startMs + present.length * present.slotMs, gapMs);
    return { link: present.link(slot), announce };
  }

  #make(startMs: number, gapMs: number): PresenceChain {
    const walk = new ChainWalk(this.#sha256, this.#owner, this.#boot);
    const slotMs = Math.max(1, Math.round(SLOT_SHARE * gapMs));
    return new PresenceChain(walk, {
      startMs,
      slotMs,
      length: this.#length,
      seed: this.#drawSeed(LINK_BYTES),
    });
  }
}
