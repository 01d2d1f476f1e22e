import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import {
  planOf,
  pushPullIntervalS,
  readOptions,
  UsageError,
} from '../../../../../scripts/bench/peers/options.ts';

test('without options three sizes are measured, on both sides, in a process for each processor', () => {
  const options = readOptions([]);
  assert.deepEqual(options.sizes, [10, 50, 100]);
  assert.deepEqual(options.sides, ['gridvine', 'memberlist']);
  assert.equal(options.processes, availableParallelism());
  assert.equal(options.compare, false);
});

test('a wrong option is named with what was expected and what came', () => {
  const wrong = [
    [['--nodes', '10,no'], /--nodes: expected a whole number from 1 to 2000; got no/],
    [['--nodes', '10,'], /--nodes: .* got nothing/],
    [['--rounds', '1.5'], /--rounds: expected a whole number from 1 to 20; got 1.5/],
    [['--only', 'serf'], /--only: expected one of gridvine, memberlist; got serf/],
    [['--link-delay', '-1'], /--link-delay: .* got -1|argument/],
    [['--fast'], /--fast/],
    [['--only', 'memberlist', '--compare'], /--compare: the simulator plays gridvine only/],
  ] as const;
  for (const [args, message] of wrong)
    assert.throws(
      () => readOptions(args),
      (error) => error instanceof UsageError && message.test(error.message),
      args.join(' '),
    );
});

test('the interval of push-pull grows with the cluster as in memberlist', () => {
  assert.deepEqual([1, 32, 33, 64, 65, 100, 1_000].map(pushPullIntervalS), [30, 30, 60, 60, 90, 90, 180]);
});

test('the idle window of memberlist holds one whole round of push-pull, from when all have begun with it', () => {
  const plan = planOf(readOptions([]), { nodes: 1_000, side: 'memberlist', first: true });
  assert.equal(plan.settleS, 30);
  assert.equal(plan.idleS, 180);
});

test('what was asked for counts for both sides', () => {
  const options = readOptions(['--settle', '1', '--idle', '2']);
  for (const side of ['gridvine', 'memberlist'] as const) {
    const { settleS, idleS } = planOf(options, { nodes: 10, side, first: true });
    assert.deepEqual([settleS, idleS], [1, 2]);
  }
});

test('only the first round has an idle window', () => {
  assert.equal(planOf(readOptions([]), { nodes: 10, side: 'gridvine', first: false }).idleS, 0);
});
