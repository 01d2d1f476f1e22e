import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Conditions } from '#device/daemon/conditions.ts';

const condition = (code: string, text = '') => ({ code, severity: 'warning', title: code, text }) as const;

describe('conditions', () => {
  test('keep their beginning while they last, and take the newest words', () => {
    let nowMs = 100;
    const conditions = new Conditions(() => nowMs);
    assert.equal(conditions.raise('a', condition('a', 'old')), true);
    nowMs = 300;
    assert.equal(conditions.raise('a', condition('a', 'new')), false);
    assert.deepEqual(conditions.items(), [{ ...condition('a', 'new'), sinceMs: 200 }]);
  });

  test('begin anew after they were cleared', () => {
    let nowMs = 100;
    const conditions = new Conditions(() => nowMs);
    conditions.raise('a', condition('a'));
    conditions.clear('a');
    nowMs = 300;
    conditions.raise('a', condition('a'));
    assert.equal(conditions.items()[0]?.sinceMs, 0);
  });

  test('replaced as a set, those that stay keep their beginning', () => {
    let nowMs = 0;
    const conditions = new Conditions(() => nowMs);
    conditions.replace([condition('a'), condition('b')]);
    nowMs = 10;
    conditions.replace([condition('b'), condition('c')]);
    assert.deepEqual(
      conditions.items().map(({ code, sinceMs }) => [code, sinceMs]),
      [
        ['b', 10],
        ['c', 0],
      ],
    );
  });
});
