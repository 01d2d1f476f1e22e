import { REPLAY_WINDOW } from '../core/limits.ts';

const WORD_BITS = 32;
const WORDS = REPLAY_WINDOW / WORD_BITS;
const NO_SLOT = -1;

/**
 * The bitmaps of many replay windows in one array: 128 bytes each instead of some 300 as separate arrays. An opener owns one,
 * so all of it goes with the opener.
 */
export class WindowSlab {
  #words = new Uint32Array(8 * WORDS);
  #used = 0;
  readonly #free: number[] = [];

  get words(): Uint32Array {
    return this.#words;
  }

  /** Index of the first word of a zeroed bitmap. */
  take(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) {
      this.#words.fill(0, freed, freed + WORDS);
      return freed;
    }
    const start = this.#used;
    this.#used += WORDS;
    if (this.#used > this.#words.length) {
      const grown = new Uint32Array(2 * this.#words.length);
      grown.set(this.#words);
      this.#words = grown;
    }
    return start;
  }

  give(start: number): void {
    this.#free.push(start);
  }
}

/**
 * Which counters of one salt were opened: the highest and the 1024 below it [P-3.6]. A bitmap is taken from the slab only with
 * the second datagram: many salts of a large cluster are heard once.
 */
export class ReplayWindow {
  readonly #slab: WindowSlab;
  #slot = NO_SLOT;
  /** 0: nothing opened yet. */
  #highest = 0;

  constructor(slab: WindowSlab) {
    this.#slab = slab;
  }

  get highest(): number {
    return this.#highest;
  }

  /** Whether a datagram with this counter may be opened. Counters run from 1; what isn't a safe integer is refused. */
  isFresh(counter: number): boolean {
    if (!(Number.isSafeInteger(counter) && counter >= 1)) return false;
    if (counter > this.#highest) return true;
    if (counter === this.#highest || counter < this.#highest - REPLAY_WINDOW) return false;
    return this.#slot === NO_SLOT || !this.#isMarked(counter);
  }

  /** Notes that a datagram with this fresh counter was opened. Call it for what `isFresh` admitted, and only once opened. */
  accept(counter: number): void {
    const before = this.#highest;
    if (before === 0) {
      this.#highest = counter;
      return;
    }
    if (this.#slot === NO_SLOT) this.#slot = this.#slab.take();
    if (counter < before) {
      this.#mark(counter);
      return;
    }
    this.#highest = counter;
    // A bit stands for the one counter of its residue among the 1024 below the highest.
    if (counter - before > REPLAY_WINDOW) this.#slab.words.fill(0, this.#slot, this.#slot + WORDS);
    else {
      this.#clear(before + 1, counter - 1);
      this.#mark(before);
    }
  }

  /** Gives the bitmap back; the window must not be used any more. */
  release(): void {
    if (this.#slot !== NO_SLOT) this.#slab.give(this.#slot);
    this.#slot = NO_SLOT;
  }

  #isMarked(counter: number): boolean {
    const bit = counter % REPLAY_WINDOW;
    return (this.#slab.words[this.#slot + (bit >>> 5)] & (1 << (bit & 31))) !== 0;
  }

  #mark(counter: number): void {
    const bit = counter % REPLAY_WINDOW;
    this.#slab.words[this.#slot + (bit >>> 5)] |= 1 << (bit & 31);
  }

  #clear(from: number, to: number): void {
    const { words } = this.#slab;
    for (let counter = from; counter <= to; counter++) {
      const bit = counter % REPLAY_WINDOW;
      words[this.#slot + (bit >>> 5)] &= ~(1 << (bit & 31));
    }
  }
}
