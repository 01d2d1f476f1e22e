import { CBOR_DEPTH_MAX, CBOR_ITEMS_MAX } from '../core/limits.ts';
import { readText } from './cbor-text.ts';

/**
 * A float that is integral, which no encoder of ours writes: within an application value it is the number [P-4.3], where the protocol
 * wants an integer it is none [P-4.6].
 */
export class IntegralFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Stands for "no value": why is in `refusal`. */
const REFUSED = Symbol('refused');

/**
 * Reads the CBOR of [P-4.1] and nothing else, in one walk that checks each byte before it makes a value of it: no tags, no
 * indefinite lengths, shortest forms, bounded depth and number of items, UTF-8, distinct map keys, no float but a finite one. It
 * takes linear time, and memory by the length of the input: an item takes at least a byte, and room is made in advance for few.
 */
export class CborReader {
  /** Why the bytes were refused, once `read` has said so. */
  refusal: string | undefined = undefined;
  readonly #bytes: Uint8Array;
  readonly #signed: boolean;
  #position = 0;
  #items = 0;

  /**
   * @param options.signed the bytes are a signed object [P-11.1]: COSE's keys may be negative integers, and must be in bytewise order,
   * so that of two encodings of one thing never both are valid. Floats, of which each has several, it has none.
   */
  constructor(bytes: Uint8Array, { signed = false }: { readonly signed?: boolean } = {}) {
    this.#bytes = bytes;
    this.#signed = signed;
  }

