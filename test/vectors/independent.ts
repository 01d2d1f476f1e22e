import { createHash, createPrivateKey, createPublicKey, hkdfSync, verify } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { decode } from 'cborg';

/**
 * A second, naive reader of the protocol, written from the specification and sharing no code with the runtime: what it agrees
 * with the vectors on is more than one program's opinion.
 */

export const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** [P-2.1] */
export function groupKey(psk: Uint8Array, cluster: string): Buffer {
  return Buffer.from(
    hkdfSync('sha256', psk, Buffer.alloc(0), Buffer.from(`gridvine/1 group key ${cluster}`), 32),
  );
}

/** [P-2.2] */
export function keyId(key: Uint8Array): number {
  return sha256(Buffer.concat([Buffer.from('gridvine/1 key id'), key])).readUInt16BE(0);
}

/** [P-2.3] */
export function clusterTag(cluster: string): Buffer {
  return sha256(Buffer.from(`gridvine/1 cluster ${cluster}`)).subarray(0, 4);
}

/** [P-1.2] */
export function publicKeyOf(seed: Buffer): Buffer {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
  return key.export({ format: 'der', type: 'spki' }).subarray(-32);
}

/** [P-5.20] */
export function isSignedBy(
  publicKey: Buffer,
  { cluster, record, signature }: { cluster: string; record: Uint8Array; signature: Uint8Array },
): boolean {
  const name = Buffer.from(cluster);
  const owner = sha256(publicKey).subarray(0, 16);
  const input = Buffer.concat([
    Buffer.from('gridvine/1 record'),
    Buffer.from([name.length]),
    name,
    owner,
    record,
  ]);
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  return verify(null, input, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature);
}

export interface Receiver {
  readonly cluster: string;
  readonly preSharedKey: string;
  readonly destination: string;
}

/** Opens a datagram in the order of [P-3.5], as far as one can that remembers nothing. */
export function openDatagram(
  datagram: Buffer,
  receiver: Receiver,
  label = 'gridvine/1',
): { drop: string } | { body: Buffer } {
  if (datagram.equals(Buffer.of(0x47, 0x14))) return { drop: 'touch' };
  if (datagram.length < 49 || datagram.length > 1200) return { drop: 'size' };
  if (datagram[0] !== 0x47 || datagram[1] >> 4 !== 1) return { drop: 'version' };
  const kind = datagram[1] & 15;
  if (kind !== 1 && kind !== 2) return { drop: 'kind' };
  if (!datagram.subarray(2, 6).equals(clusterTag(receiver.cluster))) return { drop: 'wrong-cluster' };
  const key = groupKey(Buffer.from(receiver.preSharedKey, 'hex'), receiver.cluster);
  if (datagram.readUInt16BE(6) !== keyId(key)) return { drop: 'unknown-key' };
  if (datagram.readBigUInt64BE(24) === 0n) return { drop: 'replay' };
  const name = Buffer.from(receiver.cluster);
  const aad = Buffer.concat([
    Buffer.from(label),
    Buffer.from([name.length]),
    name,
    datagram.subarray(0, 32),
    ...(kind === 1 ? [Buffer.from(receiver.destination, 'hex')] : []),
  ]);
  try {
    const cipher = xchacha20poly1305(key, datagram.subarray(8, 32), aad);
    const body = Buffer.from(cipher.decrypt(datagram.subarray(32)));
    return isBody(body) ? { body } : { drop: 'malformed' };
  } catch {
    return { drop: 'forged' };
  }
}

/** CBOR by a strict decoder; undefined where it refuses. Integers as bigint or number, maps as Map. */
export function readCbor(bytes: Uint8Array): { value: unknown } | undefined {
  try {
    const options = { strict: true, allowIndefinite: false, allowUndefined: false, allowNaN: false };
    return {
      value: decode(bytes, { ...options, allowInfinity: false, rejectDuplicateMapKeys: true, useMaps: true }),
    };
  } catch {
    return undefined;
  }
}

const NAMES =
  'ping ack ping-req nack gone join presence blocks digest buckets have want lease-ask lease-answer padding query-reply query-got'.split(
    ' ',
  );
const LATER_NAMES: Readonly<Record<number, string>> = { 20: 'value-want', 21: 'value-part', 23: 'carry' };

