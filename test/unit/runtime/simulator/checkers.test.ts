import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CheckerSet } from '#runtime/simulator/checkers/checker-set.ts';
import type { Observation } from '#runtime/simulator/observation.ts';
import {
  A,
  applied,
  B,
  C,
  claims,
  impaired,
  restored,
  said,
  shows,
  started,
  stopped,
  wrote,
} from './observations.ts';

/** The names of the checkers that object, in order. */
function objections(...observations: readonly Observation[]): string[] {
  const checkers = new CheckerSet({ falseDowns: { stallMsMax: 0 } });
  for (const observation of observations) checkers.observe(observation);
  return checkers.violations.map(({ checker }) => checker);
}

const threeRunning = [started(0, A), started(0, B), started(0, C)];

test('a well-behaved life raises no objection', () => {
  assert.deepEqual(
    objections(
      ...threeRunning,
      said(5, B, A, 'alive'),
      wrote(10, A, 11),
      applied(12, B, 11),
      wrote(20, A, 12, { deleted: true }),
      applied(22, B, 12, { change: 'delete', value: null }),
      wrote(30, A, 13),
      applied(32, B, 13),
      stopped(40, C),
      said(41, B, C, 'suspect'),
      said(42, B, C, 'down'),
      { type: 'self', atMs: 50, node: A, boot: 1, incarnation: 0 },
      { type: 'gauge', atMs: 50, node: A, name: 'records', value: 3, max: 3 },
      { type: 'settled', atMs: 60, agreed: true, detail: '' },
    ),
    [],
  );
});

// B-70
test('a deleted record that comes back is caught', () => {
  const life = [
    wrote(1, A, 11),
    applied(2, B, 11),
    applied(3, B, 12, { change: 'delete' }),
    applied(4, B, 11),
  ];
  assert.ok(objections(...life).includes('no-resurrection'));
});

test('an expired or forgotten record that comes back is caught', () => {
  for (const change of ['expire', 'forget'] as const)
    assert.ok(
      objections(applied(2, B, 11), applied(3, B, 11, { change }), applied(4, B, 11)).includes(
        'no-resurrection',
      ),
      change,
    );
});

test('a new process may take an old record: it knows of no deletion', () => {
  assert.deepEqual(
    objections(started(0, B), applied(3, B, 12, { change: 'delete' }), started(5, B, 2), applied(6, B, 11)),
    [],
  );
});

test('an older version that replaces a newer one is caught', () => {
  assert.deepEqual(objections(applied(1, B, 12), applied(2, B, 11)), ['versions-grow']);
});

test('a version that an owner uses twice, in one life or over two, is caught', () => {
  assert.deepEqual(objections(wrote(1, A, 11), wrote(2, A, 11, { key: 'other' })), ['versions-grow']);
  assert.deepEqual(
    objections(started(0, A), wrote(1, A, 11), stopped(2, A), started(3, A, 2), wrote(4, A, 11)),
    ['versions-grow'],
  );
});

test('one version with two values is caught, in whatever type', () => {
  assert.deepEqual(objections(wrote(1, A, 11, { value: 1 }), applied(2, B, 11, { value: 2 })), ['one-value']);
  assert.deepEqual(
    objections(
      applied(1, B, 11, { value: { deep: Uint8Array.of(1) } }),
      applied(1, C, 11, { value: { deep: Uint8Array.of(2) } }),
    ),
    ['one-value'],
  );
  assert.deepEqual(
    objections(applied(1, B, 11, { value: [2n ** 60n] }), applied(1, C, 11, { value: [2n ** 60n] })),
    [],
  );
});

test('a member that falls back to an older incarnation or boot is caught', () => {
  assert.deepEqual(
    objections(
      ...threeRunning,
      said(1, B, A, 'alive', { incarnation: 2 }),
      said(2, B, A, 'alive', { incarnation: 1 }),
    ),
    ['incarnation-order'],
  );
  assert.deepEqual(
    objections(started(0, B), started(0, A, 3), said(1, B, A, 'alive', { boot: 3 }), said(2, B, A, 'alive')),
    ['incarnation-order'],
  );
});

test('an incarnation or boot that the member never had is caught', () => {
  assert.deepEqual(
    objections(...threeRunning, said(1, B, A, 'alive', { incarnation: 7 }), {
      type: 'self',
      atMs: 9,
      node: A,
      boot: 1,
      incarnation: 6,
    }),
    ['incarnation-order'],
  );
  assert.deepEqual(objections(...threeRunning, said(1, B, A, 'alive', { boot: 2 })), ['incarnation-order']);
});

test('down of a member that ran and could be reached is caught', () => {
  assert.deepEqual(objections(...threeRunning, said(1, B, A, 'suspect'), said(900, B, A, 'down')), [
    'no-false-down',
  ]);
  // The excuse of an earlier stall is over once the suspicion begins after it.
  assert.deepEqual(
    objections(
      ...threeRunning,
      impaired(1, A, 'stalled'),
      restored(100, A, 'stalled'),
      said(200, B, A, 'suspect'),
      said(900, B, A, 'down'),
    ),
    ['no-false-down'],
  );
});

