import type { Endpoint } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import { VALUE_PART_BYTES } from '../core/limits.ts';
import type { MissingValue } from '../data/missing-values.ts';
import type { LargeMark } from '../wire/record.ts';

/** Whom a value is asked of, and where. */
export interface ValueSource {
  readonly peer: NodeId;
  readonly endpoint: Endpoint;
}

/** One value on its way to this node, part by part [P-5.44]. */
export class ValueFetch {
  /** As the owner names it for whom it is fetched. */
  readonly value: MissingValue;
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
  /** Parts of the last question. */
  questionParts = 1;
  /** Questions to the present source without any answer. */
  tries = 0;
  /** Sources that were tried. */
  turns = 0;
  againMs = Number.NEGATIVE_INFINITY;

  /** Since when the present source is asked. */
  sinceMs = Number.NEGATIVE_INFINITY;

  constructor(value: MissingValue) {
    const { large } = value;
    this.value = value;
    this.partCount = Math.ceil(large.length / VALUE_PART_BYTES);
    this.#bytes = new Uint8Array(large.length);
  }

  get large(): LargeMark {
    return this.value.large;
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
  turnTo(source: ValueSource, nowMs: number): void {
    if (this.isStrict && source.peer !== this.source?.peer) this.clear();
    if (this.isStrict) this.asked.clear();
    this.source = source;
    this.asked.add(source.peer);
    this.tries = 0;
    this.sinceMs = nowMs;
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
    this.questionParts = Math.max(1, count);
    return parts;
  }

  /**
   * Only a part that wasn't held, and only of the source that is asked now, shows that this goes on well: else a word now and then would
   * keep others from being asked.
   * @returns `wrong` where there is no such part, `more` where nothing else of the last question will come, `old` where it shows nothing.
   */
  add(part: number, bytes: Uint8Array, giver: NodeId): 'wrong' | 'old' | 'wait' | 'more' {
    const at = part * VALUE_PART_BYTES;
    const length = Math.min(VALUE_PART_BYTES, this.large.length - at);
    if (part >= this.partCount || bytes.length !== length) return 'wrong';
    if ((this.#held & (1 << part)) !== 0) return 'old';
    this.#bytes.set(bytes, at);
    this.#held |= 1 << part;
    this.#givers.add(giver);
    if (giver !== this.source?.peer) return 'old';
    this.tries = 0;
    return part === this.#lastPart || this.isComplete ? 'more' : 'wait';
  }

  /** Begins anew. */
  clear(): void {
    this.#held = 0;
    this.#givers = new Set();
  }
}
