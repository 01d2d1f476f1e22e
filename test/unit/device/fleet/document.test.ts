import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  asksTheSame,
  compareDocuments,
  decodeDocument,
  documentFromJson,
  documentToJson,
  documentToValue,
  encodeDocument,
  type FleetDocument,
  nameOf,
} from '#device/fleet/document.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { decodeCbor, encodeValue, toAppValue } from '#runtime/wire/cbor.ts';

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);
const document = (values: Partial<FleetDocument> = {}): FleetDocument => ({
  counter: 12,
  setter: A,
  config: { preset: 'radio', settings: { fanOut: 3 }, mqtt: { keys: ['a', 'b'] } },
  stage: null,
  takesBack: null,
  ...values,
});

const read = (bytes: Uint8Array): AppValue => {
  const decoded = decodeCbor(bytes);
  return ('value' in decoded ? toAppValue(decoded.value) : undefined) ?? null;
};

const anyDocument = fc.record(
  {
    counter: fc.integer({ min: 1, max: 5 }),
    setter: fc.constantFrom(A, B),
    config: fc.constantFrom('lan', 'wan').map((preset) => ({ preset, settings: { fanOut: 3 } })),
    stage: fc.constantFrom(null, { nodes: [B], tags: { role: 'canary' }, lotMax: 7 }),
    takesBack: fc.constantFrom(null, `3/${A}`),
  },
  { noNullPrototype: true },
);

describe('a document of the fleet', () => {
  test('is the same after a journey as a record and as a file', () => {
    fc.assert(
      fc.property(anyDocument, (one) => {
        const bytes = encodeDocument(one);
        assert.deepEqual(decodeDocument(read(bytes), one.setter), one);
        assert.deepEqual(documentFromJson(JSON.parse(JSON.stringify(documentToJson(one)))), one);
      }),
    );
  });

  test('has one order everywhere: counter, then setter, then content', () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, anyDocument, (a, b, c) => {
        const sign = (x: FleetDocument, y: FleetDocument) => Math.sign(compareDocuments(x, y));
        assert.equal(sign(a, b), -sign(b, a) + 0);
        if (sign(a, b) > 0 && sign(b, c) > 0) assert.equal(sign(a, c), 1);
        if (a.counter !== b.counter) assert.equal(sign(a, b), Math.sign(a.counter - b.counter));
      }),
    );
    assert.ok(compareDocuments(document({ setter: B }), document()) > 0);
    assert.ok(compareDocuments(document({ counter: 13 }), document({ setter: B })) > 0);
  });

  test('asks for the same whatever the order of its keys', () => {
    assert.ok(
      asksTheSame({ preset: 'lan', log: { level: 'warn' } }, { log: { level: 'warn' }, preset: 'lan' }),
    );
    assert.ok(!asksTheSame({ preset: 'lan' }, { preset: 'wan' }));
  });

  test('is named so that people tell operators apart', () => {
    assert.equal(nameOf(document()), '12/aaaaaaaa');
  });

  test('is none where its record holds something else', () => {
    const value = documentToValue(document()) as Record<string, unknown>;
    for (const wrong of [
      null,
      7,
      new Uint8Array(3),
      [],
      { ...value, counter: 0 },
      { ...value, counter: 2 ** 32 },
      { ...value, counter: 1.5 },
      { ...value, config: 'lan' },
      { ...value, config: { a: new Uint8Array(1) } },
      { ...value, config: { a: 2n ** 60n } },
      { ...value, config: { a: -0 } },
      { ...value, stage: 7 },
      { ...value, stage: { nodes: ['x'] } },
      { ...value, stage: { lotMax: -1 } },
    ])
      assert.equal(
        decodeDocument(wrong as never, A),
        undefined,
        String(JSON.stringify(wrong, (_, v) => (typeof v === 'bigint' ? 'big' : v))),
      );
  });

  test('may hold more than this version knows, beside its settings', () => {
    const later = { ...(documentToValue(document()) as object), note: 'of a later version' };
    assert.deepEqual(decodeDocument(read(encodeValue(later as AppValue)), A), document());
  });
});
