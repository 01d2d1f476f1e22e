import { VALIDITY_SECONDS_MAX } from '#runtime/pki/certificate-claims.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  h: 3_600,
  d: 86_400,
  w: 7 * 86_400,
  y: 365 * 86_400,
};

/** A validity as people say it: `2y 90d 1w 12h` (a year has 365 days). @returns seconds, or undefined where it isn't one. */
export function parseValidity(text: string): number | undefined {
  const match = /^(\d{1,5})([hdwy])$/.exec(text.trim());
  if (match === null) return undefined;
  const seconds = Number(match[1]) * (UNIT_SECONDS[match[2] ?? ''] ?? Number.NaN);
  return seconds >= 1 && seconds <= VALIDITY_SECONDS_MAX ? seconds : undefined;
}
