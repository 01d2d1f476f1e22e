import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Outcome, type PoolOptions, runTasks } from '#device/simulation/worker-pool.ts';
import type { PoolAnswer, PoolTask } from '../../../support/pool-worker.ts';

const PROGRAM = {
  code: pathToFileURL(join(import.meta.dirname, '../../../support/pool-worker.ts')),
  isText: false,
};

async function outcomesOf(tasks: Iterable<PoolTask>, options: Partial<Omit<PoolOptions, 'program'>> = {}) {
  const outcomes: [PoolTask, Outcome<PoolAnswer>][] = [];
  await runTasks<PoolTask, PoolAnswer>(tasks, { program: PROGRAM, workers: 1, ...options }, (task, outcome) =>
    outcomes.push([task, outcome]),
  );
  return outcomes;
}

const double = (number: number): PoolTask => ({ type: 'double', number });
const answersOf = (outcomes: readonly [PoolTask, Outcome<PoolAnswer>][]) =>
  outcomes.flatMap(([, outcome]) => (outcome.ok ? [outcome.result] : []));
const errorsOf = (outcomes: readonly [PoolTask, Outcome<PoolAnswer>][]) =>
  outcomes.flatMap(([, outcome]) => (outcome.ok ? [] : [outcome.error]));

test('each task is done once, by as many threads as asked', async () => {
  const outcomes = await outcomesOf([1, 2, 3, 4, 5].map(double), { workers: 2 });
  const answers = answersOf(outcomes);
  assert.deepEqual(
    answers.map(({ number }) => number).sort((a, b) => a - b),
    [2, 4, 6, 8, 10],
  );
  assert.equal(new Set(answers.map(({ threadId }) => threadId)).size, 2);
});

test('a task that throws fails by itself, with what was thrown and where', async () => {
  const outcomes = await outcomesOf([{ type: 'throw', message: 'no such thing' }, double(2)]);
  const [error] = errorsOf(outcomes);
  assert.equal(error.message, 'no such thing');
  assert.match(error.stack ?? '', /pool-worker\.ts/);
  assert.deepEqual(
    answersOf(outcomes).map(({ number }) => number),
    [4],
  );
});

test('a worker that dies fails its task, and a fresh one goes on with the next', async () => {
  const outcomes = await outcomesOf([double(1), { type: 'exit' }, double(2)]);
  assert.match(errorsOf(outcomes)[0].message, /ended before its task, with code 3/);
  const [before, after] = answersOf(outcomes);
  assert.deepEqual([before.number, after.number], [2, 4]);
  assert.notEqual(before.threadId, after.threadId);
});

test('a program that does not start fails its tasks', async () => {
  const outcomes: Outcome<unknown>[] = [];
  const program = { code: 'throw new Error("out of order")', isText: true };
  await runTasks([1, 2], { program, workers: 1 }, (_, outcome) => outcomes.push(outcome));
  for (const outcome of outcomes) assert.match(outcome.ok ? '' : outcome.error.message, /out of order/);
  assert.equal(outcomes.length, 2);
});

test('a worker is replaced after as many tasks as it may do', async () => {
  const outcomes = await outcomesOf([1, 2, 3, 4].map(double), { tasksPerWorkerMax: 2 });
  const threads = answersOf(outcomes).map(({ threadId }) => threadId);
  assert.equal(threads[0], threads[1]);
  assert.equal(threads[2], threads[3]);
  assert.notEqual(threads[1], threads[2]);
});

test('a task that hangs is given up, and the next one is done', async () => {
  const outcomes = await outcomesOf([{ type: 'for-ever' }, double(4)], { taskMsMax: 1_000 });
  assert.match(errorsOf(outcomes)[0].message, /no answer within 1s/);
  assert.equal(answersOf(outcomes)[0].number, 8);
});

test('an abort ends workers in the middle of their tasks, with its reason', async () => {
  const abort = new AbortController();
  const endless = (function* (): Generator<PoolTask> {
    yield double(1);
    for (;;) yield { type: 'for-ever' };
  })();
  const options = { program: PROGRAM, workers: 2, signal: abort.signal };
  const running = runTasks<PoolTask, PoolAnswer>(endless, options, () => abort.abort(new Error('enough')));
  await assert.rejects(running, /enough/);
});

test('what is thrown for an outcome ends the pool', async () => {
  const tasks: PoolTask[] = [double(1), { type: 'for-ever' }, { type: 'for-ever' }];
  const running = runTasks(tasks, { program: PROGRAM, workers: 3 }, () => {
    throw new Error('seen enough');
  });
  await assert.rejects(running, /seen enough/);
});

test('tasks are taken only as workers become free', async () => {
  let taken = 0;
  const tasks = (function* () {
    for (; taken < 100; ) {
      taken++;
      yield double(taken);
    }
  })();
  const running = runTasks<PoolTask, PoolAnswer>(tasks, { program: PROGRAM, workers: 2 }, () => {
    throw new Error('stop');
  });
  await assert.rejects(running, /stop/);
  assert.ok(taken <= 3, `${taken} were taken`);
});
