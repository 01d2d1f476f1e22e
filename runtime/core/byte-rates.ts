const UNITS = { GB: 1e9, MB: 1e6, kB: 1e3, B: 1 } as const;

/**
 * Reads a rate of bytes as people type it: `500B/s`, `64kB/s`, `1.5 MB/s`. Units are decimal.
 * @returns whole bytes a second, or undefined where it isn't one (a bare number is not: its unit is unknown; neither is `kb`, which may be
 * bits).
 */
export function parseByteRate(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(B|[kK]B|MB|GB)\/s$/.exec(text.trim());
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * UNITS[match[2].replace('K', 'k') as keyof typeof UNITS]);
}

/** The shortest text that `parseByteRate` reads as the same number: `500B/s`, `64kB/s`, `1.25MB/s`. @param bytesPerSecond whole. */
export function formatByteRate(bytesPerSecond: number): string {
  for (const [unit, bytes] of Object.entries(UNITS)) {
    // Three decimals at most: what needs more reads better in the next unit.
    if (bytesPerSecond >= bytes && bytesPerSecond % Math.max(1, bytes / 1_000) === 0)
      return `${bytesPerSecond / bytes}${unit}/s`;
  }
  return `${bytesPerSecond}B/s`;
}
