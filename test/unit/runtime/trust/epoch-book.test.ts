import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Keyring } from '#runtime/crypto/keyring.ts';
import { compareEpochs, EPOCH_NUMBER_MAX, type Epoch, groupKeyOfEpoch } from '#runtime/trust/epoch.ts';
import { EpochBook, FOLLOW_MS, RELAY_MS } from '#runtime/trust/epoch-book.ts';
import { testEpoch } from '../../../support/epochs.ts';
import { provider } from '../../../support/wire.ts';

const LATER = { atOnce: false };
const NOW = 1_000;

function book(disowned: readonly Epoch[] = []) {
  const keyrings: Keyring[] = [];
  const epochs = new EpochBook({
    provider,
    cluster: 'test',
    onKeyring: (keyring) => keyrings.push(keyring),
    isDisowned: (epoch) => disowned.includes(epoch),
  });
  const keyOf = (...args: Parameters<typeof testEpoch>) =>
    groupKeyOfEpoch(provider, testEpoch(...args), 'test');
  const reads = (...args: Parameters<typeof testEpoch>) => keyrings.at(-1)?.has(keyOf(...args)) ?? false;
  const writes = (...args: Parameters<typeof testEpoch>) =>
    keyrings.at(-1)?.writing.key.equals(keyOf(...args).key) ?? false;
  return { epochs, keyrings, reads, writes };
}

test('the first epoch is written under at once', () => {
  const { epochs, writes } = book();
  assert.equal(epochs.adopt(testEpoch(1), NOW, LATER), true);
  assert.ok(writes(1));
  assert.equal(epochs.nextMs, Number.POSITIVE_INFINITY);
});

test('a rotation by time is read at once, written a little later, and leaves the one before readable', () => {
  const { epochs, reads, writes } = book();
  epochs.adopt(testEpoch(1), 0, LATER);
  epochs.adopt(testEpoch(2), NOW, LATER);
  assert.ok(reads(2) && writes(1));
  assert.equal(epochs.nextMs, NOW + FOLLOW_MS);
  assert.equal(epochs.onTimeout(NOW + FOLLOW_MS - 1), false);
  assert.equal(epochs.onTimeout(NOW + FOLLOW_MS), true);
  assert.ok(writes(2) && reads(1));
  epochs.adopt(testEpoch(3), NOW + 20_000, { atOnce: true });
  assert.ok(writes(3) && reads(2) && !reads(1));
});

test('after a revocation nothing older is read, once the news was passed on', () => {
  const { epochs, reads, writes } = book();
  epochs.adopt(testEpoch(1), 0, LATER);
  epochs.adopt(testEpoch(2), 10, { atOnce: true });
  epochs.adopt(testEpoch(3, 3, 1), NOW, LATER);
  assert.ok(writes(2));
  assert.equal(epochs.nextMs, NOW + RELAY_MS);
  epochs.onTimeout(NOW + RELAY_MS);
  assert.ok(writes(3) && !reads(2) && !reads(1));
});

test('the highest wins: by number, then by id, whatever comes in which order', () => {
  const [low, high] = [testEpoch(2, 7), testEpoch(2, 8)].sort(compareEpochs);
  for (const order of [
    [low, high],
    [high, low],
  ]) {
    const { epochs } = book();
    for (const epoch of order) epochs.adopt(epoch, NOW, { atOnce: true });
    assert.equal(epochs.highest, high);
    assert.equal(epochs.adopt(testEpoch(1), NOW, { atOnce: true }), false);
    assert.equal(epochs.highest, high);
  }
});

test('what is overtaken before it was written under is skipped', () => {
  const { epochs, reads, writes } = book();
  epochs.adopt(testEpoch(1), 0, LATER);
  epochs.adopt(testEpoch(2), NOW, LATER);
  epochs.adopt(testEpoch(3), NOW + 100, LATER);
  epochs.onTimeout(NOW + 100 + FOLLOW_MS);
  assert.ok(writes(3) && reads(1) && !reads(2));
});

test('what was saved is there again after a start', () => {
  const { epochs, reads, writes } = book();
  epochs.restore([testEpoch(5), testEpoch(4)], NOW);
  assert.ok(writes(5) && reads(4));
});

test('[P-14.11] an epoch whose minter was revoked is not read beside its successor, whatever its mark says', () => {
  const rotten = testEpoch(2, 2, 1);
  const { epochs, reads, writes } = book([rotten]);
  epochs.adopt(rotten, 0, LATER);
  epochs.adopt(testEpoch(3, 3, 1), NOW, LATER);
  assert.equal(epochs.nextMs, NOW + RELAY_MS);
  epochs.onTimeout(NOW + RELAY_MS);
  assert.ok(writes(3, 3, 1) && !reads(2, 2, 1));
});

test('[P-14.11] numbers that a revoked minter used up go on from before; those of others do not', () => {
  const last = testEpoch(EPOCH_NUMBER_MAX, 9);
  const disowned: Epoch[] = [];
  const { epochs, writes } = book(disowned);
  assert.equal(epochs.nextNumber, 1);
  epochs.adopt(testEpoch(6), 0, LATER);
  assert.equal(epochs.nextNumber, 7);
  epochs.adopt(last, 10, { atOnce: true });
  assert.equal(epochs.nextNumber, undefined);
  assert.equal(epochs.adopt(testEpoch(7), NOW, { atOnce: true }), false);
  disowned.push(last);
  assert.equal(epochs.nextNumber, 7);
  assert.equal(epochs.isNews(last), false);
  assert.equal(epochs.adopt(testEpoch(7), NOW, { atOnce: true }), true);
  assert.ok(writes(7));
  assert.equal(epochs.adopt(testEpoch(6), NOW, { atOnce: true }), false);
});
