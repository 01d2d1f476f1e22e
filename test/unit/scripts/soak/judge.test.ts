import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawRun } from '../../../../scripts/soak/draw.ts';
import { failureOf, judge, type Verdict } from '../../../../scripts/soak/judge.ts';

const RUN = drawRun(50, { nodesMax: 4, scenario: 'join' });
const GOOD: Verdict = { trace: 'abc', virtualMs: 1, deliveries: 1, violations: [], violationCount: 0 };

test('a run whose invariants held is no failure', () => {
  const result = judge(RUN);
  assert.equal(failureOf(RUN, { ok: true, result }), undefined);
  assert.ok(result.deliveries > 0 && result.trace !== '');
});

test('a broken invariant is told with its time, the trace and the command that shows it again', () => {
  const violations = [{ checker: 'converges', atMs: 1_500, text: 'no agreement' }];
  const failure = failureOf(RUN, { ok: true, result: { ...GOOD, violations, violationCount: 3 } });
  assert.deepEqual(failure?.what, ['1.500 s: converges: no agreement', 'and 2 more']);
  assert.match(failure.replay, /^gridvine simulate --scenario join --nodes \d --seed \d+/);
  assert.equal(failure.trace, 'abc');
});

test('a run that did not end is a failure with its stack', () => {
  const failure = failureOf(RUN, { ok: false, error: new Error('out of memory') });
  assert.deepEqual(failure?.what, ['out of memory']);
  assert.match(failure.stack ?? '', /judge\.test\.ts/);
});

test('a scenario that is not there fails the run instead of ending the soak', () => {
  const options = { ...RUN.options, scenario: 'picnic' };
  assert.throws(() => judge({ ...RUN, options }), /no scenario is named picnic/);
});
