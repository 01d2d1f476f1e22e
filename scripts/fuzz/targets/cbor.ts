import { isDeepStrictEqual } from 'node:util';
import { CBOR_DEPTH_MAX, CBOR_ITEMS_MAX } from '#runtime/core/limits.ts';
import { decodeCbor, decodeSignedCbor, encodeValue, problemOfValue, toAppValue } from '#runtime/wire/cbor.ts';
import { canonicalBytes } from '../canonical.ts';
import { gateSignedCbor } from '../cbor-gate.ts';
import { readerDecode, twinDecode } from '../cbor-twin.ts';
import type { FuzzTarget } from '../contract.ts';
import { promise } from '../contract.ts';
import { hexOf } from '../fixtures.ts';

const seeds = () => [
  ...hexOf('cbor-valid.json', 'bytes').filter((bytes) => bytes.length < 1_400),
  ...hexOf('cbor-invalid.json', 'bytes').filter((bytes) => bytes.length < 1_400),
  ...hexOf('bodies.json', 'body'),
  ...hexOf('records.json', 'record'),
];

/** The reader of everything that is CBOR, beside a twin made of a checker of its own and a library. */
export const cbor: FuzzTarget = {
  name: 'cbor',
  about: 'the CBOR reader, beside its twin; application values there and back',
  shape: 'cbor',
  bytesMax: 1_400,
  weight: 25,
  reaches: [
    'value',
    'no application value',
    'truncated',
    'tag',
    'too deep',
    'duplicate map key',
    'float not finite',
  ],
  seeds,
  prepare: () => (input) => {
    const before = input.slice();
    const decoded = decodeCbor(input);
    promise(isDeepStrictEqual(readerDecode(input), twinDecode(input)), 'reader and twin disagree');
    promise(isDeepStrictEqual(input, before), 'the reader changes its input');
    if ('refusal' in decoded) return decoded.refusal;
    checkBounds(decoded.value);
    const value = toAppValue(decoded.value);
    if (value === undefined) return 'no application value';
    const problem = problemOfValue(value);
    if (problem !== undefined) return 'beyond a record';
    const encoded = encodeValue(value);
    const again = decodeCbor(encoded);
    promise('value' in again, 'encoded, but not decodable');
    promise(isDeepStrictEqual(toAppValue(again.value), value), 'a value changes on its way');
    promise(isDeepStrictEqual(encodeValue(value), encoded), 'two encodings of one value');
    return 'value';
  },
};

/** The same by the rules of signed objects: whatever is accepted has this one encoding. */
export const signedCbor: FuzzTarget = {
  name: 'signed-cbor',
  about: 'the CBOR reader of signed objects: nothing has two encodings',
  shape: 'cbor',
  bytesMax: 1_200,
  weight: 30,
  reaches: ['value', 'map keys not in order', 'float', 'not in shortest form'],
  seeds: () => [
    ...seeds().filter(({ length }) => length < 1_200),
    ...hexOf('certificates.json', 'chain', 'roots', 'revocations'),
    ...hexOf('statements.json', 'object'),
  ],
  prepare: () => (input) => {
    const decoded = decodeSignedCbor(input);
    const gate = gateSignedCbor(input);
    const refusal = 'refusal' in decoded ? decoded.refusal : undefined;
    promise(gate === refusal, `reader says ${refusal}, its twin ${gate}`);
    if ('refusal' in decoded) return decoded.refusal;
    checkBounds(decoded.value);
    promise(
      isDeepStrictEqual(canonicalBytes(decoded.value), new Uint8Array(input)),
      'two encodings of one thing',
    );
    return 'value';
  },
};

function checkBounds(root: unknown): void {
  let items = 0;
  const walk = (item: unknown, depth: number): void => {
    items++;
    promise(depth <= CBOR_DEPTH_MAX, 'deeper than allowed');
    if (Array.isArray(item)) for (const each of item) walk(each, depth + 1);
    else if (item instanceof Map)
      for (const [key, each] of item) {
        items++;
        promise(['string', 'number', 'bigint'].includes(typeof key), 'a key of another kind');
        walk(each, depth + 1);
      }
    else if (typeof item === 'number') promise(Number.isFinite(item), 'a number that is none');
  };
  walk(root, 0);
  promise(items <= CBOR_ITEMS_MAX, 'more items than allowed');
}
