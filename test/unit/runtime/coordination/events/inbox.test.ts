import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventRecord } from '#runtime/coordination/events/event-record.ts';
import { EventInbox, WAITING_MAX } from '#runtime/coordination/events/inbox.ts';
import type { Arrival } from '#runtime/coordination/events/sender-line.ts';
import { EVENT_TRACE_MS, EVENT_WINDOW_MS_MAX } from '#runtime/core/limits.ts';
import { makeVersion } from '#runtime/core/version.ts';

const A = 'aa'.repeat(16);
const B = 'bb'.repeat(16);
/** Of whom the numbers of one boot are of one life. */
const at = (number: number) => ({ number, life: Math.floor(number / 2 ** 32), told: number % 2 ** 32 });
const n = (boot: number, count: number) => (count === 0 ? 0 : makeVersion(boot, count));

/** An inbox whose owner's records have the version of their number. */
function bench(cursors: readonly (readonly [string, number])[] = []) {
  const inbox = new EventInbox(
    cursors.map(([id, number]) => [id, at(number)]),
    1_000,
  );
  let known = 0;
  let renewed = 0;
  let may = true;
  return {
    inbox,
    renew: (version: number) => {
      renewed = version;
    },
    know: (version: number) => {
      known = version;
    },
    add(
      number: number,
      before: number,
      about: Partial<EventRecord & { setAtMs: number; nowMs: number; version: number }> = {},
    ) {
      const { setAtMs = 2_000, nowMs = 2_000, version = number, ...rest } = about;
      const event = {
        number,
        life: Math.floor(number / 2 ** 32),
        told: (number % 2 ** 32) - 1,
        before,
        windowMs: 5_000,
        name: 'e',
        payload: null,
        question: undefined,
        ...rest,
      };
      inbox.add(A, event, { version, setAtMs }, { nowMs, maySend: () => may });
    },
    take: (nowMs = 2_000, room = Number.POSITIVE_INFINITY) =>
      inbox
        .take(nowMs, { held: () => ({ known, renewed }), room: () => room, maySend: () => may })
        .map(shown),
    allow: (isAllowed: boolean) => {
      may = isAllowed;
    },
  };
}

function shown(arrival: Arrival): string {
  if (arrival.kind === 'gap') return `gap ${arrival.missed}`;
  return `${Math.floor(arrival.event.number / 2 ** 32)}.${arrival.event.number % 2 ** 32}`;
}

test('the first event of a sender needs no other', () => {
  const { add, take } = bench();
  add(n(1, 1), 0);
  assert.deepEqual(take(), ['1.1']);
  assert.deepEqual(take(), []);
});

test('what comes early waits for its elders, and comes in order', () => {
  const { inbox, add, take } = bench();
  add(n(1, 3), n(1, 2));
  add(n(1, 2), n(1, 1));
  assert.deepEqual(take(), []);
  assert.equal(inbox.waiting, 2);
  add(n(1, 1), 0);
  assert.deepEqual(take(), ['1.1', '1.2', '1.3']);
  assert.equal(inbox.waiting, 0);
});

test('what was delivered is not delivered again', () => {
  const { add, take } = bench([[A, n(1, 2)]]);
  add(n(1, 1), 0);
  add(n(1, 2), n(1, 1));
  assert.deepEqual(take(), []);
  add(n(1, 3), n(1, 2));
  add(n(1, 3), n(1, 2));
  assert.deepEqual(take(), ['1.3']);
});

test('an elder that can not come any more is told as a gap, where its sender was known', () => {
  const known = bench([[A, n(1, 1)]]);
  known.add(n(1, 4), n(1, 3));
  assert.deepEqual(known.take(), []);
  known.know(n(1, 4));
  assert.deepEqual(known.take(), ['gap 2', '1.4']);
  const fresh = bench();
  fresh.add(n(1, 4), n(1, 3));
  fresh.know(n(1, 4));
  assert.deepEqual(fresh.take(), ['1.4']);
});

test('of another life it is not known how many were missed', () => {
  const { add, take, know } = bench([[A, n(1, 1)]]);
  add(n(2, 1), n(1, 9));
  know(n(2, 1));
  assert.deepEqual(take(), ['gap null', '2.1']);
  add(n(5, 1), n(4, 2));
  know(n(5, 1));
  assert.deepEqual(take(), ['gap null', '5.1']);
});

test('where the table never gets further, the end of its window lets an event go', () => {
  const { inbox, add, take } = bench([[A, n(1, 1)]]);
  add(n(1, 3), n(1, 2));
  assert.deepEqual(take(), []);
  assert.equal(inbox.nextDueMs, 7_000);
  assert.deepEqual(take(6_999), []);
  assert.deepEqual(take(7_000), ['gap 1', '1.3']);
  assert.equal(inbox.nextDueMs, Number.POSITIVE_INFINITY);
});

