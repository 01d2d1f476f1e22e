import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SelfDoubt } from '#runtime/membership/self-doubt.ts';

const NOBODY = () => false;

function doubtAfter(outcomes: Readonly<Record<string, boolean>>, atMs = 0): SelfDoubt {
  const doubt = new SelfDoubt();
  for (const [target, answered] of Object.entries(outcomes)) doubt.note({ target, atMs, answered });
  return doubt;
}

test('three or more silent ones that are a third of those asked speak against this node', () => {
  const some = { a: false, b: false, c: false, d: true, e: true, f: true };
  assert.deepEqual(doubtAfter(some).silent(0, NOBODY), { silent: 3, asked: 6 });
  const many = { ...some, g: true, h: true, i: true, j: true };
  assert.equal(doubtAfter(many).silent(0, NOBODY), undefined);
  assert.equal(doubtAfter({ a: false, b: false }).silent(0, NOBODY), undefined);
});

test('one of them that somebody else accuses too clears this node', () => {
  const doubt = doubtAfter({ a: false, b: false, c: false });
  assert.equal(
    doubt.silent(0, (id) => id === 'b'),
    undefined,
  );
});

test('the latest answer of each counts, and none that is older than five seconds', () => {
  const doubt = doubtAfter({ a: false, b: false, c: false });
  assert.notEqual(doubt.silent(5_000, NOBODY), undefined);
  assert.equal(doubt.silent(5_001, NOBODY), undefined);
  doubt.note({ target: 'a', atMs: 10, answered: true });
  assert.equal(doubt.silent(10, NOBODY), undefined);
});
