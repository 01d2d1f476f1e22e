import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import {
  encodeKeyring,
  encodeWraps,
  KEYRING_KEY,
  type KeyringReport,
  keyRecordKey,
} from '#runtime/crypto/key-records.ts';
import { LAMPORT_MAX } from '#runtime/crypto/key-state.ts';
import { wrapKey } from '#runtime/crypto/key-wrap.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { fingerprintOfByte, namedKeyOf, operate, pskOf, readsOf } from '../../../support/keys.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';
import { CLUSTER, provider } from '../../../support/wire.ts';

const OLD = fingerprintOfByte(1);
const NEW = fingerprintOfByte(2);

/** A cluster of three, and a member that holds the key and says what it likes about keys. */
function withLiar() {
  const pump = new EnginePump({ seed: 8 });
  const nodes = pump.cluster(3);
  const liar = new LyingPeer(pump);
  liar.introduce(nodes[0]);
  const tellValue = (key: string, value: AppValue) =>
    liar.tell(nodes[0], { type: 'blocks', blocks: [liar.block({ key, value, priority: 'urgent' })] });
  const say = (report: Partial<KeyringReport>) =>
    tellValue(
      KEYRING_KEY,
      encodeKeyring({ writes: OLD, reads: [OLD], use: undefined, changes: [], ...report }),
    );
  const installed = (byte: number, lamport: number) => ({
    fingerprint: fingerprintOfByte(byte),
    stamp: { lamport, by: liar.id },
    state: 'installed' as const,
  });
  const giveKey = (byte: number, under = 1) => {
    const nonce = new Uint8Array(24).fill(byte);
    const wrap = wrapKey(provider, {
      cluster: CLUSTER,
      under: namedKeyOf(under),
      key: namedKeyOf(byte),
      nonce,
    });
    tellValue(keyRecordKey(fingerprintOfByte(byte)), encodeWraps([wrap]));
  };
  return { pump, nodes, liar, say, tellValue, installed, giveKey };
}

const drops = (node: PumpNode) => node.engine.counters.drops;

test('records that break the format are counted and change nothing', () => {
  const { nodes, tellValue, liar } = withLiar();
  const id = fromHex(liar.id);
  const old = fromHex(OLD);
  const stamp = [1, id];
  const bad: AppValue[] = [
    null,
    [],
    [old, [old], null],
    [old.slice(1), [old], null, []],
    [old, [], null, []],
    [old, [old, old], null, []],
    [fromHex(NEW), [old], null, []],
    [old, Array.from({ length: 9 }, (_, i) => (i === 0 ? old : fromHex(fingerprintOfByte(i)))), null, []],
    [old, [old], [[0, id], old], []],
    [old, [old], [[2 ** 52, id], old], []],
    [old, [old], [[1.5, id], old], []],
    [old, [old], [[1, id.slice(1)], old], []],
    [old, [old], [stamp, 'text'], []],
    [old, [old], null, [[old, stamp, 2]]],
    [old, [old], null, [[old, stamp]]],
    [
      old,
      [old],
      null,
      [
        [old, stamp, 0],
        [old, stamp, 1],
      ],
    ],
    [old, [old], null, Array.from({ length: 17 }, (_, i) => [fromHex(fingerprintOfByte(i)), stamp, 0])],
  ];
  for (const [i, value] of bad.entries()) {
    tellValue(KEYRING_KEY, value);
    assert.equal(drops(nodes[0]).malformed, i + 1, JSON.stringify(value));
  }
  assert.deepEqual(readsOf(nodes[0]), [OLD]);
  assert.equal(nodes[0].keptKeys.length, 0);
});

test('a key in a record that breaks the format is counted and not taken', () => {
  const { nodes, tellValue, say, installed } = withLiar();
  tellValue(keyRecordKey(NEW), [[fromHex(OLD), new Uint8Array(23), new Uint8Array(48)]]);
  say({ changes: [installed(2, 1)] });
  assert.equal(drops(nodes[0]).malformed, 1);
  assert.equal(nodes[0].keptKeys.length, 0);
});

test('an install that no key opens, or that opens to another key, waits and is shown', () => {
  const { pump, nodes, say, installed, giveKey, tellValue } = withLiar();
  const [node] = nodes;
  giveKey(2, 9);
  say({ changes: [installed(2, 1)] });
  pump.run(100);
  assert.deepEqual(node.engine.keys().waiting, [{ fingerprint: NEW, reason: 'sealed' }]);
  assert.equal(drops(node)['key-refused'], 1);
  const nonce = new Uint8Array(24);
  const wrap = wrapKey(provider, { cluster: CLUSTER, under: namedKeyOf(1), key: namedKeyOf(3), nonce });
  tellValue(keyRecordKey(NEW), encodeWraps([wrap]));
  pump.run(100);
  assert.deepEqual(readsOf(node), [OLD]);
  giveKey(2, 1);
  pump.run(100);
  assert.deepEqual(readsOf(node), [OLD, NEW]);
  assert.deepEqual(node.engine.keys().waiting, []);
});

