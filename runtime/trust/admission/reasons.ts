/**
 * Why a side isn't admitted, in the order of the codes from 1 [P-13.10]. A new one goes to the end. Most are a certificate
 * verifier's; `key-mismatch` is this handshake's own.
 */
export const DENIAL_REASONS = [
  /** None of the others; also what an unknown code is read as. */
  'not-admitted',
  'malformed',
  'truncated',
  'unknown-critical',
  'unknown-issuer',
  'bad-signature',
  'wrong-cluster',
  'wrong-key-use',
  'registrar-exceeds',
  'revoked',
  'not-yet-valid',
  'expired',
  /** The handshake ran under another key than the certified one. */
  'key-mismatch',
] as const;

export type DenialReason = (typeof DENIAL_REASONS)[number];

/** Stands where a side is admitted. */
export const ADMITTED_CODE = 0;

export function codeOfReason(reason: DenialReason): number {
  return 1 + DENIAL_REASONS.indexOf(reason);
}

/** @param code from 1. */
export function reasonOfCode(code: number): DenialReason {
  return DENIAL_REASONS[code - 1] ?? 'not-admitted';
}
