import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WaitingView } from '#runtime/core/views.ts';
import { RECORD_HEALTH_CODES, recordHealth } from '#runtime/driver/record-health.ts';

const WAITING: WaitingView = {
  owner: 'aa'.repeat(16),
  node: 'pump-house',
  key: 'mode',
  waitedMs: 190_000,
  lacks: 'batch',
};

test('while nothing waits for long, nothing is said', () => {
  assert.equal(recordHealth([]).size, 0);
});

test('records that wait for long are named with what they wait for, the first three of them', () => {
  const notice = recordHealth([
    WAITING,
    { ...WAITING, key: 'plan', lacks: 'value' },
    { ...WAITING, node: 'roof' },
    WAITING,
  ]).get(RECORD_HEALTH_CODES[0]);
  assert.equal(notice?.severity, 'warning');
  assert.match(
    notice?.text ?? '',
    /for 3 minutes now: mode of pump-house \(the rest of its batch is not here\); plan of pump-house \(its value is not here\); mode of roof \(.*\) and 1 more\. .* put them again\.$/,
  );
});