test('who waits behind another is not due before it, however short its window', () => {
  const { inbox, add, take } = bench([[A, n(1, 1)]]);
  add(n(1, 3), n(1, 2), { windowMs: 60_000 });
  add(n(1, 4), n(1, 3), { windowMs: 1_000 });
  assert.deepEqual(take(4_000), []);
  assert.equal(inbox.nextDueMs, 62_000);
  assert.deepEqual(take(62_000), ['gap 1', '1.3', '1.4']);
});

test('what comes after its window is passed, and told where it was missed', () => {
  const known = bench([[A, n(1, 1)]]);
  known.add(n(1, 2), n(1, 1), { setAtMs: 500, nowMs: 9_000 });
  known.add(n(1, 3), n(1, 2), { setAtMs: 8_000, nowMs: 9_000 });
  assert.deepEqual(known.take(9_000), ['gap 1', '1.3']);
  const fresh = bench();
  fresh.add(n(1, 1), 0, { setAtMs: 500, nowMs: 9_000 });
  assert.deepEqual(fresh.take(9_000), [], 'sent before this life began');
  const there = bench();
  there.add(n(1, 1), 0, { setAtMs: 1_500, nowMs: 9_000 });
  assert.deepEqual(there.take(9_000), ['gap 1'], 'sent within this life');
});

test('what was taken is passed silently however often its sender takes a higher boot', () => {
  const { add, take } = bench();
  for (let count = 1; count <= 3; count++) add(n(1, count), n(1, count - 1));
  assert.deepEqual(take(), ['1.1', '1.2', '1.3']);
  for (const boot of [2, 7]) {
    for (let count = 1; count <= 3; count++) add(n(boot, count), n(boot, count - 1), { life: 1 });
    assert.deepEqual(take(), []);
  }
  add(n(7, 4), n(7, 3), { life: 1 });
  assert.deepEqual(take(), ['7.4']);
});

test('of a life that ended under a higher boot than the present one nothing is taken, and that is told', () => {
  const { add, take } = bench([[A, n(5, 3)]]);
  add(n(2, 1), 0);
  add(n(2, 2), n(2, 1));
  assert.deepEqual(take(), ['gap null']);
  add(n(6, 1), 0, { life: 2 });
  assert.deepEqual(take(), ['6.1'], 'once its boot is above, under whatever count');
});

test('queries that were missed, or came late, are no missed events', () => {
  const { add, take, know } = bench([[A, n(1, 1)]]);
  const question = { ack: false, nodes: [], tags: [], groups: [] };
  add(n(1, 4), n(1, 3), { told: 1 });
  know(n(1, 4));
  assert.deepEqual(take(), ['1.4']);
  add(n(1, 5), n(1, 4), { told: 2, question, setAtMs: 0, nowMs: 9_000 });
  assert.deepEqual(take(9_000), []);
});

test('senders do not wait for one another', () => {
  const { inbox, add, take } = bench();
  add(n(1, 2), n(1, 1));
  const event = { number: n(1, 1), life: 1, told: 0, before: 0, windowMs: 5_000, name: 'e', payload: null };
  inbox.add(B, { ...event, question: undefined }, { version: 1, setAtMs: 2_000 }, { nowMs: 2_000 });
  assert.deepEqual(take(), ['1.1']);
  assert.equal(inbox.size, 2);
});

test('a cursor is kept as long as something may come again, and no longer', () => {
  const { inbox, add, take } = bench();
  add(n(1, 1), 0);
  take();
  const endMs = 2_000 + EVENT_WINDOW_MS_MAX + EVENT_TRACE_MS;
  assert.deepEqual(
    inbox.cursors(endMs - 1, () => false),
    [[A, at(n(1, 1))]],
  );
  assert.deepEqual(
    inbox.cursors(endMs, () => true),
    [[A, at(n(1, 1))]],
    'its sender is there',
  );
  assert.deepEqual(
    inbox.cursors(endMs, () => false),
    [],
  );
  assert.equal(inbox.size, 0);
});

test('of a sender that is faster than its ring no more wait than fit twice into it, and the rest is a gap', () => {
  const { inbox, add, take, know } = bench([[A, n(1, 1)]]);
  for (let count = 3; count < 1_000; count++) add(n(1, count), n(1, count - 1));
  assert.equal(inbox.waiting, WAITING_MAX);
  know(n(1, 1_000));
  assert.equal(take().length, WAITING_MAX + 1);
  add(n(1, 1_000), n(1, 999));
  assert.deepEqual(take(), [`gap ${999 - (WAITING_MAX + 2)}`, '1.1000']);
});

