import { shortLivedBytes } from '../core/byte-pool.ts';
import { type NodeId, writeHex } from '../core/ids.ts';
import type { AppValue } from '../core/value.ts';

const MAJOR_UINT = 0;
const MAJOR_NEGATIVE = 1;
const MAJOR_BYTES = 2;
const MAJOR_TEXT = 3;
const MAJOR_ARRAY = 4;
const MAJOR_MAP = 5;

/** The largest magnitude up to which every integer is a number; beyond it integers travel as bigint [P-4.3]. */
export const INTEGER_MAX = 2 ** 53;
const UINT64_MAX = 2n ** 64n - 1n;
const INT64_MIN = -(2n ** 63n);

const encoder = new TextEncoder();

/**
 * Writes deterministic CBOR (RFC 8949 section 4.2.1): shortest forms, definite lengths, map keys in bytewise order. The buffer
 * grows as needed.
 */
export class CborWriter {
  #bytes: Uint8Array;
  #length = 0;

  /** @param capacity bytes to begin with. @param start bytes left free at the front, for a header written later. */
  constructor(capacity = 256, start = 0) {
    this.#bytes = shortLivedBytes(Math.max(capacity, start));
    this.#length = start;
  }

  /** Bytes written so far, the free front included. */
  get length(): number {
    return this.#length;
  }