/** The names of a body's messages; undefined where it isn't `[ node-id, boot, * message ]`. */
export function messageTypes(body: Uint8Array): string[] | undefined {
  const items = readCbor(body)?.value;
  if (!Array.isArray(items) || !(items[0] instanceof Uint8Array) || items[0].length !== 16) return undefined;
  return items
    .slice(2)
    .map((message: unknown[]) => LATER_NAMES[Number(message[0])] ?? NAMES[Number(message[0]) - 1]);
}

/** Record and signature of each signed item of a body, of its blocks and of their proofs. */
export function signedItems(body: Uint8Array): [Uint8Array, Uint8Array][] {
  const items = readCbor(body)?.value;
  const messages = (Array.isArray(items) ? items.slice(2) : []) as unknown[][];
  const blocks = messages
    .filter((message) => Number(message[0]) === 8)
    .flatMap((message) => message.slice(1));
  const all = (blocks as unknown[][]).flatMap((block) => [...(block[4] as unknown[][]), ...block.slice(5)]);
  return (all as [Uint8Array, unknown, Uint8Array?][]).flatMap(([record, , signature]) =>
    signature === undefined ? [] : [[record, signature] as [Uint8Array, Uint8Array]],
  );
}

function isBody(bytes: Uint8Array): boolean {
  return messageTypes(bytes) !== undefined;
}

/** [P-10.1] */
export function fingerprint(key: Uint8Array): Buffer {
  return sha256(Buffer.concat([Buffer.from('gridvine/1 key fingerprint'), key])).subarray(0, 8);
}

/** [P-10.3]: the group key within, or undefined where it isn't taken. */
export function unwrap(
  wrap: { readonly nonce: Buffer; readonly sealed: Buffer },
  about: { readonly cluster: string; readonly wrappingKey: Buffer; readonly fingerprint: Buffer },
): Buffer | undefined {
  const name = Buffer.from(about.cluster);
  const info = Buffer.concat([Buffer.from('gridvine/1 key wrap '), name]);
  const key = Buffer.from(hkdfSync('sha256', about.wrappingKey, Buffer.alloc(0), info, 32));
  const aad = Buffer.concat([
    Buffer.from('gridvine/1 key wrap'),
    Buffer.from([name.length]),
    name,
    fingerprint(about.wrappingKey),
    about.fingerprint,
  ]);
  try {
    const opened = Buffer.from(xchacha20poly1305(key, wrap.nonce, aad).decrypt(wrap.sealed));
    return fingerprint(opened).equals(about.fingerprint) ? opened : undefined;
  } catch {
    return undefined;
  }
}

const isBytes = (value: unknown, length: number) => value instanceof Uint8Array && value.length === length;
const isList = (value: unknown, min: number, max: number): value is unknown[] =>
  Array.isArray(value) && value.length >= min && value.length <= max;
const differ = (names: unknown[]) =>
  new Set(names.map((name) => Buffer.from(name as Uint8Array).toString('hex'))).size === names.length;

/** The CDDL of [P-10.2]. */
export function isKeyring(value: unknown): boolean {
  if (!isList(value, 4, 99)) return false;
  const [writes, reads, use, changes] = value;
  if (!isBytes(writes, 8) || !isList(reads, 1, 8) || !isList(changes, 0, 16)) return false;
  if (!reads.every((read) => isBytes(read, 8)) || !differ(reads)) return false;
  const told = Buffer.from(writes as Uint8Array);
  if (!reads.some((read) => told.equals(read as Uint8Array))) return false;
  if (use !== null && !(isList(use, 2, 99) && isStamp(use[0]) && isBytes(use[1], 8))) return false;
  const isChange = (change: unknown) =>
    isList(change, 3, 99) &&
    isBytes(change[0], 8) &&
    isStamp(change[1]) &&
    (change[2] === 0 || change[2] === 1);
  return changes.every(isChange) && differ(changes.map((change) => (change as unknown[])[0]));
}

function isStamp(value: unknown): boolean {
  if (!isList(value, 2, 99) || !isBytes(value[1], 16)) return false;
  const number = Number(value[0]);
  return Number.isInteger(number) && number >= 1 && number < 2 ** 52;
}

/** The CDDL of [P-10.3]. */
export function isKeyRecord(value: unknown): boolean {
  return (
    isList(value, 0, 8) &&
    value.every(
      (wrap) => isList(wrap, 3, 99) && isBytes(wrap[0], 8) && isBytes(wrap[1], 24) && isBytes(wrap[2], 48),
    )
  );
}