test('nothing of a sender that is put out counts any more', () => {
  const { inbox, add, take } = bench();
  add(n(1, 2), n(1, 1));
  inbox.forget(A);
  assert.deepEqual(take(99_000), []);
  assert.equal(inbox.size, 0);
});

test('where a certificate was renewed, what was sent before is sent again, and no part of it is a gap', () => {
  const { add, take, know, renew } = bench([[A, n(1, 3)]]);
  add(n(1, 5), n(1, 4), { version: n(1, 5) });
  renew(n(1, 10));
  know(n(1, 11));
  assert.deepEqual(take(), [], 'its elder comes again, further on');
  add(n(1, 4), n(1, 3), { version: n(1, 12) });
  add(n(1, 5), n(1, 4), { version: n(1, 13) });
  know(n(1, 13));
  assert.deepEqual(take(), ['1.4', '1.5']);
});

test('what its sender may not send tells of no gap, and what it may send later tells of all', () => {
  const { add, take, allow } = bench([[A, n(1, 1)]]);
  allow(false);
  for (const [count, told] of [
    [2, 50],
    [3, 900],
  ] as const)
    add(n(1, count), n(1, count - 1), { told });
  assert.deepEqual(take(), ['1.2', '1.3']);
  add(n(1, 4), n(1, 3), { told: 901, setAtMs: 0, nowMs: 9_000 });
  assert.deepEqual(take(9_000), [], 'nor where it came late');
  allow(true);
  add(n(1, 5), n(1, 4), { told: 904, nowMs: 9_000, setAtMs: 9_000 });
  assert.deepEqual(take(9_000).length, 2);
});

test('of a life whose boot was lost nobody is told by one who may send nothing', () => {
  const { add, take, allow } = bench([[A, n(5, 3)]]);
  allow(false);
  add(n(2, 1), 0);
  assert.deepEqual(take(), []);
  allow(true);
  add(n(2, 2), n(2, 1));
  assert.deepEqual(take(), ['gap null']);
});

test('what there is no room for waits, and comes in order once there is', () => {
  const { inbox, add, take } = bench();
  for (let count = 1; count <= 5; count++) add(n(1, count), n(1, count - 1));
  assert.deepEqual(take(2_000, 2), ['1.1', '1.2']);
  assert.deepEqual(take(2_000, 0), []);
  assert.equal(inbox.nextDueMs, Number.POSITIVE_INFINITY, 'no time helps');
  add(n(1, 6), n(1, 5));
  assert.deepEqual(take(60_000, 0), []);
  assert.deepEqual(take(60_000), ['1.3', '1.4', '1.5', '1.6'], 'they came in time');
});

test('all that waits is bounded, whoever sends it, and others are taken all the same', () => {
  const { inbox, add, take } = bench();
  const owner = (index: number) => index.toString(16).padStart(32, '0');
  for (let sender = 0; sender < 4_000; sender++)
    for (let count = 2; count < (sender < 30 ? WAITING_MAX : 6); count++) {
      const event = { number: n(1, count), life: 1, told: 0, before: n(1, count - 1), windowMs: 60_000 };
      const about = { version: n(1, count), setAtMs: 2_000 };
      const whole = { ...event, name: 'e', payload: null, question: undefined };
      inbox.add(owner(sender), whole, about, { nowMs: 2_000 });
    }
  assert.ok(inbox.waiting > 8_192 && inbox.waiting <= 8_192 + 4_096, `${inbox.waiting}`);
  add(n(1, 2), n(1, 1));
  add(n(1, 1), 0);
  add(n(1, 2), n(1, 1));
  assert.deepEqual(take(2_000).slice(-1), ['1.1'], 'an elder one takes the place of a newer');
});

test('a cursor goes by the boot that its sender has, and is among the changes', () => {
  const { inbox, add, take } = bench();
  for (let count = 1; count <= 3; count++) add(n(1, count), n(1, count - 1));
  take();
  inbox.cursors(2_000, () => true);
  assert.deepEqual(inbox.changes(), []);
  add(n(2, 3), n(2, 2), { life: 1, told: 2 });
  assert.deepEqual(inbox.changes(), [[A, { number: n(2, 3), life: 1, told: 3 }]]);
  add(n(3, 1), n(2, 3), { life: 3, told: 0 });
  assert.deepEqual(take(), ['3.1'], 'of its next life, which names that number');
});
