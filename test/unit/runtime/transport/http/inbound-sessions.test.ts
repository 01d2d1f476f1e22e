import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SESSION_PORT_MIN } from '#runtime/core/endpoint.ts';
import { type InboundSession, InboundSessions } from '#runtime/transport/http/inbound-sessions.ts';
import {
  NEW_SESSIONS,
  REQUESTS,
  SESSION_IDLE_MS,
  SESSION_LOST_MS,
  SESSIONS_MAX,
  SESSIONS_PER_SOURCE,
  STRANGERS_MAX,
} from '#runtime/transport/http/limits.ts';
import { SourceLimiter, sourceOf } from '#runtime/transport/http/source-limiter.ts';

/** At this distance a source may begin sessions without end. */
const GAP_MS = 1_000 / NEW_SESSIONS.perSecond;

const nameOf = (n: number) => n.toString(16).padStart(32, '0');

function open(
  sessions: InboundSessions,
  n: number,
  { address = `10.0.${n >> 8}.${n & 255}`, nowMs = 0 } = {},
) {
  return sessions.take(nameOf(n), { address, link: 'eth0', nowMs });
}

function known(sessions: InboundSessions, n: number, about = {}): InboundSession {
  const session = open(sessions, n, about);
  assert.ok(typeof session !== 'string');
  session.isKnown = true;
  return session;
}

test('[P-19.9] each session is a place of its own, with a port above all ports, and stays it', () => {
  const sessions = new InboundSessions();
  const [a, b] = [known(sessions, 1), known(sessions, 2)];
  assert.ok(a.port >= SESSION_PORT_MIN && b.port > a.port);
  assert.equal(open(sessions, 1), a);
  assert.equal(sessions.at(a.port), a);
  assert.equal(sessions.at(a.port - 1), undefined);
});

test('[P-19.7] one address has so many sessions, and others find room all the same', () => {
  const sessions = new InboundSessions();
  for (let n = 0; n < SESSIONS_PER_SOURCE; n++)
    known(sessions, n, { address: '10.0.0.1', nowMs: n * GAP_MS });
  const nowMs = SESSIONS_PER_SOURCE * GAP_MS;
  assert.equal(open(sessions, 1_000, { address: '10.0.0.1', nowMs }), 'source-full');
  assert.notEqual(typeof open(sessions, 1_000, { address: '10.0.0.2', nowMs }), 'string');
});

test('[P-19.7] strangers of an address give way to newcomers of that address, members never', () => {
  const sessions = new InboundSessions();
  const address = '10.0.0.1';
  for (let n = 0; n < SESSIONS_PER_SOURCE - 2; n++) known(sessions, n, { address, nowMs: n * GAP_MS });
  for (let n = 1_000; n < 1_010; n++)
    assert.notEqual(typeof open(sessions, n, { address, nowMs: n * GAP_MS }), 'string');
  assert.deepEqual(
    sessions.all().flatMap(({ id, isKnown }) => (isKnown ? [] : [id])),
    [nameOf(1_008), nameOf(1_009)],
  );
});

test('[P-19.7] an IPv6 network counts as one address', () => {
  const sessions = new InboundSessions();
  const at = (n: number) => `fd00::${(n + 1).toString(16)}`;
  for (let n = 0; n < SESSIONS_PER_SOURCE; n++) known(sessions, n, { address: at(n), nowMs: n * GAP_MS });
  const nowMs = SESSIONS_PER_SOURCE * GAP_MS;
  assert.equal(open(sessions, 9_999, { address: 'fd00::ffff', nowMs }), 'source-full');
  assert.notEqual(typeof open(sessions, 9_999, { address: 'fd00:0:0:1::1', nowMs }), 'string');
  assert.deepEqual(['10.0.0.1', 'fd00::1:2:3:4', '?'].map(sourceOf), ['10.0.0.1', 'fd00::', '?']);
});

