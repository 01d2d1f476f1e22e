const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads a duration as people type it: `500ms 30s 5m 2h 1d 1.5h`.
 * @returns milliseconds, or undefined where it isn't one (a bare number is not: its unit is unknown).
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * UNITS_MS[match[2]]);
}

/** The shortest text for a duration a person reads: `840ms`, `3.2s`, `5m`, `2h`, `3d`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  for (const [unit, next] of [
    ['s', 60_000],
    ['m', 3_600_000],
    ['h', 86_400_000],
    ['d', Number.POSITIVE_INFINITY],
  ] as const) {
    if (ms < next) return `${trim(ms / UNITS_MS[unit])}${unit}`;
  }
  return `${ms}ms`;
}

function trim(value: number): string {
  return value < 10 ? String(Math.floor(value * 10) / 10) : String(Math.floor(value));
}