  /**
   * The one data item that the bytes are: integers from -2^53 to 2^53 - 1 as number and others as bigint, floats as number or
   * `IntegralFloat`, bytes as plain views of the input, maps as `Map`. @returns undefined where they are refused; no item is undefined. Never throws.
   */
  read(): unknown {
    const value = this.#item(0);
    if (value === REFUSED) return undefined;
    if (this.#position === this.#bytes.length) return value;
    this.refusal = 'bytes after the end';
    return undefined;
  }

  /** One data item with all that it contains; `depth` counts the arrays and maps around it. */
  #item(depth: number): unknown {
    const bytes = this.#bytes;
    if (this.#position >= bytes.length) return this.#refuse('truncated');
    if (++this.#items > CBOR_ITEMS_MAX) return this.#refuse('too many items');
    const initial = bytes[this.#position++];
    const major = initial >> 5;
    if (major === 7) return this.#simple(initial & 31);
    if (major === 6) return this.#refuse('tag');
    const argument = this.#argument(initial & 31);
    if (argument < 0) return REFUSED;
    if (major < 2) return argument >= INTEGER_END ? this.#big(major) : major === 0 ? argument : -1 - argument;
    if (argument > bytes.length - this.#position) return this.#refuse('truncated');
    if (major === 2) return this.#byteString(argument);
    if (major === 3) return this.#text(argument);
    if (depth === CBOR_DEPTH_MAX) return this.#refuse('too deep');
    return major === 4 ? this.#array(argument, depth + 1) : this.#map(argument, depth + 1);
  }

  #array(count: number, depth: number): unknown {
    // Short ones to measure: a list that grows makes room for sixteen more.
    const items = new Array<unknown>(Math.min(count, ROOM_MAX));
    for (let i = 0; i < count; i++) {
      const item = this.#item(depth);
      if (item === REFUSED) return REFUSED;
      items[i] = item;
    }
    return items;
  }

  /** Keys in shortest form and well-formed text are equal exactly where their values are. */
  #map(count: number, depth: number): unknown {
    const bytes = this.#bytes;
    const map = new Map<unknown, unknown>();
    let last: Uint8Array | undefined;
    let inOrder = true;
    for (let i = 0; i < count; i++) {
      const start = this.#position;
      const major = start < bytes.length ? bytes[start] >> 5 : 0;
      if (major !== 0 && major !== 3 && !(this.#signed && major === 1))
        return this.#refuse('map key is no unsigned integer or text');
      const key = this.#item(depth);
      if (key === REFUSED) return REFUSED;
      if (this.#signed) {
        const keyBytes = bytes.subarray(start, this.#position);
        inOrder &&= last === undefined || isBefore(last, keyBytes);
        last = keyBytes;
      }
      const value = this.#item(depth);
      if (value === REFUSED) return REFUSED;
      map.set(key, value);
    }
    if (!inOrder) return this.#refuse('map keys not in order');
    return map.size === count ? map : this.#refuse('duplicate map key');
  }

  /** @returns -1 where it is refused; above 2^53 it is rounded. */
  #argument(info: number): number {
    if (info < 24) return info;
    const bytes = this.#bytes;
    const at = this.#position;
    const left = bytes.length - at;
    if (info === 24) {
      if (left < 1) return this.#noArgument('truncated');
      this.#position = at + 1;
      return bytes[at] >= 24 ? bytes[at] : this.#noArgument(NOT_SHORTEST);
    }
    if (info === 25) {
      if (left < 2) return this.#noArgument('truncated');
      this.#position = at + 2;
      const value = (bytes[at] << 8) | bytes[at + 1];
      return value >= 0x100 ? value : this.#noArgument(NOT_SHORTEST);
    }
    if (info > 27) return this.#noArgument(info === 31 ? 'indefinite length' : 'reserved length');
    const width = info === 26 ? 4 : 8;
    if (left < width) return this.#noArgument('truncated');
    this.#position = at + width;
    const first = word(bytes, at);
    if (info === 26) return first >= 0x1_0000 ? first : this.#noArgument(NOT_SHORTEST);
    return first >= 1 ? first * 0x1_0000_0000 + word(bytes, at + 4) : this.#noArgument(NOT_SHORTEST);
  }

  /** The integer of 2^53 or more, or below -2^53, whose 8 bytes end here. */
  #big(major: number): bigint {
    const at = this.#position - 8;
    const argument = (BigInt(word(this.#bytes, at)) << 32n) | BigInt(word(this.#bytes, at + 4));
    return major === 0 ? argument : -1n - argument;
  }

  #byteString(length: number): Uint8Array {
    const { buffer, byteOffset } = this.#bytes;
    const start = this.#position;
    this.#position = start + length;
    return new Uint8Array(buffer, byteOffset + start, length);
  }

  #text(length: number): unknown {
    const start = this.#position;
    this.#position = start + length;
    const text = readText(this.#bytes, start, start + length);
    return typeof text === 'string' ? text : this.#refuse(text.refusal);
  }

  #simple(info: number): unknown {
    if (info === 20) return false;
    if (info === 21) return true;
    if (info === 22) return null;
    if (info < 25 || info > 27) return this.#refuse(info === 31 ? 'break' : 'simple value');
    if (this.#signed) return this.#refuse('float');
    const bytes = this.#bytes;
    const at = this.#position;
    const width = 1 << (info - 24);
    if (bytes.length - at < width) return this.#refuse('truncated');
    this.#position = at + width;
    const value =
      info === 25
        ? halfOf((bytes[at] << 8) | bytes[at + 1])
        : info === 26
          ? singleOf(word(bytes, at))
          : doubleOf(word(bytes, at), word(bytes, at + 4));
    if (!Number.isFinite(value)) return this.#refuse('float not finite');
    return Number.isInteger(value) ? new IntegralFloat(value) : value;
  }

  #refuse(why: string): typeof REFUSED {
    this.refusal = why;
    return REFUSED;
  }

  #noArgument(why: string): -1 {
    this.refusal = why;
    return -1;
  }
}

/** Items of an array that room is made for before they are read. */
const ROOM_MAX = 32;

/** From here on a number may stand for several integers. */
const INTEGER_END = 2 ** 53;

const NOT_SHORTEST = 'not in shortest form';

/** The bytewise order of encoded keys (RFC 8949 section 4.2.1). */
function isBefore(a: Uint8Array, b: Uint8Array): boolean {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] < b[i];
  return a.length < b.length;
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/** Where bits become floats: a view of its own for each would cost more than all the rest. */
const scratch = new DataView(new ArrayBuffer(8));

function singleOf(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}

function doubleOf(high: number, low: number): number {
  scratch.setUint32(0, high);
  scratch.setUint32(4, low);
  return scratch.getFloat64(0);
}

/** A half-precision float (IEEE 754 binary16). */
function halfOf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  const magnitude =
    exponent === 31
      ? fraction === 0
        ? Number.POSITIVE_INFINITY
        : Number.NaN
      : exponent === 0
        ? fraction * 2 ** -24
        : (1_024 + fraction) * 2 ** (exponent - 25);
  return bits >= 0x8000 ? -magnitude : magnitude;
}
