import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawsOf, readFlags } from '../../../../scripts/soak/flags.ts';

test('the fixed draws come first, then those from the first on, up to the count', () => {
  const flags = readFlags(['--fixed', '2', '--first', '700', '--seeds', '5']);
  assert.deepEqual([...drawsOf(flags)], [1, 2, 700, 701, 702]);
  assert.equal(flags.minutes, Number.POSITIVE_INFINITY);
});

test('without a count it ends by time, and starts anywhere', () => {
  const [one, other] = [readFlags([]), readFlags([])];
  assert.equal(one.minutes, 10);
  assert.equal(one.seeds, Number.POSITIVE_INFINITY);
  assert.notEqual(one.first, other.first);
});

test('wrong flags are named with what was expected and what came', () => {
  assert.throws(() => readFlags(['--minutes', 'ten']), /--minutes: expected a number from .*; got ten/);
  assert.throws(
    () => readFlags(['--nodes-max', '2']),
    /--nodes-max: expected a number from 3 to 4096; got 2/,
  );
  assert.throws(() => readFlags(['--seeds', '1.5']), /--seeds: expected a whole number; got 1.5/);
  assert.throws(
    () => readFlags(['--scenario', 'picnic']),
    /--scenario: expected one of join, .*; got picnic/,
  );
  assert.throws(() => readFlags(['--hours', '1']), /hours/);
});
