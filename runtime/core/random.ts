/** Randomness as an argument: the system's on a board, seeded in the simulator. Not for keys. */
export interface RandomSource {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform 32-bit unsigned integer. */
  uint32(): number;
  /** `length` random bytes; from a cryptographic source on a board (salts are drawn here). */
  bytes(length: number): Uint8Array;
}

/** Uniform integer in [0, bound). */
export function randomBelow(random: RandomSource, bound: number): number {
  return Math.floor(random.next() * bound);
}

/** `base` moved by up to `share` of itself either way, so that nodes that started together drift apart. */
export function jitter(random: RandomSource, base: number, share: number): number {
  return base * (1 - share + 2 * share * random.next());
}

/** Shuffles in place (Fisher-Yates) and returns the array. */
export function shuffle<T>(random: RandomSource, items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = randomBelow(random, i + 1);
    const swap = items[i];
    items[i] = items[j];
    items[j] = swap;
  }
  return items;
}

/** Up to `count` distinct items in random order; the input is left alone. */
export function sample<T>(random: RandomSource, items: readonly T[], count: number): T[] {
  if (count >= items.length) return shuffle(random, [...items]);
  const picked = new Set<number>();
  while (picked.size < count) picked.add(randomBelow(random, items.length));
  return Array.from(picked, (index) => items[index]);
}

/** A seeded source (sfc32, public domain, passes PractRand): equal seeds give equal runs. */
export class SeededRandom implements RandomSource {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  constructor(seed: number, stream = 0) {
    this.#a = seed >>> 0;
    this.#b = stream >>> 0;
    this.#c = Math.floor(seed / 0x1_0000_0000) >>> 0;
    for (let i = 0; i < 12; i++) this.uint32();
  }

  uint32(): number {
    const t = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    return t >>> 0;
  }

  next(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.uint32() & 255;
    return bytes;
  }
}