test('of more keys than may be held the first stay, the others wait until there is room', () => {
  const { pump, nodes, say, installed, giveKey } = withLiar();
  const [node] = nodes;
  const bytes = [11, 12, 13, 14, 15, 16, 17, 18, 19];
  for (const byte of bytes) giveKey(byte);
  say({ changes: bytes.map((byte, i) => installed(byte, i + 1)) });
  pump.run(100);
  assert.equal(readsOf(node).length, 8);
  assert.equal(drops(node)['key-refused'], 2);
  assert.deepEqual(
    node.engine.keys().waiting.map(({ reason }) => reason),
    ['full', 'full'],
  );
  assert.throws(() => operate(pump, node, { type: 'install', psk: pskOf(30) }), { code: 'E_QUOTA' });
  operate(pump, node, { type: 'remove', fingerprint: fingerprintOfByte(11), force: true });
  pump.run(3_000);
  assert.ok(readsOf(node).includes(fingerprintOfByte(18)));
  pump.until(
    () => nodes.every((each) => readsOf(each).length === 8 && !readsOf(each).includes(fingerprintOfByte(11))),
    20_000,
    'all hold eight others',
  );
});

test('no number that a member claims keeps operators from operating', () => {
  const { pump, nodes, say, giveKey, liar } = withLiar();
  const [node] = nodes;
  giveKey(2);
  const removed = (byte: number, lamport: number) => ({
    fingerprint: fingerprintOfByte(byte),
    stamp: { lamport, by: 'ff'.repeat(16) },
    state: 'removed' as const,
  });
  say({ changes: [removed(5, LAMPORT_MAX)] });
  pump.run(100);
  assert.equal(drops(node)['key-refused'], 1);
  // The first number that is heard of may be high, the next ones not much higher.
  say({
    changes: [removed(5, 2 ** 51)],
    use: { fingerprint: NEW, stamp: { lamport: LAMPORT_MAX, by: liar.id } },
  });
  pump.run(100);
  say({ changes: [removed(6, 2 ** 51 + 2 ** 16 + 1)] });
  pump.run(100);
  assert.equal(drops(node)['key-refused'], 3);
  operate(pump, node, { type: 'install', psk: pskOf(3) });
  pump.until(() => nodes.every((each) => readsOf(each).includes(fingerprintOfByte(3))), 20_000, 'installed');
  const [, second] = nodes;
  pump.run(2_000);
  operate(pump, second, { type: 'use', fingerprint: fingerprintOfByte(3), force: true });
  pump.until(
    () => nodes.every((each) => each.engine.keys().members[0].writes === fingerprintOfByte(3)),
    20_000,
    'used',
  );
});

test('a removal of the only key, and the use of one that nobody holds, leave everybody with the key', () => {
  const { pump, nodes, say, liar } = withLiar();
  const stamp = { lamport: 1, by: liar.id };
  say({
    changes: [{ fingerprint: OLD, stamp, state: 'removed' }],
    use: { fingerprint: 'ee'.repeat(8), stamp },
  });
  pump.run(20_000);
  for (const node of nodes) assert.deepEqual(readsOf(node), [OLD]);
  assert.ok(nodes.every((node) => pump.sees(node, nodes, 'alive')));
  // And they can still be brought to another one.
  operate(pump, nodes[0], { type: 'install', psk: pskOf(2) });
  pump.until(() => nodes.every((node) => readsOf(node).includes(NEW)), 20_000, 'installed');
  operate(pump, nodes[0], { type: 'use', fingerprint: NEW, force: true });
  pump.until(
    () => nodes.every((node) => readsOf(node).join() === NEW),
    20_000,
    'used, and the removed one is gone',
  );
});

test('thousands of operations cost the medium one write a second, and are remembered up to a bound', () => {
  const { pump, nodes, say, liar } = withLiar();
  const [node] = nodes;
  const beforeMs = pump.nowMs;
  for (let lamport = 1; lamport <= 2_000; lamport++) {
    const fingerprint = lamport.toString(16).padStart(16, '0');
    say({ changes: [{ fingerprint, stamp: { lamport, by: liar.id }, state: 'removed' }] });
    pump.run(5);
  }
  pump.run(2_000);
  const seconds = (pump.nowMs - beforeMs) / 1_000;
  assert.ok(node.keptKeys.length <= 9 + seconds, String(node.keptKeys.length));
  assert.ok(node.engine.keys().keys.length <= 17);
  assert.ok(
    node.engine.keys().keys.some(({ fingerprint }) => fingerprint === (2_000).toString(16).padStart(16, '0')),
  );
  assert.ok(node.engine.recordCount < 20);
});

test('a flood of wraps is tried at a bounded rate', () => {
  const { pump, nodes, say, installed, giveKey, tellValue } = withLiar();
  const [node] = nodes;
  for (let i = 0; i < 600; i++) {
    const wrap = { under: OLD, nonce: new Uint8Array(24).fill(i), sealed: new Uint8Array(48).fill(i) };
    tellValue(keyRecordKey(NEW), encodeWraps([wrap]));
    say({ changes: [installed(2, i + 1)] });
  }
  assert.ok(drops(node).budget > 200);
  giveKey(2);
  pump.until(() => readsOf(node).includes(NEW), 20_000, 'the true one is taken later');
});