test('[P-19.7] whom no member has shown to be at gives way to newcomers, members never', () => {
  const sessions = new InboundSessions();
  for (let n = 0; n < 100; n++) known(sessions, n);
  for (let n = 1_000; n < 1_000 + 10 * STRANGERS_MAX; n++) open(sessions, n, { nowMs: n });
  assert.equal(sessions.size, 100 + STRANGERS_MAX);
  for (let n = 100; n < SESSIONS_MAX; n++) known(sessions, n, { nowMs: 5_000 });
  assert.equal(sessions.size, SESSIONS_MAX);
  for (let n = 0; n < SESSIONS_MAX; n++) assert.equal(known(sessions, n).id, nameOf(n));
  assert.equal(open(sessions, 9_999), 'full');
});

test('[P-19.4] a session that nobody asks for is over, sooner where its connection broke, never while a request waits', () => {
  const sessions = new InboundSessions();
  const [idle, lost, waiting] = [known(sessions, 1), known(sessions, 2), known(sessions, 3)];
  lost.isLost = true;
  waiting.requests = 1;
  assert.deepEqual(sessions.sweep(SESSION_LOST_MS), []);
  assert.deepEqual(sessions.sweep(SESSION_LOST_MS + 1), [lost]);
  assert.deepEqual(sessions.sweep(SESSION_IDLE_MS + 1), [idle]);
  assert.deepEqual(sessions.all(), [waiting]);
  assert.equal(sessions.at(idle.port), undefined);
});

test('[P-19.7] an address that asks too often waits, and nobody else does', () => {
  const limiter = new SourceLimiter(REQUESTS);
  let passed = 0;
  for (let i = 0; i < 1_000; i++) if (limiter.take('10.0.0.1', 0)) passed++;
  assert.equal(passed, REQUESTS.burst);
  assert.equal(limiter.take('10.0.0.2', 0), true);
  assert.equal(limiter.take('10.0.0.1', 10), true, 'four more after 10 ms');
});

test('[P-19.7] while somebody opens sessions all the time whoever else comes by a slow line is let in', () => {
  const sessions = new InboundSessions();
  const stormUntil = (fromMs: number, untilMs: number) => {
    for (let ms = fromMs; ms < untilMs; ms += 2.5)
      open(sessions, 1_000_000 + ms * 2, { address: '203.0.113.9', nowMs: ms });
  };
  stormUntil(0, 20_000);
  const first = open(sessions, 1, { address: '10.0.0.1', nowMs: 20_000 });
  stormUntil(20_000, 20_300);
  assert.ok(typeof first !== 'string');
  assert.equal(sessions.at(first.port), first, 'it is there at its second request');
  stormUntil(20_300, 30_000);
  assert.equal(sessions.at(first.port), first, 'and long after');
  const beside = open(sessions, 2, { address: '203.0.113.9', nowMs: 31_000 });
  assert.ok(typeof beside !== 'string');
  stormUntil(31_000, 36_000);
  assert.equal(sessions.at(beside.port), beside, 'and a neighbour of the intruder, once it found its turn');
});

test('[P-19.7] who went on from session to session is a stranger at those that it left', () => {
  const left = new Set<string>();
  const sessions = new InboundSessions(({ id }) => !left.has(id));
  const address = '10.0.0.1';
  for (let n = 0; n < SESSIONS_PER_SOURCE; n++) known(sessions, n, { address, nowMs: n * GAP_MS });
  const nowMs = SESSIONS_PER_SOURCE * GAP_MS;
  assert.equal(open(sessions, 1_000, { address, nowMs }), 'source-full');
  for (let n = 3; n < 9; n++) left.add(nameOf(n));
  assert.notEqual(typeof open(sessions, 1_000, { address, nowMs }), 'string');
  const ids = sessions.all().map(({ id }) => id);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((n) => ids.includes(nameOf(n))),
    [true, true, true, false, true],
  );
});
