import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex } from '#runtime/core/ids.ts';
import type { TargetReport } from '../../scripts/fuzz/messages.ts';
import { runPool, type TargetPlan } from '../../scripts/fuzz/pool.ts';
import { loadTarget } from '../support/fuzz/planted.ts';

const TARGETS = new URL('../support/fuzz/planted.ts', import.meta.url).href;

/** Runs one planted fault on a thread of its own, as every target is run. */
async function hunt(
  target: string,
  plan: Partial<TargetPlan> = {},
  limits: { hangMs?: number; heapMb?: number } = {},
): Promise<TargetReport> {
  const whole: TargetPlan = {
    target,
    targets: TARGETS,
    seed: 1,
    executions: 100_000,
    durationMs: Number.POSITIVE_INFINITY,
    guided: true,
    distil: false,
    kept: [],
    ...plan,
  };
  const [report] = await runPool([whole], { jobs: 1, onReport: () => undefined, ...limits });
  return report;
}

test('a bound that is one too high is found, and its input made small', async () => {
  const { fault } = await hunt('off-by-one');
  assert.match(fault?.text ?? '', /a name longer than any/);
  const input = fromHex(fault?.input ?? '');
  // [ 16 bytes, 65 of text ] can't be said in less than 85; bytes are cut off one by one, items aren't.
  assert.ok(input.length >= 85 && input.length < 100, `${input.length} bytes`);
  const run = await (await loadTarget('off-by-one')).prepare();
  assert.throws(() => run(input), /a name longer than any/);
});

test('coverage leads where chance does not', async () => {
  const executions = 400_000;
  const blind = await hunt('behind-five-doors', { executions, guided: false });
  assert.equal(blind.fault, undefined);
  assert.equal(blind.executions, executions);
  const guided = await hunt('behind-five-doors', { executions });
  assert.match(guided.fault?.text ?? '', /all doors are open/);
  assert.equal(guided.fault?.input, '6b009e003300d50071');
});

test('a loop without end is a fault, with the input that leads there', async () => {
  const { fault } = await hunt('endless', {}, { hangMs: 3_000 });
  assert.match(fault?.text ?? '', /hangs/);
  assert.ok(fromHex(fault?.input ?? '').includes(0));
});

test('who takes all memory ends its own thread only, and is told of', async () => {
  const { fault } = await hunt('greedy', {}, { heapMb: 64 });
  assert.match(fault?.text ?? '', /memory/i);
  assert.ok(new DataView(fromHex(fault?.input ?? '').buffer).getUint32(0) > 100_000);
});

test('the same seed finds the same fault after as many executions', async () => {
  const [one, two, other] = [
    await hunt('off-by-one'),
    await hunt('off-by-one'),
    await hunt('off-by-one', { seed: 2 }),
  ];
  assert.equal(one.fault?.execution, two.fault?.execution);
  assert.deepEqual(one.corpus, two.corpus);
  assert.notEqual(one.fault?.execution, other.fault?.execution);
});
