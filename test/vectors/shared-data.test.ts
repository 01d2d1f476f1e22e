import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { valueFromJson, valueToJson } from '#runtime/core/value-json.ts';
import { crdtType, type OpaqueState } from '#runtime/data/crdt/crdt-key.ts';
import { CRDT_TYPE_NAMES, type CrdtTypeName } from '#runtime/data/crdt/type-names.ts';
import { joinAll, orderKey } from '#runtime/data/crdt/value-order.ts';
import { decodeCbor, encodeValue, toAppValue } from '#runtime/wire/cbor.ts';
import type { SharedDataVectors } from '../../scripts/vectors/shape.ts';
import { readCbor } from './independent.ts';
import { encode, joinSlots } from './independent-shared.ts';

const VECTORS = JSON.parse(
  readFileSync(join(import.meta.dirname, 'shared-data.json'), 'utf8'),
) as SharedDataVectors;

function stateOf(type: string, slot: string): OpaqueState | string {
  const decoded = decodeCbor(fromHex(slot));
  assert.ok('value' in decoded);
  return crdtType(type as CrdtTypeName).decode(toAppValue(decoded.value) as AppValue);
}

test('every type has vectors, of slots that are joined and of slots that are none', () => {
  for (const cases of [VECTORS.joins, VECTORS.invalid])
    assert.deepEqual(new Set(cases.map(({ type }) => type)), new Set(CRDT_TYPE_NAMES));
});

test('[P-16] slots join to what the vectors say, in either order', () => {
  for (const { name, type, slots, joined, value } of VECTORS.joins) {
    const lattice = crdtType(type as CrdtTypeName);
    const states = slots.map((slot) => stateOf(type, slot) as OpaqueState);
    for (const order of [states, states.toReversed()]) {
      const state = joinAll(lattice, order);
      assert.equal(toHex(encodeValue(lattice.encode(state))), joined, name);
      assert.deepEqual(valueToJson(lattice.value(state)), value, name);
    }
  }
});

test('[P-16] what is no slot of its type is refused as a whole', () => {
  for (const { name, type, slot } of VECTORS.invalid)
    assert.equal(typeof stateOf(type, slot), 'string', name);
});

test('[P-16] a second reader, made from the text, agrees', () => {
  for (const { name, type, slots, joined, value } of VECTORS.joins) {
    const result = joinSlots(
      type,
      slots.map((slot) => readCbor(fromHex(slot))?.value),
    );
    assert.equal(result === undefined ? undefined : encode(result.joined).toString('hex'), joined, name);
    const read = valueFromJson(value);
    assert.ok('value' in read && read.value !== undefined, name);
    assert.equal(encode(result?.value).toString('hex'), orderKey(read.value), name);
  }
  for (const { name, type, slot } of VECTORS.invalid)
    assert.equal(joinSlots(type, [readCbor(fromHex(slot))?.value]), undefined, name);
});
