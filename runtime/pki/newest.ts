import type { SignedObject } from './cose-sign1.ts';
import type { TrustAnchors } from './trust-anchors.ts';

/** What a root says anew with a higher number. */
interface Numbered {
  readonly number: number;
  readonly signed: SignedObject;
}

/**
 * Which of two counts: the one with the higher number; of equal numbers that with the greater bytes, for all alike. Of one that two roots
 * signed it's that of the newer root, which counts for longer.
 */
export function newestOf<T extends Numbered>(a: T, b: T, roots: TrustAnchors): T {
  if (a.number !== b.number) return a.number > b.number ? a : b;
  const order = compareBytes(a.signed.payload, b.signed.payload);
  if (order !== 0) return order > 0 ? a : b;
  return roots.rank(a.signed.kid) >= roots.rank(b.signed.kid) ? a : b;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
