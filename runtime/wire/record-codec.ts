import { KEY_BYTES_MAX, TTL_MS_MAX, UNIT_BYTES_MAX } from '../core/limits.ts';
import { isReservedKey } from '../core/reserved-keys.ts';
import { type AppValue, QUALITIES } from '../core/value.ts';
import { BOOT_MAX, bootOf, makeVersion, type Version } from '../core/version.ts';
import { PRIORITIES } from '../core/views.ts';
import { decodeCbor, toAppValue } from './cbor.ts';
import { CborWriter } from './cbor-writer.ts';
import { readUint32 } from './header.ts';
import { knownKey } from './known-names.ts';
import type { RecordBody } from './record.ts';
import { batchToMeta, largeToMeta, markOfKey, readBatch, readLarge } from './record-marks.ts';
import { asUint, asVersion, VERSION_MAX } from './schema.ts';
import { problemOfText } from './value-check.ts';

/** Keys of a record's meta map. */
const META_TTL = 1;
const META_UNIT = 2;
const META_DELETED = 3;
const META_PRIORITY = 4;
const META_UPTIME = 5;
const META_QUALITY = 6;
const META_GC = 7;
const META_BATCH = 8;
const META_LARGE = 9;

const SEQUENCE_MAX = 2 ** 32 - 1;

/** What a meta field means when it is absent. */
const PRIORITY_DEFAULT = 'normal';
const QUALITY_DEFAULT = 'good';

const NO_META: ReadonlyMap<unknown, unknown> = new Map();

const CONTROL = /\p{Cc}/u;
const encoder = new TextEncoder();

/** Encodes a record deterministically; its owner does so once. @throws RangeError where a field is out of its range. */
export function encodeRecord(body: RecordBody): Uint8Array {
  const { version, key, value } = body;
  if (!isRecordVersion(version))
    throw new RangeError(`version: expected boot and sequence from 1; got ${version}`);
  const meta = metaOf(body);
  const writer = new CborWriter();
  writer.array(meta.length === 0 ? 3 : 4);
  writer.uint(version);
  writer.text(key);
  writer.value(value);
  if (meta.length > 0) {
    writer.map(meta.length);
    for (const [number, field] of meta) {
      writer.uint(number);
      writer.value(field);
    }
  }
  return writer.finish();
}

/**
 * Decodes and validates a record. Meta keys that this version doesn't know are passed over: a relay passes the bytes on as they
 * came [P-4.2].
 * @returns undefined where it breaks the specification. Never throws.
 */
export function decodeRecord(bytes: Uint8Array): RecordBody | undefined {
  const decoded = decodeCbor(bytes);
  if (!('value' in decoded) || !Array.isArray(decoded.value)) return undefined;
  const [rawVersion, key, rawValue, rawMeta] = decoded.value as unknown[];
  const version = asVersion(rawVersion);
  const value = toAppValue(rawValue);
  if (version === undefined || !isRecordVersion(version) || value === undefined) return undefined;
  if (typeof key !== 'string' || problemOfKey(key) !== undefined) return undefined;
  const meta = rawMeta === undefined ? NO_META : rawMeta;
  if (!(meta instanceof Map)) return undefined;
  const fields = readMeta(meta);
  if (fields === undefined || (fields.deleted && value !== null)) return undefined;
  if (fields.batch !== undefined || fields.large !== undefined) {
    // What is the protocol's own is never held back.
    if (isReservedKey(key)) {
      delete fields.batch;
      delete fields.large;
    } else if (!areMarksTrue(version, key, value, fields)) return undefined;
  }
  return { version, key: knownKey(key), value, ...fields };
}

/** Whether the marks can be what they say: the place is within the batch and names this key, a value apart isn't here too. */
function areMarksTrue(
  version: Version,
  key: string,
  value: AppValue,
  { batch, large, deleted }: MetaFields,
): boolean {
  if (large !== undefined && (deleted || value !== null)) return false;
  if (batch === undefined) return true;
  return isRecordVersion(version - batch.index) && batch.members[batch.index] === markOfKey(key);
}

/**
 * The version that a record's bytes begin with, without looking at the rest: a cheap way to pass over what is known already.
 * Whatever is kept must go through `decodeRecord`.
 * @returns undefined where the bytes don't begin as a record does.
 */
export function peekVersion(bytes: Uint8Array): Version | undefined {
  // A record is an array of at least 3; its version is at least 2^32, so in shortest form it takes 9 bytes.
  if (bytes.length < 10 || bytes[0] < 0x83 || bytes[0] > 0x97 || bytes[1] !== 0x1b) return undefined;
  const boot = readUint32(bytes, 2);
  const sequence = readUint32(bytes, 6);
  // Boot and sequence both count from 1 [P-1.3, P-1.4].
  if (boot < 1 || boot > BOOT_MAX || sequence < 1) return undefined;
  return boot * 0x1_0000_0000 + sequence;
}

