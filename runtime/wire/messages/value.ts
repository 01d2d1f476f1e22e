import { LARGE_VALUE_BYTES_MAX, VALUE_PART_BYTES } from '../../core/limits.ts';
import type { ValuePart, ValueWant } from '../message.ts';
import { asBytes, asUint } from '../schema.ts';
import type { MessageCodec } from './codec.ts';

const VALUE_HASH_BYTES = 32;
/** Parts of the longest value. */
const PARTS_MAX = LARGE_VALUE_BYTES_MAX / VALUE_PART_BYTES;

/** `value-want = [ 20, hash, parts ]`. */
export const valueWantCodec: MessageCodec<ValueWant> = {
  type: 'value-want',
  code: 20,
  encode(writer, { hash, parts }) {
    writer.array(3);
    writer.uint(20);
    writer.bytes(hash);
    writer.uint(parts);
  },
  decode(fields) {
    const hash = asBytes(fields[1], VALUE_HASH_BYTES);
    const parts = asUint(fields[2], 2 ** PARTS_MAX - 1);
    return hash === undefined || parts === undefined || parts === 0
      ? undefined
      : { type: 'value-want', hash, parts };
  },
};

/** `value-part = [ 21, hash, part, bytes ]`. */
export const valuePartCodec: MessageCodec<ValuePart> = {
  type: 'value-part',
  code: 21,
  encode(writer, { hash, part, bytes }) {
    writer.array(4);
    writer.uint(21);
    writer.bytes(hash);
    writer.uint(part);
    writer.bytes(bytes);
  },
  decode(fields) {
    const hash = asBytes(fields[1], VALUE_HASH_BYTES);
    const part = asUint(fields[2], PARTS_MAX - 1);
    const bytes = asBytes(fields[3]);
    if (hash === undefined || part === undefined || bytes === undefined) return undefined;
    return bytes.length > VALUE_PART_BYTES ? undefined : { type: 'value-part', hash, part, bytes };
  },
};
