import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import { agreementKeyFrom } from '#runtime/crypto/agreement-key.ts';
import {
  decodeNotice,
  encodeNotice,
  encodeShares,
  recipientOf,
  SHARES_PER_RECORD,
  sharesFor,
} from '#runtime/trust/epoch-records.ts';
import { openShare, sealShare } from '#runtime/trust/epoch-share.ts';
import { testEpoch } from '../../../support/epochs.ts';
import { provider } from '../../../support/wire.ts';

const ANN = 'a'.repeat(32);
const BEN = 'b'.repeat(32);
const [annKey, benKey, carlKey] = [1, 2, 3].map((seed) =>
  agreementKeyFrom(provider, new Uint8Array(32).fill(seed)),
);
const EPOCH = testEpoch(7);
const ROUTE = { epoch: EPOCH, minter: ANN, recipient: BEN };
const SECRET = EPOCH.secret.reveal();

function sealed(): Uint8Array {
  const share = sealShare(provider, SECRET, { own: annKey, theirKey: benKey.publicKey, route: ROUTE });
  assert.ok(share);
  return share;
}

test('[P-14.4] a share opens for whom it was sealed, and for nobody else', () => {
  const share = sealed();
  const open = (changes: Partial<Parameters<typeof openShare>[2]>, bytes = share) =>
    openShare(provider, bytes, { own: benKey, theirKey: annKey.publicKey, route: ROUTE, ...changes });
  assert.equal(toHex(open({}) ?? new Uint8Array(0)), toHex(SECRET));
  assert.equal(open({ own: carlKey }), undefined);
  assert.equal(open({ theirKey: carlKey.publicKey }), undefined);
  assert.equal(open({ theirKey: new Uint8Array(32) }), undefined);
  assert.equal(open({ route: { ...ROUTE, epoch: testEpoch(8) } }), undefined);
  assert.equal(open({ route: { ...ROUTE, minter: BEN } }), undefined);
  assert.equal(open({}, share.subarray(1)), undefined);
  const bent = share.slice();
  bent[0] ^= 1;
  assert.equal(open({}, bent), undefined);
});

test('shares find their recipient in a record; what is malformed holds none', () => {
  const share = { recipient: recipientOf(BEN), sealed: sealed() };
  const other = { recipient: recipientOf(ANN), sealed: sealed() };
  const value = encodeShares(EPOCH, [other, share, ...Array(SHARES_PER_RECORD - 2).fill(other)]);
  assert.deepEqual(sharesFor(BEN, value)?.sealed, [share.sealed]);
  assert.deepEqual(sharesFor(BEN, value)?.epoch, { number: 7, id: EPOCH.id });
  assert.deepEqual(sharesFor('c'.repeat(32), value)?.sealed, []);
  for (const bad of [
    null,
    [],
    [7],
    [0, EPOCH.id, fromHex('')],
    [7, EPOCH.id.subarray(1), fromHex('')],
    [7, EPOCH.id, fromHex('00')],
  ])
    assert.equal(sharesFor(BEN, bad), undefined);
});

test('a notice survives, what is malformed is none', () => {
  const signature = new Uint8Array(64).fill(9);
  const notice = { number: 7, id: EPOCH.id, revocations: EPOCH.revocations, signature };
  assert.deepEqual(decodeNotice(encodeNotice(notice)), notice);
  for (const bad of [
    null,
    {},
    [7],
    [2 ** 32, EPOCH.id, EPOCH.revocations, signature],
    [7, EPOCH.id, EPOCH.id, signature],
    [7, EPOCH.id, EPOCH.revocations, EPOCH.id],
  ])
    assert.equal(decodeNotice(bad), undefined);
});
