import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureCell } from '../../../../scripts/experiments/measure.ts';
import { defaultSetup } from '../../../../scripts/experiments/setup.ts';

function withoutTime(result: ReturnType<typeof measureCell>) {
  const { idle, busy, ...rest } = result;
  return { ...rest, idle: { ...idle, cpuMicros: 0 }, busy: { ...busy, cpuMicros: 0 } };
}

test('a cell measures load, dissemination, detection and accuracy', () => {
  const result = measureCell({ setup: defaultSetup(5), seed: 1, quick: true });
  assert.ok(result.idle.bytes > 0 && result.busy.bytes > result.idle.bytes);
  assert.ok(result.idle.cpuMicros > 0);
  assert.ok((result.urgentMs.p50 ?? 0) > 0 && (result.normalMs.p50 ?? 0) > 0);
  assert.ok((result.allDownMs.p50 ?? 0) >= (result.detectionMs.p50 ?? 0));
  assert.deepEqual([result.lost, result.falseDowns, result.violations], [0, 0, 0]);
});

test('timing the engine does not change what it does', () => {
  const task = { setup: defaultSetup(3), seed: 2, quick: true };
  assert.deepEqual(withoutTime(measureCell(task)), withoutTime(measureCell(task)));
});

test('one node alone has nobody to lose', () => {
  const result = measureCell({ setup: defaultSetup(1), seed: 1, quick: true });
  assert.deepEqual([result.detectionMs.p50, result.allDownMs.p50, result.lost], [null, null, 0]);
});
