import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  VERDICTS_MAX,
  VERDICTS_PER_MEMBER,
  VerdictLog,
  WITNESSES_MAX,
  type Witness,
} from '#runtime/membership/verdict-log.ts';

const EVIDENCE = { waitedMs: 700, helpers: 3, nacks: 2, localHealth: 0 };
const life = (incarnation: number, boot = 1) => ({ boot, incarnation });

function witness(accuser: string, heardAtMs: number, changes: Partial<Witness> = {}): Witness {
  return { accuser, stage: 'suspect', madeAtMs: heardAtMs - 5, heardAtMs, evidence: EVIDENCE, ...changes };
}

test('a member that was never accused has no log, and its coming and going makes none', () => {
  const log = new VerdictLog();
  log.noteAlive('a', life(3), 10);
  log.noteDown('a', 20);
  log.noteEnd('a', 'left', 30);
  assert.deepEqual(log.of('a'), []);
  assert.equal(log.size, 0);
});

test('a suspicion keeps who accused, when it fell, and how it ended', () => {
  const log = new VerdictLog();
  log.noteAccused('a', life(0), witness('b', 100));
  log.noteAccused('a', life(0), witness('c', 150));
  log.noteDown('a', 2_000);
  log.noteDown('a', 2_500);
  log.noteAlive('a', life(1), 3_000);
  const [verdict] = log.of('a');
  assert.deepEqual(
    { ...verdict, witnesses: verdict?.witnesses.map(({ accuser }) => accuser) },
    {
      ...life(0),
      startedMs: 100,
      downMs: 2_000,
      endedMs: 3_000,
      end: 'refuted',
      accuserCount: 2,
      witnesses: ['b', 'c'],
    },
  );
});

test('how it ended is told by the life that the member is in', () => {
  const ends = [life(1), life(0, 2), life(0)].map((now) => {
    const log = new VerdictLog();
    log.noteAccused('a', life(0), witness('b', 100));
    log.noteAlive('a', now, 200);
    return log.of('a')[0]?.end;
  });
  assert.deepEqual(ends, ['refuted', 'restarted', 'withdrawn']);
  const log = new VerdictLog();
  log.noteAccused('a', life(0), witness('b', 100));
  log.noteDown('a', 150);
  log.noteAlive('a', life(0), 200);
  assert.equal(log.of('a')[0]?.end, 'answered');
});

test('an accusation of a later life shows that the one before was refuted', () => {
  const log = new VerdictLog();
  log.noteAccused('a', life(0), witness('b', 100));
  log.noteAccused('a', life(1), witness('b', 900));
  log.noteAccused('a', life(0, 2), witness('b', 950));
  assert.deepEqual(
    log.of('a').map(({ end, endedMs }) => [end, endedMs]),
    [
      [null, null],
      ['restarted', 950],
      ['refuted', 900],
    ],
  );
});

test('an accuser that says more keeps its place and the time of its first word', () => {
  const log = new VerdictLog();
  log.noteAccused('a', life(0), witness('b', 100));
  log.noteAccused('a', life(0), witness('b', 5_000, { stage: 'down' }));
  const [verdict] = log.of('a');
  assert.equal(verdict?.accuserCount, 1);
  assert.deepEqual(verdict?.witnesses, [witness('b', 100, { stage: 'down' })]);
});

test('a late accusation joins what was refuted, one after a withdrawal begins anew', () => {
  const log = new VerdictLog();
  log.noteAccused('a', life(0), witness('b', 100));
  log.noteAlive('a', life(1), 200);
  log.noteAccused('a', life(0), witness('c', 210));
  assert.equal(log.of('a').length, 1);
  assert.equal(log.of('a')[0]?.accuserCount, 2);
  log.noteAccused('a', life(1), witness('b', 300));
  log.noteAlive('a', life(1), 400);
  log.noteAccused('a', life(1), witness('b', 500));
  assert.equal(log.of('a').length, 3);
});

test('a thousand accusers and a thousand suspicions leave a bounded log', () => {
  const log = new VerdictLog();
  for (let i = 0; i < 1_000; i++) log.noteAccused('a', life(0), witness(`n${i}`, i));
  for (let i = 0; i < 1_000; i++) log.noteAccused('a', life(0), witness(`n${i}`, i, { stage: 'down' }));
  const [verdict] = log.of('a');
  assert.equal(verdict?.witnesses.length, WITNESSES_MAX);
  assert.equal(verdict?.accuserCount, 1_000);
  for (let i = 1; i < 1_000; i++) log.noteAccused('a', life(i), witness('b', i));
  assert.deepEqual(
    log.of('a').map(({ incarnation }) => incarnation),
    [999, 998, 997, 996],
  );
  for (let i = 0; i < 1_000; i++) log.noteAccused(`m${i}`, life(0), witness('b', i));
  assert.ok(log.size <= VERDICTS_MAX && log.size > VERDICTS_MAX - VERDICTS_PER_MEMBER, `${log.size}`);
  assert.deepEqual(log.of('a'), [], 'whose last suspicion is the oldest goes first');
  assert.equal(log.of('m999').length, 1);
});
