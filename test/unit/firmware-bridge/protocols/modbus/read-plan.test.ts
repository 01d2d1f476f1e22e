import assert from 'node:assert/strict';
import { test } from 'node:test';
import { itemBytes, type Placed, planReads } from '#bridge/protocols/modbus/read-plan.ts';

const at = (address: number, size = 1, more: Partial<Placed> = {}): Placed => ({
  unitId: 1,
  table: 'holding',
  address,
  size,
  ...more,
});
const requests = (items: readonly Placed[], gap = 0) =>
  planReads(items, gap).map(({ request: { unitId, table, address, count } }) => [
    unitId,
    table,
    address,
    count,
  ]);

test('neighbours share a request, also where they overlap', () => {
  assert.deepEqual(requests([at(4, 2), at(2, 2), at(0, 2), at(4)]), [[1, 'holding', 0, 6]]);
});

test('a hole is read over only where that is allowed', () => {
  assert.deepEqual(requests([at(0), at(3)]), [
    [1, 'holding', 0, 1],
    [1, 'holding', 3, 1],
  ]);
  assert.deepEqual(requests([at(0), at(3)], 2), [[1, 'holding', 0, 4]]);
});

test('units, tables and the size of a request divide', () => {
  assert.equal(requests([at(0), at(1, 1, { unitId: 2 }), at(1, 1, { table: 'input' })]).length, 3);
  assert.deepEqual(requests(Array.from({ length: 130 }, (_, i) => at(i))), [
    [1, 'holding', 0, 125],
    [1, 'holding', 125, 5],
  ]);
  assert.equal(requests(Array.from({ length: 2001 }, (_, i) => at(i, 1, { table: 'coil' }))).length, 2);
});

test('each item gets its own bytes back', () => {
  const [block] = planReads([at(10, 2), at(12)], 0);
  assert.ok(block !== undefined);
  assert.deepEqual([...itemBytes(block, at(12), Uint8Array.of(1, 2, 3, 4, 5, 6))], [5, 6]);
  const [coils] = planReads([at(0, 1, { table: 'coil' }), at(9, 1, { table: 'coil' })], 10);
  assert.ok(coils !== undefined);
  assert.deepEqual([...itemBytes(coils, at(9, 1, { table: 'coil' }), Uint8Array.of(0, 2))], [1]);
});
