import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetLaw } from '#runtime/trust/fleet-law.ts';
import { decodeKeptTrust, encodeKeptTrust } from '#runtime/trust/kept-trust.ts';
import type { TrustState } from '#runtime/trust/trust.ts';
import { testEpoch } from '../../../support/epochs.ts';
import { anchors, OTHER_ROOT, provider, ROOT, rootBytes, START } from '../../../support/pki.ts';

const STATE: TrustState = {
  law: { objects: [rootBytes(OTHER_ROOT, ROOT)], floorSeconds: START + 5 },
  epochs: [testEpoch(7, 7, 3), testEpoch(6)],
  chain: [Uint8Array.of(1, 2), Uint8Array.of(3)],
};
const kept = () => encodeKeptTrust(provider, anchors(), STATE).reveal();
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const changed = (from: string | RegExp, to: string) =>
  new TextEncoder().encode(text(kept()).replace(from, to));

test('epochs, the law and the time floor come back as they were', () => {
  const back = decodeKeptTrust(provider, anchors(), kept());
  assert.ok(typeof back === 'object');
  assert.deepEqual(back.state.law, STATE.law);
  assert.deepEqual(back.state.chain, STATE.chain);
  assert.deepEqual(
    back.state.epochs.map(({ number, id, secret }) => [number, id, secret.reveal()]),
    STATE.epochs.map(({ number, id, secret }) => [number, id, secret.reveal()]),
  );
  assert.deepEqual(new FleetLaw(provider, anchors(), back.state.law).anchors.roots.length, 2);
});

test('the bytes are held as a secret', () => {
  assert.equal(String(encodeKeptTrust(provider, anchors(), STATE)), '[redacted]');
});

test('what is of another cluster, or of roots that this node was never told of, is foreign', () => {
  assert.equal(decodeKeptTrust(provider, anchors(), changed('hillside', 'valley')), 'foreign');
  // That root is one which the kept law endorses: a node may be told of the newer of two alone.
  assert.equal(
    typeof decodeKeptTrust(provider, anchors(rootBytes(OTHER_ROOT, OTHER_ROOT)), kept()),
    'object',
  );
  const none = encodeKeptTrust(provider, anchors(), { ...STATE, law: { objects: [], floorSeconds: 0 } });
  assert.equal(
    decodeKeptTrust(provider, anchors(rootBytes(OTHER_ROOT, OTHER_ROOT)), none.reveal()),
    'foreign',
  );
});

test('anything else is damaged, and never an exception', () => {
  const bad = [
    new Uint8Array(0),
    Uint8Array.of(0xff),
    new TextEncoder().encode('null'),
    new TextEncoder().encode('[]'),
    changed(/"floorSeconds":\d+/, '"floorSeconds":-1'),
    changed(/"floorSeconds":\d+/, '"floorSeconds":1e300'),
    changed(/"objects":\["/, '"objects":["z'),
    changed(/"number":7/, '"number":0'),
    changed(/"number":7/, '"number":4294967296'),
    changed(/"secret":"0707/, '"secret":"07'),
    changed(/"secret":"07/, '"secret":"zz'),
    changed(/"revocations":"/, '"revocations":"00'),
    changed(/"warrant":""/, `"warrant":"${'00'.repeat(1_200)}"`),
    changed(/"epochs":\[/, `"epochs":[${'null,'.repeat(3)}`),
    changed('hillside"', 'hillside'),
    changed(/"roots":\[[^\]]*\]/, '"roots":{}'),
  ];
  for (const bytes of bad) assert.equal(decodeKeptTrust(provider, anchors(), bytes), 'damaged', text(bytes));
  const many = { ...STATE, epochs: Array.from({ length: 9 }, (_, i) => testEpoch(i + 1)) };
  assert.equal(
    decodeKeptTrust(provider, anchors(), encodeKeptTrust(provider, anchors(), many).reveal()),
    'damaged',
  );
});
