import { sizeOfUint } from '../cbor-writer.ts';
import type { Buckets, Digest } from '../message.ts';
import { asBytes, asList } from '../schema.ts';
import type { MessageCodec } from './codec.ts';
import { HASH_BYTES, hashOf } from './hash.ts';
import { decodeLine, encodeLines } from './line.ts';

/** Bytes of the `buckets` message's content: 64 hashes of 4. */
export const BUCKETS_BYTES = 256;

/** `digest = [ 9, table-hash, [ * line ] ]`. */
export const digestCodec: MessageCodec<Digest> = {
  type: 'digest',
  code: 9,
  encode(writer, message) {
    writer.array(3);
    writer.uint(9);
    writer.bytes(hashOf(message.tableHash));
    encodeLines(writer, message.lines);
  },
  decode(fields) {
    const tableHash = asBytes(fields[1], HASH_BYTES);
    const lines = asList(fields[2], 0, decodeLine);
    return tableHash === undefined || lines === undefined ? undefined : { type: 'digest', tableHash, lines };
  },
};

/** Bytes of a `digest` message without its lines. */
export function sizeOfDigestHeader(lineCount: number): number {
  return 2 + 1 + HASH_BYTES + sizeOfUint(lineCount);
}

/** `buckets = [ 10, hashes ]`. */
export const bucketsCodec: MessageCodec<Buckets> = {
  type: 'buckets',
  code: 10,
  encode(writer, message) {
    if (message.hashes.length !== BUCKETS_BYTES)
      throw new RangeError(`expected ${BUCKETS_BYTES} bytes of bucket hashes; got ${message.hashes.length}`);
    writer.array(2);
    writer.uint(10);
    writer.bytes(message.hashes);
  },
  decode(fields) {
    const hashes = asBytes(fields[1], BUCKETS_BYTES);
    return hashes === undefined ? undefined : { type: 'buckets', hashes };
  },
};
