import { createHmac, createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from 'node:crypto';
import type { PresenceChainVector, ProofVector } from '../../scripts/vectors/shape.ts';
import { publicKeyOf, sha256 } from './independent.ts';

/** Proofs of life as the specification says them, by Node's own primitives: shares no code with the runtime. */

function uint(value: number, bytes: 4 | 8): Buffer {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 4) buffer.writeUInt32BE(value);
  else buffer.writeBigUInt64BE(BigInt(value));
  return buffer;
}

/** [P-11.3] */
function agreementSecret(seed: Buffer) {
  const raw = Buffer.from(hkdfSync('sha256', seed, Buffer.alloc(0), Buffer.from('gridvine/1 x25519'), 32));
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), raw]);
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
}

/** [P-6.20] */
export function pairKey({ cluster, senderSeed, destinationSeed }: ProofVector): Buffer {
  const [own, other] = [senderSeed, destinationSeed].map((seed) => Buffer.from(seed, 'hex'));
  const publicKey = createPublicKey(agreementSecret(other));
  const shared = diffieHellman({ privateKey: agreementSecret(own), publicKey });
  const ids = [own, other].map((seed) => sha256(publicKeyOf(seed)).subarray(0, 16)).sort(Buffer.compare);
  const name = Buffer.from(cluster);
  const info = Buffer.concat([Buffer.from('gridvine/1 pair'), Buffer.from([name.length]), name, ...ids]);
  return Buffer.from(hkdfSync('sha256', shared, Buffer.alloc(0), info, 32));
}

/** [P-6.21] */
export function macOf(key: Buffer, said: ProofVector): Buffer {
  const statement = Buffer.concat([
    Buffer.from([said.code]),
    Buffer.from(said.sender, 'hex'),
    Buffer.from(said.destination, 'hex'),
    uint(said.senderBoot, 4),
    uint(said.seq, 4),
    uint(said.value, 8),
  ]);
  return createHmac('sha256', key).update(statement).digest().subarray(0, 8);
}

/** [P-6.25] @returns the link below. */
export function linkBelow({ owner, boot }: PresenceChainVector, place: number, link: Buffer): Buffer {
  const parts = [
    Buffer.from('gridvine/1 link'),
    Buffer.from(owner, 'hex'),
    uint(boot, 4),
    uint(place, 4),
    link,
  ];
  return sha256(Buffer.concat(parts)).subarray(0, 16);
}
