import type { NodeId } from '../core/ids.ts';
import type { Identity } from '../crypto/identity.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { SIGNATURE_BYTES } from '../crypto/record-signature.ts';
import { decodeChain } from '../pki/chain.ts';
import { hasRight } from '../pki/policy.ts';
import { type Judged, refuse } from '../pki/refusal.ts';
import { EPOCH_ID_BYTES, type Epoch, REVOCATION_MARK_BYTES } from './epoch.ts';
import type { FleetLaw } from './fleet-law.ts';

/** The longest warrant: a signature, and a chain of two certificates. */
export const WARRANT_BYTES_MAX = SIGNATURE_BYTES + 1_040;

const encoder = new TextEncoder();
const LABEL = encoder.encode('gridvine/1 epoch warrant');

/** What a minter vouches for; the secret follows from the id. */
export type Warranted = Pick<Epoch, 'number' | 'id' | 'revocations'>;

/** The minter's signature under an epoch [P-14.8]: 64 bytes. */
export function signEpoch(identity: Pick<Identity, 'sign'>, cluster: string, epoch: Warranted): Uint8Array {
  return identity.sign(signedPart(cluster, epoch));
}

/** Whether the signature under an epoch is that of this key. */
export function isSignedEpoch(
  provider: CryptoProvider,
  cluster: string,
  { epoch, signature, signingKey }: { epoch: Warranted; signature: Uint8Array; signingKey: Uint8Array },
): boolean {
  return provider.verify(signingKey, signedPart(cluster, epoch), signature);
}

/** A signature with the certificates of who made it: `signature | chain` [P-14.8]. */
export function warrantOf(signature: Uint8Array, chain: Uint8Array): Uint8Array {
  const warrant = new Uint8Array(signature.length + chain.length);
  warrant.set(signature);
  warrant.set(chain, signature.length);
  return warrant;
}

/**
 * Judges whether an epoch was minted by somebody who may: without this, any member could lead a newcomer away by a made-up epoch.
 * @returns the minter. Never throws.
 */
export function judgeWarrant(
  provider: CryptoProvider,
  { law, epoch }: { law: FleetLaw; epoch: Pick<Epoch, 'number' | 'id' | 'revocations' | 'warrant'> },
): Judged<NodeId> {
  const chain = decodeChain(epoch.warrant.subarray(SIGNATURE_BYTES));
  if ('refusal' in chain) return chain;
  const judged = law.judge(chain.value);
  if ('refusal' in judged) return judged;
  const { certificate } = judged.value;
  if (!hasRight(law.policy, certificate.groups, 'mint'))
    return refuse('wrong-key-use', `epoch ${epoch.number}: minted by ${certificate.name}, who may not mint`);
  const signature = epoch.warrant.subarray(0, SIGNATURE_BYTES);
  const { cluster } = law.anchors;
  return isSignedEpoch(provider, cluster, { epoch, signature, signingKey: certificate.signingKey })
    ? { value: certificate.id }
    : refuse('bad-signature', `epoch ${epoch.number}: not signed by ${certificate.name}`);
}

/** `"gridvine/1 epoch warrant" | uint8 length | cluster name | uint32 number | id | mark`. */
function signedPart(cluster: string, { number, id, revocations }: Warranted): Uint8Array {
  const name = encoder.encode(cluster);
  const start = LABEL.length + 1 + name.length;
  const bytes = new Uint8Array(start + 4 + EPOCH_ID_BYTES + REVOCATION_MARK_BYTES);
  bytes.set(LABEL);
  bytes[LABEL.length] = name.length;
  bytes.set(name, LABEL.length + 1);
  new DataView(bytes.buffer).setUint32(start, number);
  bytes.set(id, start + 4);
  bytes.set(revocations, start + 4 + EPOCH_ID_BYTES);
  return bytes;
}
