import type { AppValue } from '../core/value.ts';
import { CborReader, IntegralFloat } from './cbor-reader.ts';
import { CborWriter, INTEGER_MAX } from './cbor-writer.ts';

export { problemOfValue } from './value-check.ts';

/**
 * What stands in bytes: maps as `Map`, integers beyond 2^53 as bigint, integral floats as `IntegralFloat`, byte strings as views of the
 * input; or why they were refused.
 */
export type Decoded = { readonly value: unknown } | { readonly refusal: string };

/**
 * Decodes bytes from outside. Maps become `Map`: an object can't tell the key 1 from "1", and `__proto__` is no ordinary name in
 * it. The result is raw: take it apart with `schema.ts` and `toAppValue`, which copy what they keep. Never throws.
 */
export function decodeCbor(bytes: Uint8Array): Decoded {
  return decodeBy(new CborReader(bytes));
}

/** The same for signed objects, whose maps may have negative keys and are in order, and which hold no floats [P-11.1, P-11.13]. */
export function decodeSignedCbor(bytes: Uint8Array): Decoded {
  return decodeBy(new CborReader(bytes, { signed: true }));
}

function decodeBy(reader: CborReader): Decoded {
  const value = reader.read();
  return reader.refusal === undefined ? { value } : { refusal: reader.refusal };
}

/** The deterministic CBOR of an application value [P-4.3]. @throws RangeError for what `problemOfValue` names. */
export function encodeValue(value: AppValue): Uint8Array {
  const writer = new CborWriter();
  writer.value(value);
  return writer.finish();
}

/**
 * Turns a decoded item into an application value: bytes copied, integers up to 2^53 as number and beyond as bigint, maps as
 * objects. A text key `__proto__` becomes an ordinary own property, as `JSON.parse` does it.
 * @returns undefined where it isn't one: a map with an integer key, an integer below -2^63.
 */
export function toAppValue(raw: unknown): AppValue | undefined {
  switch (typeof raw) {
    case 'bigint':
      return normalInteger(raw);
    case 'object':
      if (raw === null) return null;
      if (raw instanceof Uint8Array) return new Uint8Array(raw);
      if (raw instanceof Map) return objectOf(raw);
      return raw instanceof IntegralFloat ? raw.value : arrayOf(raw);
    case 'undefined':
      return undefined;
    default:
      return raw as AppValue;
  }
}

function normalInteger(raw: bigint): AppValue | undefined {
  if (raw <= BigInt(INTEGER_MAX) && raw >= -BigInt(INTEGER_MAX)) return Number(raw);
  return raw >= -(2n ** 63n) ? raw : undefined;
}

function arrayOf(raw: object): AppValue | undefined {
  if (!Array.isArray(raw)) return undefined;
  const items: AppValue[] = [];
  for (const rawItem of raw) {
    const item = toAppValue(rawItem);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

function objectOf(raw: ReadonlyMap<unknown, unknown>): AppValue | undefined {
  const object: Record<string, AppValue> = {};
  for (const [key, rawValue] of raw) {
    const value = toAppValue(rawValue);
    if (typeof key !== 'string' || value === undefined) return undefined;
    if (key === '__proto__')
      Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
    else object[key] = value;
  }
  return object;
}
