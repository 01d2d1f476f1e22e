/** Why a signed object isn't accepted [P-11.6]: stable, what a caller may branch on and count. */
export type PkiReason =
  | 'truncated'
  | 'malformed'
  | 'unknown-critical'
  | 'unknown-issuer'
  | 'bad-signature'
  | 'wrong-cluster'
  | 'wrong-key-use'
  | 'registrar-exceeds'
  | 'revoked'
  | 'not-yet-valid'
  | 'expired';

export interface PkiRefusal {
  readonly reason: PkiReason;
  /** For a person: which thing, what was expected, what came, what to do next. */
  readonly text: string;
}

/** What became of looking at an object from outside: never an exception. */
export type Judged<T> = { readonly value: T } | { readonly refusal: PkiRefusal };

export function refuse(reason: PkiReason, text: string): { readonly refusal: PkiRefusal } {
  return { refusal: { reason, text } };
}

/** Seconds since 1970 as people read them: `2026-11-23 12:00:00Z`. Times beyond the year 9999 are shown as their number. */
export function formatSeconds(seconds: number): string {
  if (!(seconds >= 0 && seconds < SECONDS_OF_YEAR_10000)) return `${seconds} s`;
  return new Date(seconds * 1_000).toISOString().replace('T', ' ').replace('.000', '');
}

const SECONDS_OF_YEAR_10000 = 253_402_300_800;
