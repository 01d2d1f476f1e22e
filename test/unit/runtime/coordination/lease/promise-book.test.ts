import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PromiseBook, type Request } from '#runtime/coordination/lease/promise-book.ts';
import { decodeVoterState, encodeVoterState, FRESH_VOTER } from '#runtime/coordination/lease/voter-state.ts';
import { PROMISES_MAX } from '#runtime/core/limits.ts';

const ask = (change: Partial<Request> = {}): Request => ({
  name: 'uplink',
  holder: 'aa'.repeat(16),
  boot: 1,
  claim: '01'.repeat(8),
  ballot: 1,
  fence: 0,
  ttlMs: 10_000,
  number: 5,
  ...change,
});
const RIVAL = { holder: 'bb'.repeat(16), claim: '02'.repeat(8), ballot: 9 };
const bookOf = () => new PromiseBook(FRESH_VOTER, 0);

test('one claim has the promise until its time is over', () => {
  const book = bookOf();
  assert.deepEqual(book.claim(ask(), 100), { verdict: 'granted', isNew: true });
  assert.deepEqual(book.claim(ask(RIVAL), 10_099), { verdict: 'taken', leftMs: 1 });
  assert.deepEqual(book.claim(ask(RIVAL), 10_100), { verdict: 'granted', isNew: true });
  assert.equal(book.top, 9);
});

test('a renewal lasts from when it came, and needs no write', () => {
  const book = bookOf();
  book.claim(ask(), 0);
  assert.deepEqual(book.claim(ask({ number: 6, fence: 1 }), 4_000), { verdict: 'granted', isNew: false });
  assert.deepEqual(book.claim(ask(RIVAL), 13_999), { verdict: 'taken', leftMs: 1 });
});

test('another life or another claim of the same node is somebody else', () => {
  const book = bookOf();
  book.claim(ask(), 0);
  for (const other of [{ boot: 2 }, { claim: '03'.repeat(8) }])
    assert.equal(book.claim(ask({ ...other, ballot: 9, number: 9 }), 1).verdict, 'taken');
});

test('ballots only rise, whoever asks', () => {
  const book = bookOf();
  book.claim(ask({ ballot: 5 }), 0);
  assert.equal(book.claim(ask({ ballot: 4, number: 6 }), 1).verdict, 'ballot');
  assert.equal(book.claim(ask({ ballot: 7, fence: 5, number: 7 }), 1).verdict, 'granted');
  assert.equal(book.claim(ask({ ...RIVAL, ballot: 7 }), 20_000).verdict, 'ballot');
  assert.equal(book.claim(ask({ ...RIVAL, ballot: 8 }), 20_000).verdict, 'granted');
});

test('a released lease is free at once, and a question that was overtaken does not take it back', () => {
  const book = bookOf();
  book.claim(ask(), 0);
  assert.equal(book.release({ ...ask(), claim: RIVAL.claim }), false);
  assert.equal(book.release(ask({ number: 4 })), false);
  assert.equal(book.release(ask({ number: 7 })), true);
  assert.equal(book.claim(ask({ number: 6 }), 1).verdict, 'overtaken');
  assert.equal(book.claim(ask(RIVAL), 1).verdict, 'granted');
  assert.equal(book.release(ask({ number: 8 })), false);
});

test('what ended goes first when there is no room, and its ballot stays spent', () => {
  const book = bookOf();
  for (let i = 0; i < PROMISES_MAX; i++)
    book.claim(ask({ name: `n${i}`, ballot: 100 + i, ttlMs: 2_000 + i }), 0);
  assert.equal(book.claim(ask({ name: 'more', ballot: 500 }), 1).verdict, 'full');
  assert.equal(book.claim(ask({ name: 'more', ballot: 500 }), 2_000).verdict, 'granted');
  assert.deepEqual([book.floor, book.get('n0')], [100, undefined]);
  assert.equal(book.claim(ask({ name: 'n0', ballot: 100 }), 9_000).verdict, 'ballot');
  assert.equal(book.claim(ask({ name: 'n0', ballot: 101 }), 9_000).verdict, 'granted');
  assert.equal(book.promises().length, PROMISES_MAX);
});

test('after a restart a promise stands for its whole time, and one that had ended does not', () => {
  const before = bookOf();
  before.claim(ask(), 0);
  before.claim(ask({ name: 'other' }), 0);
  before.release(ask({ name: 'other', number: 9 }));
  const state = { ...FRESH_VOTER, floor: 3, promises: before.promises() };
  const kept = decodeVoterState(encodeVoterState(state));
  assert.deepEqual(kept, state);
  const after = new PromiseBook(state, 1_000_000);
  assert.deepEqual(after.claim(ask(RIVAL), 1_009_999), { verdict: 'taken', leftMs: 1 });
  assert.equal(after.claim(ask({ ...RIVAL, name: 'other' }), 1_000_001).verdict, 'granted');
  assert.deepEqual(after.end(1_010_000), ['uplink']);
});

test('bytes that are no state are refused whole', () => {
  const bytes = encodeVoterState({ ...FRESH_VOTER, promises: [] });
  for (let length = 0; length < bytes.length; length++)
    assert.equal(decodeVoterState(bytes.slice(0, length)), undefined);
  const [promise] = (() => {
    const book = bookOf();
    book.claim(ask(), 0);
    return book.promises();
  })();
  const many = Array.from({ length: PROMISES_MAX + 1 }, () => promise);
  assert.equal(decodeVoterState(encodeVoterState({ ...FRESH_VOTER, promises: many })), undefined);
});
