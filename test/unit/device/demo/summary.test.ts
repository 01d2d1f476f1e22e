import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { median } from '#device/demo/put-to-read.ts';
import { type DemoSummary, summaryLines } from '#device/demo/summary.ts';

const well: DemoSummary = {
  schema: 'gridvine.demo/1',
  nodes: 3,
  converged: true,
  seenMs: 1_234,
  seenAfterReadyMs: 321,
  putToReadMs: { median: 4.25, max: 9, rounds: 10 },
  mqttMessages: 143,
  lost: [],
};

describe('the summary of a demo', () => {
  it('says what was measured', () => {
    assert.deepEqual(summaryLines(well), [
      'All 3 daemons saw each other alive 1.23 s after the last was started, 0.32 s after it answered.',
      'A value put on the first was read on the others after 4.3 ms (median of 10, longest 9.0 ms).',
      'The MQTT broker got 143 messages.',
    ]);
  });

  it('says so when the daemons did not find each other, and which were lost', () => {
    const lines = summaryLines({
      ...well,
      converged: false,
      seenMs: null,
      seenAfterReadyMs: null,
      putToReadMs: null,
      lost: ['barn'],
    });
    assert.equal(lines[0], 'The 3 daemons did not all see each other alive.');
    assert.equal(lines.at(-1), 'Ended before the demo did: barn.');
  });

  it('takes the middle of its samples', () => {
    assert.equal(median([5, 1, 100]), 5);
    assert.equal(median([]), undefined);
  });
});
