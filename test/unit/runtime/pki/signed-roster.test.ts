import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Roster } from '#runtime/core/roster.ts';
import { newestOf } from '#runtime/pki/newest.ts';
import { type RosterClaims, signRoster, verifySignedRoster } from '#runtime/pki/signed-roster.ts';
import { accepted, anchors, CLUSTER, DEVICE, provider, ROOT, reasonOf, START } from '../../../support/pki.ts';

const [A, B, C] = ['0a', '0b', '0c'].map((byte) => byte.repeat(16));
const ROSTER: Roster = { version: 4, voters: [A, B, C], previous: [A] };
const CLAIMS: RosterClaims = { cluster: CLUSTER, issuedAt: START, roster: ROSTER };

const signed = (changes: Partial<RosterClaims> = {}, by = ROOT) =>
  signRoster(provider, by, { ...CLAIMS, ...changes });

test('[P-11.15] a roster survives its encoding, in the order of the ids', () => {
  const shuffled = { version: 4, voters: [C, A, B], previous: [A] };
  const read = accepted(verifySignedRoster(anchors(), signed({ roster: shuffled })));
  assert.deepEqual(read.roster, ROSTER);
  assert.equal(read.provenSeconds, START);
});

test('[P-11.15] only a root of the cluster names voters', () => {
  assert.equal(reasonOf(verifySignedRoster(anchors(), signed({}, DEVICE))), 'unknown-issuer');
  assert.equal(reasonOf(verifySignedRoster(anchors(), signed({ cluster: 'elsewhere' }))), 'wrong-cluster');
  const changed = signed();
  changed[changed.length - 1] ^= 1;
  assert.equal(reasonOf(verifySignedRoster(anchors(), changed)), 'bad-signature');
  assert.equal(reasonOf(verifySignedRoster(anchors(), signed().subarray(0, 50))), 'truncated');
});

test('the higher version counts, and of equal versions the same one for all', () => {
  const read = (roster: Roster) => accepted(verifySignedRoster(anchors(), signed({ roster })));
  const [old, next] = [read(ROSTER), read({ ...ROSTER, version: 5 })];
  assert.equal(newestOf(old, next, anchors()), next);
  assert.equal(newestOf(next, old, anchors()), next);
  const other = read({ ...ROSTER, voters: [A, B] });
  assert.equal(newestOf(old, other, anchors()), newestOf(other, old, anchors()));
});

test('what is no roster is not signed', () => {
  const none = (roster: Roster) => assert.throws(() => signed({ roster }), RangeError);
  none({ ...ROSTER, version: 0 });
  none({ ...ROSTER, voters: [] });
  none({ ...ROSTER, voters: [A, A] });
  none({ ...ROSTER, voters: Array.from({ length: 8 }, (_, i) => `0${i}`.repeat(16)) });
});
