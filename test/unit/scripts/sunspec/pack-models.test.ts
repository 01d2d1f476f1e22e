import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GroupTable, loadModels, unpackModel } from '#bridge/protocols/sunspec/model-table.ts';
import { type PublishedModel, packModel } from '../../../../scripts/sunspec/pack-models.ts';
import { publishedModel } from '../../../support/devices/sunspec.ts';

test('the tables that are shipped are what the generator makes of the published models', async () => {
  const shipped = await loadModels();
  for (const id of [1, 103, 113, 160, 705, 802]) {
    const made = unpackModel(packModel(publishedModel(id) as PublishedModel));
    assert.deepEqual(shipped.get(id), made, `model ${id}`);
  }
});

test('every model that is promised is there, with a length that its points add up to', async () => {
  const shipped = await loadModels();
  const ids = [
    1, 101, 102, 103, 111, 112, 113, 120, 121, 122, 123, 124, 160, 201, 202, 203, 204, 802, 803, 804,
  ];
  for (let id = 701; id <= 714; id++) ids.push(id);
  assert.deepEqual(
    [...shipped.keys()].sort((a, b) => a - b),
    ids.sort((a, b) => a - b),
  );
  const lengthOf = (id: number) => registersOf(shipped.get(id)?.group) - 2;
  // As the specifications of the models say.
  for (const [id, length] of [
    [1, 66],
    [101, 50],
    [103, 50],
    [111, 60],
    [120, 26],
    [121, 30],
    [122, 44],
    [123, 24],
    [124, 24],
    [203, 105],
    [701, 153],
    [702, 50],
    [703, 17],
    [704, 65],
    [713, 7],
    [802, 62],
  ] as const)
    assert.equal(lengthOf(id), length, `model ${id}`);
});

/** Registers of a group with those in it that come once. */
function registersOf(group: GroupTable | undefined): number {
  const own = group?.points.reduce((sum, { size }) => sum + size, 0) ?? 0;
  const inner = group?.groups.filter(({ count }) => count === 1) ?? [];
  return inner.reduce((sum, each) => sum + registersOf(each), own);
}
