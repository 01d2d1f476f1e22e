import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TTL_MS_MAX } from '#runtime/core/limits.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { CborWriter } from '#runtime/wire/cbor-writer.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { decodeRecord, encodeRecord, peekVersion, problemOfKey } from '#runtime/wire/record-codec.ts';
import { recordOf } from '../../../support/wire.ts';

/** A record's CBOR as a careless peer might write it. */
function raw(items: readonly AppValue[], meta?: readonly [number | string, AppValue][]): Uint8Array {
  const writer = new CborWriter();
  writer.array(items.length + (meta === undefined ? 0 : 1));
  for (const item of items) writer.value(item);
  if (meta !== undefined) {
    writer.map(meta.length);
    for (const pair of meta) for (const part of pair) writer.value(part);
  }
  return writer.finish();
}

const VERSION = makeVersion(3, 9);

test('a record comes back as it was written, with and without each of its optional parts', () => {
  const records: RecordBody[] = [
    recordOf(),
    recordOf({ ttlMs: 1, unit: '°C', priority: 'urgent', uptimeMs: 12_345, quality: 'stale' }),
    recordOf({ deleted: true, value: null, priority: 'lazy', quality: 'sub' }),
    recordOf({ version: makeVersion(2 ** 20 - 1, 2 ** 32 - 1), ttlMs: TTL_MS_MAX, key: 'ü'.repeat(64) }),
  ];
  for (const record of records) assert.deepEqual(decodeRecord(encodeRecord(record)), record);
});

test('defaults take no bytes', () => {
  assert.equal(encodeRecord(recordOf())[0], 0x83);
  assert.equal(encodeRecord(recordOf({ quality: 'bad' }))[0], 0x84);
});

test('[P-4.2] further elements and unknown meta keys are passed over', () => {
  const later = raw(
    [VERSION, 'k', 1],
    [
      [2, 'W'],
      [99, 'later'],
    ],
  );
  assert.equal(decodeRecord(later)?.unit, 'W');
  assert.equal(decodeRecord(raw([VERSION, 'k', 1, {}, 'later']))?.key, 'k');
});

test('[P-1.4] a version needs a sequence from 1 and a boot from 1 to 2^20 - 1', () => {
  for (const version of [
    0,
    1,
    2 ** 32 - 1,
    makeVersion(3, 0),
    2 ** 52,
    2 ** 53,
    2n ** 63n,
    -1,
    1.5,
    'x',
    null,
  ])
    assert.equal(decodeRecord(raw([version, 'k', 1])), undefined, String(version));
  assert.ok(decodeRecord(raw([2 ** 52 - 1, 'k', 1])));
  assert.throws(() => encodeRecord(recordOf({ version: 5 })), /version: expected boot and sequence from 1/);
});

test('[P-5.1] a key is 1 to 128 bytes of UTF-8 without control characters', () => {
  for (const key of ['', 'x'.repeat(129), 'ü'.repeat(65), 'a\nb', 'a\u0085b', '\u007f', '\ufeffx'])
    assert.equal(decodeRecord(raw([VERSION, key, 1])), undefined, JSON.stringify(key));
  assert.equal(problemOfKey('battery/soc'), undefined);
  assert.equal(problemOfKey('x'.repeat(128)), undefined);
  assert.equal(problemOfKey('x'.repeat(200)), 'expected 1 to 128 bytes of UTF-8; got 200');
  assert.equal(problemOfKey('a\tb'), 'expected no control characters; got one');
  assert.equal(problemOfKey('\ud800'), 'expected well-formed Unicode; got a lone surrogate');
});

test('a meta field out of its range makes the record invalid', () => {
  const wrong: [number | string, AppValue][] = [
    [1, 0],
    [1, TTL_MS_MAX + 1],
    [1, '5'],
    [2, 'x'.repeat(33)],
    [2, 'a\u001b'],
    [2, 5],
    [3, false],
    [3, 1],
    [4, 3],
    [4, -1],
    [5, -1],
    [5, 2n ** 60n],
    [6, 4],
    [6, 0.5],
    ['unit', 'W'],
  ];
  for (const field of wrong)
    assert.equal(decodeRecord(raw([VERSION, 'k', null], [field])), undefined, String(field));
});

test('[P-4.6] within a value an integral float is its number, elsewhere it is no integer', () => {
  const record = (version: number[], value: number[], ttl: number[]) =>
    decodeRecord(Uint8Array.of(0x84, ...version, 0x61, 0x6b, ...value, 0xa1, 0x01, ...ttl));
  const integer = [0x1b, 0, 0, 0, 3, 0, 0, 0, 9];
  const floatOf = (value: number) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    return [0xfb, ...new Uint8Array(view.buffer)];
  };
  const read = record(integer, floatOf(5), [0x05]);
  assert.equal(read?.value, 5);
  assert.ok(Object.is(record(integer, floatOf(-0), [0x05])?.value, -0));
  assert.equal(record(floatOf(VERSION), [0x05], [0x05]), undefined);
  assert.equal(record(integer, [0x05], floatOf(5)), undefined);
});

test('a tombstone has no value', () => {
  assert.equal(decodeRecord(raw([VERSION, 'k', 1], [[3, true]])), undefined);
  assert.equal(decodeRecord(raw([VERSION, 'k', null], [[3, true]]))?.deleted, true);
});

test('what is no record at all is refused', () => {
  for (const value of [
    null,
    1,
    'x',
    [],
    [VERSION],
    [VERSION, 'k'],
    [VERSION, 5, 1],
    [VERSION, 'k', 1, 5],
    {},
  ])
    assert.equal(decodeRecord(rawValue(value as AppValue)), undefined);
});

function rawValue(value: AppValue): Uint8Array {
  const writer = new CborWriter();
  writer.value(value);
  return writer.finish();
}

test('a decoded record holds nothing of the bytes it came in', () => {
  const bytes = encodeRecord(recordOf({ value: { blob: Uint8Array.of(1, 2, 3) } }));
  const record = decodeRecord(bytes);
  bytes.fill(0);
  assert.deepEqual(record?.value, { blob: Uint8Array.of(1, 2, 3) });
});

test('the version can be read without decoding the rest, where the bytes begin as a record', () => {
  for (const version of [makeVersion(1, 1), VERSION, makeVersion(2 ** 20 - 1, 2 ** 32 - 1)]) {
    assert.equal(peekVersion(encodeRecord(recordOf({ version }))), version);
    assert.equal(peekVersion(encodeRecord(recordOf({ version, ttlMs: 5 }))), version);
  }
  const wrong = [
    [],
    [VERSION],
    [makeVersion(3, 0), 'k', 1],
    [7, 'k', 1],
    [2 ** 52, 'k', 1],
    ['k', 'k', 'kkkkkkkkkkkk'],
  ];
  for (const items of wrong) assert.equal(peekVersion(raw(items)), undefined, String(items));
  assert.equal(peekVersion(encodeRecord(recordOf()).subarray(0, 9)), undefined);
});