/**
 * Checks a record's key: 1 to 128 bytes of UTF-8 without control characters [P-5.1]. Reserved keys are not its business.
 * @returns what is wrong (`expected 1 to 128 bytes of UTF-8; got 200`), or undefined.
 */
export function problemOfKey(key: string): string | undefined {
  return problemOfName(key, 1, KEY_BYTES_MAX);
}

/** Checks a unit: up to 32 bytes of UTF-8 without control characters. @returns what is wrong, or undefined. */
export function problemOfUnit(unit: string): string | undefined {
  return problemOfName(unit, 0, UNIT_BYTES_MAX);
}

function problemOfName(text: string, min: number, max: number): string | undefined {
  if (text.length >= min && text.length <= max && isPrintableAscii(text)) return undefined;
  const problem = problemOfText(text, '');
  if (problem !== undefined) return problem.slice(2);
  if (CONTROL.test(text)) return 'expected no control characters; got one';
  const { length } = encoder.encode(text);
  return length >= min && length <= max
    ? undefined
    : `expected ${min} to ${max} bytes of UTF-8; got ${length}`;
}

/** Nearly all keys and units are: the full check costs more than the rest of a record's decoding. */
function isPrintableAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

/** Boot and sequence both count from 1 [P-1.3, P-1.4]. */
function isRecordVersion(version: Version): boolean {
  if (!(Number.isInteger(version) && version <= VERSION_MAX)) return false;
  const boot = bootOf(version);
  return boot >= 1 && version > makeVersion(boot, 0);
}

function metaOf(body: RecordBody): [number, AppValue][] {
  const meta: [number, AppValue][] = [];
  if (body.ttlMs !== undefined) meta.push([META_TTL, body.ttlMs]);
  if (body.unit !== undefined) meta.push([META_UNIT, body.unit]);
  if (body.deleted) meta.push([META_DELETED, true]);
  if (body.priority !== PRIORITY_DEFAULT) meta.push([META_PRIORITY, PRIORITIES.indexOf(body.priority)]);
  if (body.uptimeMs !== undefined) meta.push([META_UPTIME, body.uptimeMs]);
  if (body.quality !== QUALITY_DEFAULT) meta.push([META_QUALITY, QUALITIES.indexOf(body.quality)]);
  if (body.gcSequence !== undefined) meta.push([META_GC, body.gcSequence]);
  if (body.batch !== undefined) meta.push([META_BATCH, batchToMeta(body.batch)]);
  if (body.large !== undefined) meta.push([META_LARGE, largeToMeta(body.large)]);
  return meta;
}

function readMeta(meta: ReadonlyMap<unknown, unknown>): Mutable<MetaFields> | undefined {
  const fields: Mutable<MetaFields> = {
    deleted: false,
    priority: PRIORITY_DEFAULT,
    quality: QUALITY_DEFAULT,
  };
  for (const [key, raw] of meta)
    if (typeof key === 'string' || !readField(fields, key, raw)) return undefined;
  return fields;
}

/** @returns false where what stands under a key that this version knows isn't readable. */
function readField(fields: Mutable<MetaFields>, key: unknown, raw: unknown): boolean {
  switch (key) {
    case META_TTL: {
      const ttlMs = asUint(raw, TTL_MS_MAX);
      if (ttlMs === undefined || ttlMs < 1) return false;
      fields.ttlMs = ttlMs;
      return true;
    }
    case META_UNIT:
      if (typeof raw !== 'string' || problemOfUnit(raw) !== undefined) return false;
      fields.unit = raw;
      return true;
    case META_DELETED:
      fields.deleted = true;
      return raw === true;
    case META_PRIORITY: {
      const priority = PRIORITIES[asUint(raw, PRIORITIES.length - 1) ?? -1];
      if (priority === undefined) return false;
      fields.priority = priority;
      return true;
    }
    case META_UPTIME: {
      const uptimeMs = asUint(raw);
      if (uptimeMs === undefined) return false;
      fields.uptimeMs = uptimeMs;
      return true;
    }
    case META_QUALITY: {
      const quality = QUALITIES[asUint(raw, QUALITIES.length - 1) ?? -1];
      if (quality === undefined) return false;
      fields.quality = quality;
      return true;
    }
    case META_GC: {
      const gcSequence = asUint(raw, SEQUENCE_MAX);
      if (gcSequence === undefined) return false;
      fields.gcSequence = gcSequence;
      return true;
    }
    case META_BATCH:
      fields.batch = readBatch(raw);
      return fields.batch !== undefined;
    case META_LARGE:
      fields.large = readLarge(raw);
      return fields.large !== undefined;
    default:
      return true;
  }
}

type MetaFields = Omit<RecordBody, 'version' | 'key' | 'value'>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };
