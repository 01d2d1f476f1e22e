import { Decoder } from 'cbor-x/decode-no-eval';
import { type Decoded, decodeCbor } from '#runtime/wire/cbor.ts';
import { IntegralFloat } from '#runtime/wire/cbor-reader.ts';
import { gateCbor } from './cbor-gate.ts';

const decoder = new Decoder({ useRecords: false, mapsAsObjects: false });

/** What `decodeCbor` must make of bytes, by other means: a gate of its own and a library. Never throws for what the gate admits. */
export function twinDecode(bytes: Uint8Array): Decoded {
  const refusal = gateCbor(bytes);
  // A copy: the library hangs a view on what it is given.
  return refusal === undefined ? { value: comparable(decoder.decode(new Uint8Array(bytes))) } : { refusal };
}

/** What `decodeCbor` makes of bytes, with integral floats as plain numbers: the library can't tell them from integers. */
export function readerDecode(bytes: Uint8Array): Decoded {
  const decoded = decodeCbor(bytes);
  return 'value' in decoded ? { value: comparable(decoded.value) } : decoded;
}

/** With plain byte strings, and integers as `decodeCbor` gives them: the library has each of 8 bytes below 2^53 as a number, too. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof IntegralFloat) return value.value;
  if (Array.isArray(value)) return value.map(comparable);
  if (value instanceof Map)
    return new Map([...value].map(([key, item]) => [comparable(key), comparable(item)]));
  if (typeof value === 'bigint' && value < 2n ** 53n && value >= -(2n ** 53n)) return Number(value);
  return value;
}
