/**
 * The quantile of numbers, linear between the two nearest (Hyndman and Fan 1996, definition 7: that of R and NumPy).
 * @param q 0 to 1. @returns undefined of none.
 */
export function quantileOf(numbers: readonly number[], q: number): number | undefined {
  const sorted = [...numbers].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) return undefined;
  return below === above ? below : below + (above - below) * (position - Math.floor(position));
}
