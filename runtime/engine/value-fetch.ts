import type { Endpoint } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import { VALUE_PART_BYTES } from '../core/limits.ts';
import type { LargeMark } from '../wire/record.ts';

/** Whom a value is asked of, and where. */
export interface ValueSource {
  readonly peer: NodeId;
  readonly endpoint: Endpoint;
}

/** One value on its way to this node, part by part [P-5.44]. */
export class ValueFetch {
  readonly large: LargeMark;
  readonly partCount: number;
  readonly #bytes: Uint8Array;
  #held = 0;
  /** Whose parts these are. */
  #givers = new Set<NodeId>();
  /** Who may send parts: whoever was asked. */
  readonly asked = new Set<NodeId>();
  /** Parts of several nodes together were wrong: from now on all of one. */
  isStrict = false;
  source: ValueSource | undefined;
  /** The highest part of the last question: behind it nothing more comes. */
  #lastPart = 0;
  /** Questions to the present source without any answer. */
  tries = 0;
  /** Sources that were tried. */
  turns = 0;
  againMs = Number.NEGATIVE_INFINITY;

  constructor(large: LargeMark) {
    this.large = large;
    this.partCount = Math.ceil(large.length / VALUE_PART_BYTES);
    this.#bytes = new Uint8Array(large.length);
  }

  get isComplete(): boolean {
    return this.#held === 2 ** this.partCount - 1;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get giverCount(): number {
    return this.#givers.size;
  }

  /** From now on this one is asked. */
  turnTo(source: ValueSource): void {
    if (this.isStrict && source.peer !== this.source?.peer) this.clear();
    if (this.isStrict) this.asked.clear();
    this.source = source;
    this.asked.add(source.peer);
    this.tries = 0;
    this.turns++;
  }

  /** Which parts to ask for next, as bits: the first `most` that are missing. */
  nextParts(most: number): number {
    let parts = 0;
    let count = 0;
    for (let part = 0; part < this.partCount && count < most; part++) {
      if ((this.#held & (1 << part)) !== 0) continue;
      parts |= 1 << part;
      this.#lastPart = part;
      count++;
    }
    return parts;
  }

  /** @returns `wrong` where there is no such part, `more` where nothing else of the last question will come. */
  add(part: number, bytes: Uint8Array, giver: NodeId): 'wrong' | 'wait' | 'more' {
    const at = part * VALUE_PART_BYTES;
    const length = Math.min(VALUE_PART_BYTES, this.large.length - at);
    if (part >= this.partCount || bytes.length !== length) return 'wrong';
    // Who repeats itself doesn't keep others from being asked.
    if ((this.#held & (1 << part)) !== 0) return 'wait';
    this.tries = 0;
    this.#bytes.set(bytes, at);
    this.#held |= 1 << part;
    this.#givers.add(giver);
    return part === this.#lastPart || this.isComplete ? 'more' : 'wait';
  }

  /** Begins anew. */
  clear(): void {
    this.#held = 0;
    this.#givers = new Set();
  }
}
