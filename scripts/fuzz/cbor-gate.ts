import { CBOR_DEPTH_MAX, CBOR_ITEMS_MAX } from '#runtime/core/limits.ts';

/**
 * The readable twin of what `CborReader` checks, which makes no values: bytes that pass are CBOR within the bounds of [P-4.1], and a
 * general decoder may be let loose on them. The two are held against each other.
 * @returns why the bytes are refused, in the words of `CborReader`, or undefined. Never throws.
 */
export function gateCbor(bytes: Uint8Array): string | undefined {
  return gateWith(new Gate(bytes, false), bytes.length);
}

/**
 * The same for signed objects [P-11.1, P-11.13]: COSE's keys may be negative integers, and must be in bytewise order, and there are no
 * floats, so that of two encodings of one thing never both are valid.
 */
export function gateSignedCbor(bytes: Uint8Array): string | undefined {
  return gateWith(new Gate(bytes, true), bytes.length);
}

function gateWith(gate: Gate, length: number): string | undefined {
  const refusal = gate.item(0);
  if (refusal !== undefined) return refusal;
  return gate.position === length ? undefined : 'bytes after the end';
}

class Gate {
  position = 0;
  readonly #bytes: Uint8Array;
  readonly #signed: boolean;
  #items = 0;
  #argument = 0;

  constructor(bytes: Uint8Array, signed: boolean) {
    this.#bytes = bytes;
    this.#signed = signed;
  }

  /** Checks one data item with all that it contains; `depth` counts the arrays and maps around it. */
  item(depth: number): string | undefined {
    if (this.position >= this.#bytes.length) return 'truncated';
    if (++this.#items > CBOR_ITEMS_MAX) return 'too many items';
    const initial = this.#bytes[this.position++];
    const major = initial >> 5;
    if (major === 7) return this.#simple(initial & 31);
    if (major === 6) return 'tag';
    const refusal = this.#readArgument(initial & 31);
    if (refusal !== undefined || major < 2) return refusal;
    if (this.#argument > this.#bytes.length - this.position) return 'truncated';
    if (major === 2) {
      this.position += this.#argument;
      return undefined;
    }
    if (major === 3) return this.#text(this.#argument);
    if (depth === CBOR_DEPTH_MAX) return 'too deep';
    return major === 4 ? this.#array(this.#argument, depth) : this.#map(this.#argument, depth);
  }

  #array(count: number, depth: number): string | undefined {
    for (let i = 0; i < count; i++) {
      const refusal = this.item(depth + 1);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  #map(count: number, depth: number): string | undefined {
    const bytes = this.#bytes;
    // Keys in shortest form are equal where their bytes are. While they ascend, as encoders of ours write them, none repeats.
    const keys: Uint8Array[] = [];
    let ascending = true;
    for (let i = 0; i < count; i++) {
      const start = this.position;
      const major = start < bytes.length ? bytes[start] >> 5 : 0;
      if (major !== 0 && major !== 3 && !(this.#signed && major === 1))
        return 'map key is no unsigned integer or text';
      const refusal = this.item(depth + 1);
      if (refusal !== undefined) return refusal;
      const key = bytes.subarray(start, this.position);
      ascending &&= i === 0 || isBefore(keys[i - 1], key);
      keys.push(key);
      const inValue = this.item(depth + 1);
      if (inValue !== undefined) return inValue;
    }
    if (ascending) return undefined;
    if (this.#signed) return 'map keys not in order';
    const distinct = new Set(keys.map((key) => String.fromCharCode(...key)));
    return distinct.size === count ? undefined : 'duplicate map key';
  }

  #readArgument(info: number): string | undefined {
    const bytes = this.#bytes;
    if (info < 24) {
      this.#argument = info;
      return undefined;
    }
    if (info > 27) return info === 31 ? 'indefinite length' : 'reserved length';
    const width = 1 << (info - 24);
    const at = this.position;
    if (bytes.length - at < width) return 'truncated';
    this.position = at + width;
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + bytes[at + i];
    this.#argument = value;
    return value < SHORTEST_FROM[info - 24] ? 'not in shortest form' : undefined;
  }

  #simple(info: number): string | undefined {
    if (info === 20 || info === 21 || info === 22) return undefined;
    if (info < 25 || info > 27) return info === 31 ? 'break' : 'simple value';
    if (this.#signed) return 'float';
    const bytes = this.#bytes;
    const at = this.position;
    const width = 1 << (info - 24);
    if (bytes.length - at < width) return 'truncated';
    this.position = at + width;
    return isFiniteFloat(info, bytes[at], bytes[at + 1]) ? undefined : 'float not finite';
  }

  #text(length: number): string | undefined {
    const bytes = this.#bytes;
    const start = this.position;
    const end = start + length;
    this.position = end;
    for (let at = start; at < end; at++) {
      if (bytes[at] >= 0x80) return checkUtf8(bytes, start, end);
    }
    return undefined;
  }
}

/** The least argument that needs 1, 2, 4 or 8 bytes. */
const SHORTEST_FROM: readonly number[] = [24, 0x100, 0x1_0000, 0x1_0000_0000];

/** A float isn't finite where all bits of its exponent are set: 5, 8 or 11 of them after the sign. */
function isFiniteFloat(info: number, first: number, second: number): boolean {
  if (info === 25) return (first & 0x7c) !== 0x7c;
  if ((first & 0x7f) !== 0x7f) return true;
  return info === 26 ? (second & 0x80) === 0 : (second & 0xf0) !== 0xf0;
}

/**
 * Well-formed UTF-8 (RFC 3629 section 4): no overlong forms, no surrogates, nothing above U+10FFFF. A byte order mark in front
 * is refused too, because text decoders may strip it, and then two different texts look the same.
 */
function checkUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf)
    return 'text begins with a byte order mark';
  let at = start;
  while (at < end) {
    const width = utf8Width(bytes, at, end);
    if (width === 0) return 'text is not UTF-8';
    at += width;
  }
  return undefined;
}

/** Bytes of the character at `at`, or 0 where it isn't one. */
function utf8Width(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at];
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const width = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + width > end) return 0;
  for (let i = 1; i < width; i++) if ((bytes[at + i] & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1];
  if (lead === 0xe0 && second < 0xa0) return 0;
  if (lead === 0xed && second > 0x9f) return 0;
  if (lead === 0xf0 && second < 0x90) return 0;
  if (lead === 0xf4 && second > 0x8f) return 0;
  return width;
}

/** Bytewise lexicographic order (RFC 8949 section 4.2.1). */
function isBefore(a: Uint8Array, b: Uint8Array): boolean {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] < b[i];
  return a.length < b.length;
}
