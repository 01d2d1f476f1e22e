import type { AppValue } from '../core/value.ts';
import { CHAIN_LENGTH_MAX } from '../pki/chain.ts';

/** The record in which a member shows its certificate: the first that it puts in each boot, so that all others can be judged. */
export const CERTIFICATE_KEY = 'sys/cert';

/** `cert-value = [ certificate: bstr, ? registrar: bstr ]`. */
export function encodeCertificateRecord(chain: readonly Uint8Array[]): AppValue {
  return [...chain];
}

/** The chain in a record's value, not judged yet; undefined where it isn't one. Never throws. */
export function decodeCertificateRecord(value: AppValue | undefined): Uint8Array[] | undefined {
  if (!Array.isArray(value) || value.length < 1 || value.length > CHAIN_LENGTH_MAX) return undefined;
  const chain: Uint8Array[] = [];
  for (const part of value as AppValue[]) {
    if (!(part instanceof Uint8Array)) return undefined;
    chain.push(part);
  }
  return chain;
}
