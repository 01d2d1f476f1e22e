import { VALUE_DEPTH_MAX } from './limits.ts';
import type { AppValue } from './value.ts';

/** Anything that JSON can say. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export interface ValueToJsonOptions {
  /** `plain` (default): it is 0, as `JSON.stringify` writes it anyway. `marked`: `{"$float":"-0"}`, which comes back exactly. */
  readonly negativeZero?: 'plain' | 'marked';
}

/** What `valueFromJson` found: a value, or what is wrong and where (`value.a[2]: expected a finite number; got Infinity`). */
export type ValueFromJson =
  | { readonly value: AppValue; readonly problem?: undefined }
  | { readonly problem: string };

/** A map whose only key is one of these stands for something that JSON has no word for. */
const MARKS: ReadonlySet<string> = new Set(['$bytes', '$int', '$float', '$map']);
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const SHOWN_CHARS_MAX = 40;

/**
 * An application value as JSON: bytes are `{"$bytes": base64}`, integers beyond 2^53 `{"$int": decimal}`. A map whose only
 * key is a mark is wrapped as `{"$map": {...}}`, so that what goes out comes back the same. NaN and infinities, which no
 * record holds, are null.
 */
export function valueToJson(value: AppValue, options: ValueToJsonOptions = {}): JsonValue {
  if (typeof value === 'bigint') return isSafe(value) ? Number(value) : { $int: value.toString() };
  if (typeof value === 'number') return numberToJson(value, options);
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Uint8Array) return { $bytes: toBase64(value) };
  if (isList(value)) return value.map((item) => valueToJson(item, options));
  // `fromEntries` defines own properties, so a key called `__proto__` stays plain data.
  const map = Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, valueToJson(item, options)]),
  );
  return markOf(map) === undefined ? map : { $map: map };
}

/**
 * The application value that parsed JSON means; bigints, which a parser may have made of long digits, are integers. Never
 * throws: numbers beyond the range of a double (`1e999`), more than `VALUE_DEPTH_MAX` arrays and maps around each other,
 * and malformed marks are problems.
 * @param place how the value is called in a problem.
 */
export function valueFromJson(json: unknown, place = 'value'): ValueFromJson {
  const value = read(json, place, 0);
  return value instanceof Problem ? { problem: value.text } : { value };
}

class Problem {
  readonly text: string;

  constructor(place: string, expected: string, got: string) {
    this.text = `${place}: expected ${expected}; got ${got}`;
  }
}

function read(json: unknown, place: string, depth: number): AppValue | Problem {
  switch (typeof json) {
    case 'boolean':
    case 'string':
      return json;
    case 'number':
      return Number.isFinite(json) ? json : new Problem(place, 'a finite number', String(json));
    case 'bigint':
      return checkedInteger(json, place);
    case 'object':
      return json === null ? null : readObject(json, place, depth);
    default:
      return new Problem(place, 'a JSON value', typeof json);
  }
}

function readObject(json: object, place: string, depth: number): AppValue | Problem {
  const map = json as Readonly<Record<string, unknown>>;
  const mark = Array.isArray(json) ? undefined : markOf(map);
  if (mark === '$bytes') return readBytes(map.$bytes, place);
  if (mark === '$int') return readInteger(map.$int, place);
  if (mark === '$float') {
    return map.$float === '-0' ? -0 : new Problem(place, '"-0" in $float', shown(map.$float));
  }
  if (depth === VALUE_DEPTH_MAX) {
    return new Problem(place, `at most ${VALUE_DEPTH_MAX} arrays and objects around each other`, 'more');
  }
  if (Array.isArray(json)) return readList(json, place, depth + 1);
  if (mark !== '$map') return readMap(map, place, depth + 1);
  const inner = map.$map;
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner)
    ? readMap(inner, place, depth + 1)
    : new Problem(place, 'an object in $map', shown(inner));
}

function readList(list: readonly unknown[], place: string, depth: number): AppValue | Problem {
  const values: AppValue[] = [];
  for (let i = 0; i < list.length; i++) {
    const value = read(list[i], `${place}[${i}]`, depth);
    if (value instanceof Problem) return value;
    values.push(value);
  }
  return values;
}

function readMap(map: object, place: string, depth: number): AppValue | Problem {
  const entries: [string, AppValue][] = [];
  for (const [key, item] of Object.entries(map)) {
    const at = /^[A-Za-z_$][\w$]*$/.test(key) ? `${place}.${key}` : `${place}[${shown(key)}]`;
    const value = read(item, at, depth);
    if (value instanceof Problem) return value;
    entries.push([key, value]);
  }
  return Object.fromEntries(entries);
}

function readBytes(text: unknown, place: string): Uint8Array | Problem {
  if (typeof text !== 'string' || !BASE64.test(text))
    return new Problem(place, 'base64 in $bytes', shown(text));
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function readInteger(text: unknown, place: string): number | bigint | Problem {
  if (typeof text !== 'string' || !/^-?\d{1,20}$/.test(text)) {
    return new Problem(place, 'decimal digits as text in $int', shown(text));
  }
  return checkedInteger(BigInt(text), place);
}

function checkedInteger(integer: bigint, place: string): number | bigint | Problem {
  if (integer < -(2n ** 63n) || integer >= 2n ** 64n) {
    return new Problem(place, 'an integer from -2^63 to 2^64 - 1', shown(integer));
  }
  return isSafe(integer) ? Number(integer) : integer;
}

function numberToJson(value: number, { negativeZero }: ValueToJsonOptions): JsonValue {
  if (!Number.isFinite(value)) return null;
  if (!Object.is(value, -0)) return value;
  return negativeZero === 'marked' ? { $float: '-0' } : 0;
}

function markOf(map: Readonly<Record<string, unknown>>): string | undefined {
  const [first, second] = Object.keys(map);
  return first !== undefined && second === undefined && MARKS.has(first) ? first : undefined;
}

function isList(value: AppValue): value is readonly AppValue[] {
  return Array.isArray(value);
}

function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** A short form for people, of whatever a stranger sent. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}...` : text;
}
