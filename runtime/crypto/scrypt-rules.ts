import type { ScryptCost } from './provider.ts';

/** Length of a key made of a passphrase, in bytes. */
export const PASSPHRASE_KEY_BYTES = 32;

const BOUNDS: Readonly<Record<keyof ScryptCost, readonly [min: number, max: number]>> = {
  costLog2: [10, 20],
  blockSize: [1, 16],
  parallel: [1, 4],
};

/** Says what is wrong with parameters that came from a file, or undefined: a doctored file must not take all memory or hours. */
export function problemOfScryptCost(cost: ScryptCost): string | undefined {
  for (const [name, [min, max]] of Object.entries(BOUNDS)) {
    const value = cost[name as keyof ScryptCost];
    if (!(Number.isInteger(value) && value >= min && value <= max))
      return `${name}: expected an integer from ${min} to ${max}; got ${value}`;
  }
  return undefined;
}

/** The memory that a derivation takes. @throws RangeError for parameters out of bounds. */
export function scryptMemoryBytes(cost: ScryptCost): number {
  const problem = problemOfScryptCost(cost);
  if (problem !== undefined) throw new RangeError(problem);
  return 128 * cost.blockSize * (2 ** cost.costLog2 + cost.parallel);
}
