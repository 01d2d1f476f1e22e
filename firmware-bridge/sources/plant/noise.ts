/**
 * Smooth noise in 0 to 1 that depends on nothing but its arguments: the same seed and time give the same weather,
 * however often and in which order it is asked.
 */
export function smoothNoise(options: {
  readonly seed: number;
  /** Tells independent noises of one seed apart. */
  readonly channel: number;
  readonly timeMs: number;
  /** Distance of the random points it runs through. */
  readonly periodMs: number;
}): number {
  const position = options.timeMs / options.periodMs;
  const left = Math.floor(position);
  const t = position - left;
  const from = latticeValue(options.seed, options.channel, left);
  const to = latticeValue(options.seed, options.channel, left + 1);
  return from + (to - from) * t * t * (3 - 2 * t);
}

function latticeValue(seed: number, channel: number, index: number): number {
  // Mixing as in MurmurHash3's finaliser; unsigned 32 bits mapped to 0 to 1.
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(channel + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (index | 0), 0x27d4eb2f);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return (hash >>> 0) / 0x1_0000_0000;
}
