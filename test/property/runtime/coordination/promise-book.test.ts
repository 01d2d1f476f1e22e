import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PromiseBook } from '#runtime/coordination/lease/promise-book.ts';
import { decodeVoterState, encodeVoterState, FRESH_VOTER } from '#runtime/coordination/lease/voter-state.ts';

const STEP = fc.record({
  what: fc.constantFrom('claim', 'claim', 'claim', 'release', 'end', 'restart'),
  name: fc.integer({ min: 0, max: 40 }),
  who: fc.integer({ min: 0, max: 2 }),
  ballot: fc.integer({ min: 1, max: 30 }),
  afterMs: fc.integer({ min: 0, max: 4_000 }),
});

test('whatever is asked, one claim has a promise at a time, and no ballot is granted to two', () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 200 }), (steps) => {
      let book = new PromiseBook(FRESH_VOTER, 0);
      let nowMs = 0;
      let number = 0;
      const held = new Map<number, { who: number; untilMs: number }>();
      const ballots = new Map<string, number>();
      let floor = 0;
      for (const { what, name, who, ballot, afterMs } of steps) {
        nowMs += afterMs;
        number++;
        const claimant = {
          holder: `${who}`.repeat(32),
          boot: 1,
          claim: `${who}`.repeat(16),
          name: `n${name}`,
        };
        if (what === 'end') book.end(nowMs);
        else if (what === 'restart') {
          const bytes = encodeVoterState({ ...FRESH_VOTER, floor: book.floor, promises: book.promises() });
          book = new PromiseBook(decodeVoterState(bytes) ?? assert.fail('unreadable'), nowMs);
        } else if (what === 'release') {
          if (book.release({ ...claimant, number })) held.delete(name);
        } else {
          const outcome = book.claim({ ...claimant, ballot, fence: 0, ttlMs: 2_000, number }, nowMs);
          if (outcome.verdict !== 'granted') continue;
          const before = held.get(name);
          assert.ok(before === undefined || before.who === who || before.untilMs <= nowMs, 'two at once');
          held.set(name, { who, untilMs: nowMs + 2_000 });
          const spent = ballots.get(`${name}/${ballot}`);
          assert.ok(spent === undefined || spent === who, `ballot ${ballot} of n${name} was another's`);
          ballots.set(`${name}/${ballot}`, who);
        }
        assert.ok(book.floor >= floor);
        floor = book.floor;
      }
    }),
  );
});
