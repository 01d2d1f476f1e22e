import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drawStage, isStaged, type Staged, type StageWish } from '#device/fleet/stage.ts';

const boards: readonly Staged[] = Array.from({ length: 40 }, (_, i) => ({
  id: i.toString(16).padStart(32, '0'),
  tags: i < 3 ? { role: 'canary' } : ({} as Record<string, string>),
}));
const wish = (values: Partial<StageWish>): StageWish => ({ nodes: [], tags: {}, percent: null, ...values });
const chosen = (asked: Partial<StageWish>, counter = 5) => {
  const stage = drawStage(wish(asked), counter, boards);
  return boards.filter((board) => isStaged(stage, counter, board)).map(({ id }) => id);
};

describe('a stage', () => {
  test('takes exactly the asked share of those that are there, rounded up, and at least one', () => {
    for (const [percent, count] of [
      [10, 4],
      [11, 5],
      [0.1, 1],
      [100, 40],
    ] as const)
      assert.equal(chosen({ percent }).length, count, `${percent}%`);
    assert.deepEqual(drawStage(wish({ percent: 50 }), 5, []).lotMax, 0, 'nobody is there');
  });

  test('draws anew for each document', () => {
    assert.notDeepEqual(chosen({ percent: 20 }, 5), chosen({ percent: 20 }, 6));
  });

  test('takes boards by tag and by id, and whoever is meant by any of it', () => {
    assert.equal(chosen({ tags: { role: 'canary' } }).length, 3);
    assert.equal(chosen({ tags: { role: 'other' } }).length, 0);
    assert.deepEqual(chosen({ nodes: [boards[9]!.id] }), [boards[9]!.id]);
    assert.equal(chosen({ nodes: [boards[9]!.id], tags: { role: 'canary' } }).length, 4);
  });
});
