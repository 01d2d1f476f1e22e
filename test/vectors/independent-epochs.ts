import {
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  verify,
} from 'node:crypto';
import type { EpochVector } from '../../scripts/vectors/shape.ts';
import { keyId, sha256 } from './independent.ts';

/** Epochs, read from the specification's section 14 alone. */

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

function uint32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

function hkdf(ikm: Uint8Array, info: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', ikm, Buffer.alloc(0), info, 32));
}

/** [P-14.1] */
export function epochId({ secret, mark }: EpochVector): string {
  return sha256(Buffer.concat([Buffer.from('gridvine/1 epoch'), hex(secret), hex(mark)])).toString(
    'hex',
    0,
    8,
  );
}

/** [P-14.2] */
export function epochKey({ secret, number, cluster }: EpochVector): { key: string; id: number } {
  const key = hkdf(hex(secret), Buffer.from(`gridvine/1 epoch key ${number} ${cluster}`));
  return { key: key.toString('hex'), id: keyId(key) };
}

/** [P-14.8] */
export function isSigned({ cluster, number, id, mark, minterPublicKey, signature }: EpochVector): boolean {
  const name = Buffer.from(cluster);
  const input = Buffer.concat([
    Buffer.from('gridvine/1 epoch warrant'),
    Buffer.of(name.length),
    name,
    uint32(number),
    hex(id),
    hex(mark),
  ]);
  const key = createPublicKey({
    key: Buffer.concat([hex('302a300506032b6570032100'), hex(minterPublicKey)]),
    format: 'der',
    type: 'spki',
  });
  return verify(null, input, key, hex(signature));
}

/** [P-14.4] @throws where the tag is wrong. */
export function openShare({ number, id, share }: EpochVector): string {
  const context = Buffer.concat([
    Buffer.from('gridvine/1 epoch share'),
    uint32(number),
    hex(id),
    hex(share.minter),
    hex(share.recipient),
  ]);
  const privateKey = createPrivateKey({
    key: Buffer.concat([hex('302e020100300506032b656e04220420'), hex(share.recipientSecretKey)]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey({
    key: Buffer.concat([hex('302a300506032b656e032100'), hex(share.minterPublicKey)]),
    format: 'der',
    type: 'spki',
  });
  const key = hkdf(diffieHellman({ privateKey, publicKey }), context);
  const sealed = hex(share.sealed);
  const decipher = createDecipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: 16 });
  decipher.setAAD(context, { plaintextLength: 32 });
  decipher.setAuthTag(sealed.subarray(32));
  return Buffer.concat([decipher.update(sealed.subarray(0, 32)), decipher.final()]).toString('hex');
}
