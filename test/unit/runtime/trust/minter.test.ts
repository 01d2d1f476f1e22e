import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Epoch } from '#runtime/trust/epoch.ts';
import { Minter, type MintView } from '#runtime/trust/minter.ts';
import { testEpoch } from '../../../support/epochs.ts';

const [ANN, BEN, CARL] = ['a', 'b', 'c'].map((digit) => digit.repeat(32));
const SETTINGS = { epochMs: 60_000, foundingMs: 3_000 };

function view(changes: Partial<MintView> & { highest?: Epoch }): MintView {
  return {
    self: ANN,
    keymasters: [BEN, ANN],
    highest: testEpoch(4),
    sinceMs: 100,
    hasNumber: true,
    standing: 'stands',
    revocations: 0,
    ...changes,
  };
}

test('who is no keymaster never mints', () => {
  const minter = new Minter(SETTINGS);
  assert.equal(minter.due(view({ self: CARL, revocations: 5 }), 0), undefined);
});

test('a keymaster that finds no cluster begins one after a while', () => {
  const minter = new Minter(SETTINGS);
  assert.deepEqual(minter.due({ ...view({}), highest: undefined }, 0), { reason: 'none', atMs: 3_100 });
});

test('an epoch of age is followed by the first keymaster, by the next where the first does nothing', () => {
  const minter = new Minter(SETTINGS);
  assert.deepEqual(minter.due(view({}), 0), { reason: 'age', atMs: 60_100 });
  assert.deepEqual(minter.due(view({ self: BEN }), 0), { reason: 'age', atMs: 90_100 });
});

test('a revocation that the epoch does not know calls for the next at once', () => {
  const minter = new Minter(SETTINGS);
  assert.deepEqual(minter.due(view({ revocations: 1 }), 500), { reason: 'revoked', atMs: 500 });
  assert.deepEqual(minter.due(view({ revocations: 1 }), 900), { reason: 'revoked', atMs: 500 });
  assert.deepEqual(minter.due(view({ revocations: 2 }), 900), { reason: 'revoked', atMs: 900 });
  assert.deepEqual(new Minter(SETTINGS).due(view({ self: BEN, revocations: 1 }), 500)?.atMs, 1_500);
});

test('who knows fewer revocations than the epoch waits for the news and undoes nothing', () => {
  const minter = new Minter(SETTINGS);
  const due = minter.due(view({ highest: testEpoch(4, 4, 2), revocations: 1 }), 500);
  assert.equal(due?.reason, 'age');
});

test('[P-14.11] the mark of an epoch says nothing once its minter is revoked: the next one is due at once', () => {
  for (const revocations of [1, 2, 3]) {
    const lying = view({ highest: testEpoch(4, 4, 2), revocations, standing: 'revoked' });
    assert.deepEqual(new Minter(SETTINGS).due(lying, 500), { reason: 'revoked', atMs: 500 });
  }
});

test('[P-14.11] an epoch that no newcomer takes any more is followed early, but not at once and not by all', () => {
  const lapsed = view({ standing: 'lapsed' });
  assert.deepEqual(new Minter(SETTINGS).due(lapsed, 500), { reason: 'age', atMs: 10_100 });
  assert.deepEqual(new Minter(SETTINGS).due({ ...lapsed, self: BEN }, 500), { reason: 'age', atMs: 40_100 });
});

test('where no number is left no more are minted', () => {
  const minter = new Minter(SETTINGS);
  assert.equal(minter.due(view({ revocations: 1, hasNumber: false }), 500), undefined);
});
