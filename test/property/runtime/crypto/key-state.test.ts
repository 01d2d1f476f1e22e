import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type KeyChange, KeyState, type KeyUse } from '#runtime/crypto/key-state.ts';

const fingerprint = fc.integer({ min: 0, max: 9 }).map((n) => n.toString(16).padStart(16, '0'));
const stamp = fc.record({
  lamport: fc.integer({ min: 1, max: 6 }),
  by: fc.integer({ min: 0, max: 3 }).map((n) => n.toString(16).padStart(32, '0')),
});
/** One giver gives each number once: an operation is known by its stamp. */
const operations = fc
  .array(
    fc.record({
      fingerprint,
      stamp,
      kind: fc.constantFrom('installed' as const, 'removed' as const, 'use' as const),
    }),
    { maxLength: 30 },
  )
  .map((all) => [...new Map(all.map((each) => [JSON.stringify(each.stamp), each])).values()]);

function apply(state: KeyState, { kind, ...about }: { kind: string } & KeyUse): KeyState {
  return kind === 'use' ? state.withUse(about) : state.with({ ...about, state: kind } as KeyChange);
}

function textOf(state: KeyState): string {
  const changes = [...state.changes].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
  return JSON.stringify([changes, state.use]);
}

// [P-10.4]
test('operations make the same state in whatever order and however often they are heard', () => {
  fc.assert(
    fc.property(
      operations.chain((all) =>
        fc.tuple(
          fc.constant(all),
          fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
          fc.subarray(all),
        ),
      ),
      ([all, shuffled, again]) => {
        const one = all.reduce(apply, KeyState.empty);
        const other = [...shuffled, ...again].reduce(apply, KeyState.empty);
        assert.equal(textOf(one), textOf(other));
      },
    ),
  );
});

test('an operation of its own outdoes all that a node knows', () => {
  fc.assert(
    fc.property(operations, fingerprint, (all, key) => {
      const state = all.reduce(apply, KeyState.empty);
      const next = { fingerprint: key, stamp: state.nextStamp('00'.repeat(16)), state: 'removed' as const };
      assert.ok(state.isNews(next) && state.believes(next.stamp));
      assert.equal(state.with(next).of(key), next);
    }),
  );
});