test('a judge that was stalled has no excuse', () => {
  assert.deepEqual(
    objections(
      ...threeRunning,
      impaired(1, B, 'stalled'),
      restored(100, B, 'stalled'),
      said(101, B, A, 'suspect'),
      said(102, B, A, 'down'),
    ),
    ['no-false-down'],
  );
});

test('down of one that was stalled or cut off is no false verdict', () => {
  for (const cause of ['stalled', 'cut-off'] as const)
    assert.deepEqual(
      objections(
        ...threeRunning,
        impaired(1, A, cause),
        said(2, B, A, 'suspect'),
        restored(3, A, cause),
        said(900, B, A, 'down'),
      ),
      [],
      cause,
    );
});

test('false verdicts are no objection where the loss is beyond what is promised', () => {
  const checkers = new CheckerSet({ falseDowns: undefined });
  for (const observation of [...threeRunning, said(1, B, A, 'suspect'), said(900, B, A, 'down')])
    checkers.observe(observation);
  assert.equal(checkers.count, 0);
});

test('a queue above its limit is caught, once a node and queue', () => {
  const gauge = { type: 'gauge', atMs: 1, node: A, name: 'outbox', value: 5, max: 4 } as const;
  assert.deepEqual(objections(gauge, gauge, { ...gauge, node: B }), ['bounded', 'bounded']);
});

test('a node that claims to have everything up to a version, and lacks something below it, is caught once', () => {
  assert.deepEqual(
    objections(
      ...threeRunning,
      wrote(1, A, 11),
      wrote(2, A, 12, { key: 'other' }),
      applied(3, B, 12, { key: 'other' }),
      claims(4, B, A, 10),
      claims(5, B, A, 12),
      claims(6, B, A, 12),
    ),
    ['no-gap'],
  );
});

test('what was deleted, replaced, expiring, or seen to go is no gap', () => {
  assert.deepEqual(
    objections(
      ...threeRunning,
      wrote(1, A, 11),
      wrote(2, A, 12, { deleted: true }),
      wrote(3, A, 13, { key: 'short', expiresAtMs: 4 }),
      wrote(4, A, 14, { key: 'gone' }),
      applied(5, B, 14, { key: 'gone' }),
      applied(6, B, 14, { key: 'gone', change: 'forget' }),
      wrote(7, A, 15, { key: 'new' }),
      claims(8, B, A, 14),
    ),
    [],
  );
});

test('a process that starts again, or an owner in a new boot, begins with a clean record', () => {
  const next = 2 * 2 ** 32;
  assert.deepEqual(
    objections(
      ...threeRunning,
      wrote(1, A, 2 ** 32 + 1),
      started(2, A, 2),
      claims(3, B, A, next),
      wrote(4, A, next + 1),
      claims(5, B, A, next),
      applied(6, B, next + 1),
      started(7, B, 2),
      claims(8, B, A, next + 1),
    ),
    ['no-gap'],
  );
});

test('a record that is shown long after its validity ended is caught once, a newer version of it is not', () => {
  assert.deepEqual(
    objections(
      wrote(1, A, 11, { expiresAtMs: 5_000 }),
      shows(14_000, B, A, 11),
      shows(16_000, B, A, 11),
      shows(17_000, B, A, 11),
      wrote(18_000, A, 12, { expiresAtMs: 99_000 }),
      shows(19_000, C, A, 12),
    ),
    ['no-expired'],
  );
});

test('an event that is delivered again, or after a later one, is caught, over restarts and under any number', () => {
  const event = (atMs: number, node: string, id: string, number = 1): Observation => ({
    type: 'event',
    atMs,
    node,
    event: {
      type: 'user-event',
      event: { name: 'e', payload: null, sender: A, senderName: 'a', number, id, ageMs: 0 },
    },
  });
  const well = [event(1, B, 'aa-5'), event(2, C, 'aa-5'), event(3, B, 'aa-7'), event(4, B, 'bb-1')];
  assert.deepEqual(objections(...threeRunning, ...well), []);
  assert.deepEqual(objections(...threeRunning, ...well, event(5, C, 'aa-5', 99)), ['events-once']);
  assert.deepEqual(
    objections(...threeRunning, ...well, event(5, B, 'aa-8')),
    ['events-once'],
    'a life ended',
  );
  const again = [stopped(5, B), started(6, B, 2), event(7, B, 'bb-1')];
  assert.deepEqual(objections(...threeRunning, ...well, ...again), ['events-once']);
});

test('no agreement in the end is caught', () => {
  assert.deepEqual(objections({ type: 'settled', atMs: 1, agreed: false, detail: 'B misses A' }), [
    'converges',
  ]);
});

test('a thousand violations are counted, a hundred kept', () => {
  const checkers = new CheckerSet({ falseDowns: { stallMsMax: 0 } });
  for (let i = 0; i < 1_000; i++) checkers.observe({ type: 'settled', atMs: i, agreed: false, detail: '' });
  assert.equal(checkers.count, 1_000);
  assert.equal(checkers.violations.length, 100);
});
