import { DIGEST_BUCKETS } from '../../core/limits.ts';
import { sizeOfUint } from '../cbor-writer.ts';
import type { Have, Want } from '../message.ts';
import { asList, asUint } from '../schema.ts';
import type { MessageCodec } from './codec.ts';
import { decodeLine, encodeLines } from './line.ts';

/** `have = [ 11, [ * bucket ], [ * line ] ]`. */
export const haveCodec: MessageCodec<Have> = {
  type: 'have',
  code: 11,
  encode(writer, message) {
    writer.array(3);
    writer.uint(11);
    writer.array(message.buckets.length);
    for (const bucket of message.buckets) writer.uint(bucket);
    encodeLines(writer, message.lines);
  },
  decode(fields) {
    const buckets = asList(fields[1], 0, (raw) => asUint(raw, DIGEST_BUCKETS - 1));
    const lines = asList(fields[2], 0, decodeLine);
    return buckets === undefined || lines === undefined ? undefined : { type: 'have', buckets, lines };
  },
};

/** Bytes of a `have` message without its lines. */
export function sizeOfHaveHeader(buckets: readonly number[], lineCount: number): number {
  const numbers = buckets.reduce((sum, bucket) => sum + sizeOfUint(bucket), 0);
  return 2 + sizeOfUint(buckets.length) + numbers + sizeOfUint(lineCount);
}

/** `want = [ 12, [ + line ] ]`. */
export const wantCodec: MessageCodec<Want> = {
  type: 'want',
  code: 12,
  encode(writer, message) {
    writer.array(2);
    writer.uint(12);
    encodeLines(writer, message.lines);
  },
  decode(fields) {
    const lines = asList(fields[1], 1, decodeLine);
    return lines === undefined ? undefined : { type: 'want', lines };
  },
};

/** Bytes of a `want` message without its lines. */
export function sizeOfWantHeader(lineCount: number): number {
  return 2 + sizeOfUint(lineCount);
}