  /** Takes back what was written after this length. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** A view of what was written from `start`: valid until the next write. */
  view(start = 0): Uint8Array {
    return this.#bytes.subarray(start, this.#length);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** @param value an integer from 0 to 2^53. */
  uint(value: number): void {
    if (!(value >= 0 && value <= INTEGER_MAX && Number.isInteger(value)))
      throw new RangeError(`expected an integer from 0 to 2^53; got ${value}`);
    this.#header(MAJOR_UINT, value);
  }

  /** @param value an integer from -2^53 to 2^53. */
  int(value: number): void {
    if (!(Math.abs(value) <= INTEGER_MAX && Number.isInteger(value)))
      throw new RangeError(`expected an integer of magnitude up to 2^53; got ${value}`);
    if (value >= 0) this.#header(MAJOR_UINT, value);
    else this.#header(MAJOR_NEGATIVE, -1 - value);
  }

  /** @param value from -2^63 to 2^64 - 1; the same bytes as `int` where that can hold it. */
  bigint(value: bigint): void {
    if (value > UINT64_MAX || value < INT64_MIN)
      throw new RangeError(`expected an integer from -2^63 to 2^64 - 1; got ${value}`);
    if (value <= BigInt(INTEGER_MAX) && value >= -BigInt(INTEGER_MAX)) {
      this.int(Number(value));
      return;
    }
    this.#reserve(9);
    this.#bytes[this.#length] = value < 0n ? (MAJOR_NEGATIVE << 5) | 27 : 27;
    const argument = value < 0n ? -1n - value : value;
    writeWord(this.#bytes, this.#length + 1, Number(argument >> 32n));
    writeWord(this.#bytes, this.#length + 5, Number(argument & 0xffff_ffffn));
    this.#length += 9;
  }

  /** An integral number of magnitude up to 2^53 as an integer (-0 excepted), else a float of 32 bits where it is exact, else 64. */
  number(value: number): void {
    if (!Number.isFinite(value)) throw new RangeError(`expected a finite number; got ${value}`);
    if (Number.isInteger(value) && Math.abs(value) <= INTEGER_MAX && !Object.is(value, -0)) {
      this.int(value);
      return;
    }
    this.#reserve(9);
    const at = this.#length;
    if (Math.fround(value) === value) {
      scratch.setFloat32(0, value);
      this.#bytes[at] = 0xfa;
      writeWord(this.#bytes, at + 1, scratch.getUint32(0));
      this.#length = at + 5;
    } else {
      scratch.setFloat64(0, value);
      this.#bytes[at] = 0xfb;
      writeWord(this.#bytes, at + 1, scratch.getUint32(0));
      writeWord(this.#bytes, at + 5, scratch.getUint32(4));
      this.#length = at + 9;
    }
  }

  bytes(value: Uint8Array): void {
    this.#header(MAJOR_BYTES, value.length);
    this.#raw(value);
  }

  /** A node id as its 16 bytes [P-1.2]. */
  nodeId(id: NodeId): void {
    if (id.length !== 32) throw new RangeError(`expected a node id of 32 hex digits; got ${id}`);
    this.#reserve(17);
    this.#bytes[this.#length] = (MAJOR_BYTES << 5) | 16;
    writeHex(id, this.#bytes, this.#length + 1);
    this.#length += 17;
  }

  text(value: string): void {
    const { length } = value;
    this.#reserve(length + 9);
    const start = this.#length;
    this.#header(MAJOR_TEXT, length);
    const at = this.#length;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) {
        const utf8 = encoder.encode(value);
        this.#length = start;
        this.#header(MAJOR_TEXT, utf8.length);
        this.#raw(utf8);
        return;
      }
      this.#bytes[at + i] = code;
    }
    this.#length = at + length;
  }

  /** Begins an array of `count` items; write them next. */
  array(count: number): void {
    this.#header(MAJOR_ARRAY, count);
  }

  /** Begins a map of `count` pairs; write key, value, key, value next, the keys in bytewise order of their encoding. */
  map(count: number): void {
    this.#header(MAJOR_MAP, count);
  }

  bool(value: boolean): void {
    this.#byte(value ? 0xf5 : 0xf4);
  }

  null(): void {
    this.#byte(0xf6);
  }

  /** Any application value; its maps with sorted keys. @throws RangeError for what `problemOfValue` names. */
  value(value: AppValue): void {
    if (typeof value === 'number') this.number(value);
    else if (typeof value === 'string') this.text(value);
    else if (typeof value === 'boolean') this.bool(value);
    else if (typeof value === 'bigint') this.bigint(value);
    else if (typeof value === 'object') this.#object(value);
    else throw new RangeError(`expected an application value; got ${typeof value}`);
  }

  #object(value: AppValue & (object | null)): void {
    if (value === null) this.null();
    else if (value instanceof Uint8Array) this.bytes(value);
    else if (Array.isArray(value)) {
      this.array(value.length);
      for (const item of value) this.value(item);
    } else {
      const map = value as { readonly [key: string]: AppValue };
      const keys = sortedKeys(map);
      this.map(keys.length);
      for (const key of keys) {
        this.text(key);
        this.value(map[key]);
      }
    }
  }

  #header(major: number, argument: number): void {
    this.#reserve(9);
    const bytes = this.#bytes;
    const at = this.#length;
    const type = major << 5;
    if (argument < 24) {
      bytes[at] = type | argument;
      this.#length = at + 1;
    } else if (argument < 0x100) {
      bytes[at] = type | 24;
      bytes[at + 1] = argument;
      this.#length = at + 2;
    } else if (argument < 0x1_0000) {
      bytes[at] = type | 25;
      bytes[at + 1] = argument >> 8;
      bytes[at + 2] = argument;
      this.#length = at + 3;
    } else if (argument < 0x1_0000_0000) {
      bytes[at] = type | 26;
      writeWord(bytes, at + 1, argument);
      this.#length = at + 5;
    } else {
      bytes[at] = type | 27;
      writeWord(bytes, at + 1, Math.floor(argument / 0x1_0000_0000));
      writeWord(bytes, at + 5, argument % 0x1_0000_0000);
      this.#length = at + 9;
    }
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  #raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = shortLivedBytes(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Where floats become bits: a view of the buffer for each writer would cost as much as a small datagram's whole encoding. */
const scratch = new DataView(new ArrayBuffer(8));

/** Four bytes, big-endian. */
function writeWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Bytes of an integer, or of the header of bytes, text, an array or a map with this length. */
export function sizeOfUint(value: number): number {
  if (value < 24) return 1;
  if (value < 0x100) return 2;
  if (value < 0x1_0000) return 3;
  return value < 0x1_0000_0000 ? 5 : 9;
}

/** Bytes of an integer of either sign. */
export function sizeOfInt(value: number): number {
  return sizeOfUint(value >= 0 ? value : -1 - value);
}

/** Bytes of a byte string with its header. */
export function sizeOfBytes(length: number): number {
  return sizeOfUint(length) + length;
}

/** The keys in bytewise order of their encoding: since the length stands in front, shorter ones first. */
function sortedKeys(map: object): string[] {
  const keys = Object.keys(map);
  if (keys.length < 2) return keys;
  const encoded = keys.map((key) => ({ key, utf8: encoder.encode(key) }));
  return encoded.sort((a, b) => compareBytes(a.utf8, b.utf8)).map(({ key }) => key);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}
