import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { type Certificate, decodeCertificate } from '#runtime/pki/certificate.ts';
import { peekKind } from '#runtime/pki/cose-sign1.ts';
import { newestOf } from '#runtime/pki/newest.ts';
import { type Policy, verifyPolicy } from '#runtime/pki/policy.ts';
import type { Judged } from '#runtime/pki/refusal.ts';
import { type Revocation, verifyRevocation } from '#runtime/pki/revocation.ts';
import { RevocationSet } from '#runtime/pki/revocation-set.ts';
import { decodeRoot, type RootStatement } from '#runtime/pki/root.ts';
import { type SignedRoster, verifySignedRoster } from '#runtime/pki/signed-roster.ts';
import { TrustAnchors } from '#runtime/pki/trust-anchors.ts';
import { caError } from './ca-error.ts';
import { type CaEntry, fromBase64 } from './ca-index.ts';

/** A root of the CA, with both statements on it. */
export interface CaRoot extends RootStatement {
  readonly endorsement: Uint8Array | undefined;
}

/** All that a CA has signed. */
export interface CaState {
  readonly cluster: string;
  /** Every root there was, the one that signs now last. */
  readonly roots: readonly CaRoot[];
  /** The two that count. */
  readonly anchors: TrustAnchors;
  readonly certificates: readonly Certificate[];
  readonly revoked: RevocationSet;
  readonly policy: Policy | undefined;
  /** Who votes on leases; undefined: nobody was named. */
  readonly roster: SignedRoster | undefined;
}

/** Makes the state of an index, and verifies all of it on the way. @throws GridvineError `E_CA`. */
export function stateOf(provider: CryptoProvider, path: string, entries: readonly CaEntry[]): CaState {
  const [first] = entries;
  if (first?.type !== 'root')
    throw caError(`${path}: expected a root on line 1. Restore the CA's directory from a backup`);
  const whole = <T>(judged: Judged<T>): T => {
    if ('value' in judged) return judged.value;
    throw caError(`${path}: ${judged.refusal.text}. Restore the CA's directory from a backup`);
  };
  const roots: CaRoot[] = [];
  const certificates: Certificate[] = [];
  const revoked = new RevocationSet();
  let policy: Policy | undefined;
  let roster: SignedRoster | undefined;
  const { cluster } = whole(decodeRoot(provider, fromBase64(first.own)));
  let anchors = whole(TrustAnchors.of(provider, cluster, [fromBase64(first.own)]));
  const note = (object: Uint8Array) => {
    const kind = peekKind(object);
    if (kind === 'roster') {
      const found = whole(verifySignedRoster(anchors, object));
      roster = roster === undefined ? found : newestOf(roster, found, anchors);
    } else if (kind === 'policy') {
      const found = whole(verifyPolicy(anchors, object));
      policy = policy === undefined ? found : newestOf(policy, found, anchors);
    } else revoked.add(whole(verifyRevocation(anchors, object)));
  };
  for (const entry of entries) {
    if (entry.type === 'root') {
      const endorsement = entry.endorsement === null ? undefined : fromBase64(entry.endorsement);
      if (endorsement !== undefined) anchors = whole(anchors.withEndorsement(endorsement));
      roots.push({ ...whole(decodeRoot(provider, fromBase64(entry.own))), endorsement });
      for (const object of entry.again) note(fromBase64(object));
    } else if (entry.type === 'certificate') {
      certificates.push(whole(decodeCertificate(provider, fromBase64(entry.chain[0] ?? ''))));
    } else {
      for (const object of 'object' in entry ? [entry.object] : entry.objects) note(fromBase64(object));
    }
  }
  return { cluster, roots, anchors, certificates, revoked, policy, roster };
}

/** The root that signs now. */
export function activeRoot({ roots }: CaState): CaRoot {
  const root = roots.at(-1);
  if (root === undefined) throw new Error('a CA without a root');
  return root;
}

/** What a node must be given to trust this CA: the older root by itself, the newer as endorsed by it [P-11.9]. */
export function rootStatements({ roots }: CaState): readonly Uint8Array[] {
  const [first, second] = roots.slice(-2);
  const own = first === undefined ? [] : [first.signed.bytes];
  return second === undefined ? own : [...own, second.endorsement ?? second.signed.bytes];
}

/** How one stands at a time. */
export type CertificateState = 'valid' | 'ends-soon' | 'expired' | 'not-yet-valid' | 'revoked';

export function certificateState(
  state: CaState,
  certificate: Certificate,
  nowSeconds: number,
): CertificateState {
  const { notBefore, expires } = certificate;
  if (revocationOf(state, certificate) !== undefined) return 'revoked';
  if (nowSeconds >= expires) return 'expired';
  if (nowSeconds < notBefore) return 'not-yet-valid';
  // From two thirds of its life on a certificate wants renewal.
  return nowSeconds >= notBefore + (2 * (expires - notBefore)) / 3 ? 'ends-soon' : 'valid';
}

export function revocationOf(state: CaState, { serial, id }: Certificate): Revocation | undefined {
  return state.revoked.find(serial, id);
}
