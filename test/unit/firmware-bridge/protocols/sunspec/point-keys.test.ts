import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GroupTable, loadModels } from '#bridge/protocols/sunspec/model-table.ts';
import { keyOfPoint, POINT_KEYS } from '#bridge/protocols/sunspec/point-keys.ts';
import { keyFault } from '#bridge/reading-key.ts';

test('every point that is shared exists in its models, and its key may be gossiped', async () => {
  const models = await loadModels();
  for (const { models: ids, path, key } of POINT_KEYS) {
    assert.equal(keyFault(`inverter/${key.replace('*', '12')}`), undefined, key);
    // Models of one or two phases lack points of the third, and one tells how it counts its sums.
    assert.ok(
      ids.some((id) => hasPoint(models.get(id)?.group, path.split('/'))),
      `${ids} ${path}`,
    );
  }
});

test('two points of one model never share a key', () => {
  const seen = new Set<string>();
  for (const { models, key } of POINT_KEYS) {
    for (const model of models) {
      assert.ok(!seen.has(`${model} ${key}`), `${model} ${key}`);
      seen.add(`${model} ${key}`);
    }
  }
});

test('the number of a repetition goes into the key', () => {
  assert.equal(keyOfPoint(POINT_KEYS, 160, 'module/12/DCW'), 'mppt/12/power');
  assert.equal(keyOfPoint(POINT_KEYS, 160, 'module/x/DCW'), undefined);
  assert.equal(keyOfPoint(POINT_KEYS, 103, 'module/1/DCW'), undefined);
  assert.equal(keyOfPoint(POINT_KEYS, 103, 'W'), 'ac/power');
});

function hasPoint(group: GroupTable | undefined, path: readonly string[]): boolean {
  const [first, , ...rest] = path;
  if (group === undefined) return false;
  if (path.length === 1) return group.points.some(({ name }) => name === first);
  return hasPoint(
    group.groups.find(({ name }) => name === first),
    rest,
  );
}
