import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeKeptKeys } from '#runtime/crypto/kept-keys.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { fingerprintOfByte, operate, pskOf, readsOf, unknownKeyDrops } from '../../../support/keys.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';
import { keyringOf, provider } from '../../../support/wire.ts';

const OLD = fingerprintOfByte(1);
const NEW = fingerprintOfByte(2);

/** Rotates from the stock key to that of byte 2, all following in time. */
function rotate(pump: EnginePump, nodes: readonly PumpNode[]): void {
  const [operator] = nodes;
  operate(pump, operator, { type: 'install', psk: pskOf(2) });
  untilAll(pump, nodes, 'install', (node) => readsOf(node).includes(NEW));
  untilAll(pump, nodes, 'seen', () =>
    operator.engine.keys().members.every(({ reads }) => reads.includes(NEW)),
  );
  operate(pump, operator, { type: 'use', fingerprint: NEW });
  untilAll(pump, nodes, 'use', () => operator.engine.keys().members.every(({ writes }) => writes === NEW));
  operate(pump, operator, { type: 'remove', fingerprint: OLD });
  untilAll(pump, nodes, 'remove', (node) => readsOf(node).join() === NEW);
}

function untilAll(
  pump: EnginePump,
  nodes: readonly PumpNode[],
  what: string,
  holds: (node: PumpNode) => boolean,
): void {
  pump.until(() => nodes.every(holds), 60_000, what);
}

test('a rotation under loss, with a partition that heals in its midst, drops not one packet and loses no update', () => {
  // B-119
  const pump = new EnginePump({ seed: 7, latencyMs: 2 });
  const nodes = pump.cluster(20);
  const [operator] = nodes;
  const far = new Set(nodes.slice(12));
  let cut = false;
  pump.drop = (from, to) => (cut && far.has(from) !== far.has(to)) || pump.random() < 0.1;
  let round = 0;
  const update = () => {
    round++;
    for (const node of nodes)
      pump.mutate(node, (engine, nowMs) => engine.put(nowMs, 'round', round, { priority: 'urgent' }));
    pump.run(100);
  };
  const updateUntil = (holds: () => boolean, what: string) => {
    for (let i = 0; !holds(); i++) {
      assert.ok(i < 600, what);
      update();
    }
  };
  const all = (holds: (node: PumpNode) => boolean) => () => nodes.every(holds);
  const told = (holds: (keys: { reads: readonly string[]; writes: string | null }) => boolean) => () =>
    operator.engine.keys().members.every(holds);

  update();
  operate(pump, operator, { type: 'install', psk: pskOf(2) });
  updateUntil(
    told(({ reads }) => reads.includes(NEW)),
    'installed',
  );
  cut = true;
  operate(pump, operator, { type: 'use', fingerprint: NEW });
  updateUntil(() => operator.engine.keys().members[0].writes === NEW, 'used here');
  for (let i = 0; i < 20; i++) update();
  assert.ok([...far].every((node) => node.engine.keys().members[0].writes === OLD));
  cut = false;
  updateUntil(
    told(({ writes }) => writes === NEW),
    'used everywhere',
  );
  operate(pump, operator, { type: 'remove', fingerprint: OLD });
  updateUntil(
    all((node) => readsOf(node).join() === NEW),
    'removed',
  );
  update();
  updateUntil(
    all((node) => nodes.every((owner) => Number(pump.read(node, owner.id, 'round')?.value) >= round - 20)),
    'every update arrives',
  );
  pump.until(
    () => nodes.every((node) => nodes.every((owner) => pump.read(node, owner.id, 'round')?.value === round)),
    60_000,
    'the last update of each on each',
  );
  assert.equal(unknownKeyDrops(nodes), 0);
});

test('who was cut off from before the install until after the use is brought along in the key that it has', () => {
  const pump = new EnginePump({ seed: 3 });
  const nodes = pump.cluster(8);
  const [operator] = nodes;
  const far = new Set(nodes.slice(5));
  const near = nodes.slice(0, 5);
  let cut = true;
  pump.drop = (from, to) => cut && far.has(from) !== far.has(to);
  pump.until(
    () => near.every((node) => [...far].every(({ id }) => pump.stateOf(node, id) === 'down')),
    60_000,
    'down',
  );
  operate(pump, operator, { type: 'install', psk: pskOf(2) });
  untilAll(pump, near, 'install', (node) => readsOf(node).includes(NEW));
  pump.run(1_000);
  operate(pump, operator, { type: 'use', fingerprint: NEW });
  untilAll(pump, near, 'use', (node) => node.engine.keys().members[0].writes === NEW);
  cut = false;
  untilAll(pump, nodes, 'all use it', (node) => node.engine.keys().members[0].writes === NEW);
  untilAll(pump, nodes, 'all alive', (node) => pump.sees(node, nodes, 'alive'));
  untilAll(pump, nodes, 'seen', () => operator.engine.keys().members.every(({ writes }) => writes === NEW));
  operate(pump, operator, { type: 'remove', fingerprint: OLD });
  untilAll(pump, nodes, 'removed', (node) => readsOf(node).join() === NEW);
});

test('a node that was away for use and removal hears nothing, is refused, and both sides say so', () => {
  const pump = new EnginePump({ seed: 5 });
  const nodes = pump.cluster(5);
  const away = nodes[4];
  const near = nodes.slice(0, 4);
  away.running = false;
  pump.until(() => near.every((node) => pump.stateOf(node, away.id) === 'down'), 60_000, 'down');
  rotateWithout(pump, near);
  away.running = true;
  pump.mutate(away, (engine, nowMs) => engine.handleTimeout(nowMs));
  pump.run(120_000);
  assert.notEqual(readsOf(away).join(), NEW);
  assert.ok(away.eventsOf('unknown-key').length > 0);
  assert.ok(away.eventsOf('refused').some(({ code }) => code === 'unknown-key'));
  assert.ok(near.some((node) => node.eventsOf('unknown-key').length > 0));
});

/** Goes on though a member that is down can't follow. */
function rotateWithout(pump: EnginePump, near: readonly PumpNode[]): void {
  const [operator] = near;
  operate(pump, operator, { type: 'install', psk: pskOf(2) });
  untilAll(pump, near, 'install', (node) => readsOf(node).includes(NEW));
  pump.run(1_000);
  operate(pump, operator, { type: 'use', fingerprint: NEW });
  untilAll(pump, near, 'use', (node) => node.engine.keys().members[0].writes === NEW);
  pump.run(1_000);
  operate(pump, operator, { type: 'remove', fingerprint: OLD });
  untilAll(pump, near, 'remove', (node) => readsOf(node).join() === NEW);
}

test('a newcomer with the present key in its key file takes part, and learns what was removed', () => {
  const pump = new EnginePump({ seed: 4 });
  const nodes = pump.cluster(3);
  rotate(pump, nodes);
  const late = pump.add({ keyring: keyringOf(2) });
  pump.join(late, nodes[0]);
  pump.until(() => pump.sees(late, nodes, 'alive'), 20_000, 'late joins');
  pump.until(
    () =>
      late.engine.keys().keys.some(({ fingerprint, state }) => fingerprint === OLD && state === 'removed'),
    20_000,
    'late knows of the removal',
  );
  assert.deepEqual(readsOf(late), [NEW]);
  assert.equal(unknownKeyDrops([late]), 0);
});

test('a newcomer with a key that is only read is given the one that is written with', () => {
  const pump = new EnginePump({ seed: 4 });
  const nodes = pump.cluster(3);
  const [operator] = nodes;
  operate(pump, operator, { type: 'install', psk: pskOf(2) });
  untilAll(pump, nodes, 'install', (node) => readsOf(node).includes(NEW));
  const late = pump.add({ keyring: keyringOf(2) });
  pump.join(late, operator);
  pump.until(() => readsOf(late).includes(OLD), 20_000, 'late holds both');
  pump.until(() => pump.sees(late, nodes, 'alive'), 20_000, 'late joins');
});

test('a change counts only once it is on the medium, and a node whose disk fails does not follow', () => {
  // B-118
  const pump = new EnginePump({ seed: 2 });
  const nodes = pump.cluster(3);
  const [operator, , broken] = nodes;
  broken.diskWorks = false;
  operate(pump, operator, { type: 'install', psk: pskOf(2) });
  assert.equal(operator.engine.keys().saving, true);
  assert.deepEqual(readsOf(operator), [OLD]);
  untilAll(pump, nodes.slice(0, 2), 'install', (node) => readsOf(node).includes(NEW));
  pump.run(5_000);
  assert.deepEqual(readsOf(broken), [OLD]);
  assert.throws(() => operate(pump, operator, { type: 'use', fingerprint: NEW }), {
    code: 'E_KEYS',
    message: new RegExp(`${NEW}: n3 has not installed it`),
  });
  broken.diskWorks = true;
  pump.until(
    () => operator.engine.keys().members.every(({ reads }) => reads.includes(NEW)),
    20_000,
    'all installed',
  );
  operate(pump, operator, { type: 'use', fingerprint: NEW });
});

// B-117
test('a removal is refused while a live member writes with the key, and for the key that is written with', () => {
  const pump = new EnginePump({ seed: 2 });
  const nodes = pump.cluster(3);
  const [operator, , broken] = nodes;
  assert.throws(() => operate(pump, operator, { type: 'remove', fingerprint: OLD, force: true }), {
    code: 'E_KEYS',
    message: /it is the key that the cluster writes with/,
  });
  operate(pump, operator, { type: 'install', psk: pskOf(2) });
  pump.until(
    () => operator.engine.keys().members.every(({ reads }) => reads.includes(NEW)),
    20_000,
    'installed',
  );
  broken.diskWorks = false;
  operate(pump, operator, { type: 'use', fingerprint: NEW });
  pump.until(() => operator.engine.keys().members[1].writes === NEW, 20_000, 'used');
  assert.throws(() => operate(pump, operator, { type: 'remove', fingerprint: OLD }), {
    code: 'E_KEYS',
    message: /n3 still writes with it/,
  });
  assert.throws(() => operate(pump, operator, { type: 'use', fingerprint: 'ff'.repeat(8) }), {
    code: 'E_NOT_FOUND',
  });
  assert.throws(() => operate(pump, operator, { type: 'remove', fingerprint: 'ff'.repeat(8) }), {
    code: 'E_NOT_FOUND',
  });
  operate(pump, operator, { type: 'remove', fingerprint: OLD, force: true });
});

test('with force a member that lacks the key is brought along later', () => {
  const pump = new EnginePump({ seed: 2 });
  const nodes = pump.cluster(3);
  const [operator, , broken] = nodes;
  broken.diskWorks = false;
  operate(pump, operator, { type: 'install', psk: pskOf(2) });
  untilAll(pump, nodes.slice(0, 2), 'install', (node) => readsOf(node).includes(NEW));
  operate(pump, operator, { type: 'use', fingerprint: NEW, force: true });
  untilAll(pump, nodes.slice(0, 2), 'use', (node) => node.engine.keys().members[0].writes === NEW);
  pump.run(20_000);
  assert.ok(
    nodes.every((node) => pump.sees(node, nodes, 'alive')),
    'it is heard and hears meanwhile',
  );
  broken.diskWorks = true;
  untilAll(pump, nodes, 'use everywhere', (node) => node.engine.keys().members[0].writes === NEW);
});

test('two operators at once, in two halves of a partition, end with one state', () => {
  const pump = new EnginePump({ seed: 6 });
  const nodes = pump.cluster(6);
  const far = new Set(nodes.slice(3));
  let cut = true;
  pump.drop = (from, to) => cut && far.has(from) !== far.has(to);
  pump.until(() => pump.stateOf(nodes[0], nodes[5].id) === 'down', 60_000, 'cut');
  pump.until(() => pump.stateOf(nodes[5], nodes[0].id) === 'down', 60_000, 'cut');
  pump.run(20_000);
  const halves = [
    { operator: nodes[0], byte: 2 },
    { operator: nodes[5], byte: 3 },
  ];
  for (const { operator, byte } of halves) operate(pump, operator, { type: 'install', psk: pskOf(byte) });
  pump.run(2_000);
  for (const { operator, byte } of halves)
    operate(pump, operator, { type: 'use', fingerprint: fingerprintOfByte(byte) });
  pump.run(2_000);
  assert.equal(nodes[1].engine.keys().members[0].writes, fingerprintOfByte(2));
  assert.equal(nodes[4].engine.keys().members[0].writes, fingerprintOfByte(3));
  cut = false;
  pump.until(
    () =>
      nodes.every((node) =>
        node.engine.keys().members.every(({ writes }) => writes === fingerprintOfByte(3)),
      ),
    60_000,
    'one key written with by all',
  );
  assert.deepEqual(
    nodes.map((node) => [...readsOf(node)].sort().join()),
    nodes.map(() => [OLD, NEW, fingerprintOfByte(3)].sort().join()),
  );
});

test('using a key and removing it at once leaves everybody with the key', () => {
  for (const first of [0, 1]) {
    const pump = new EnginePump({ seed: 9 });
    const nodes = pump.cluster(4);
    operate(pump, nodes[0], { type: 'install', psk: pskOf(2) });
    pump.until(
      () => nodes.every((node) => node.engine.keys().members.every(({ reads }) => reads.includes(NEW))),
      20_000,
      'all know that all have it',
    );
    operate(pump, nodes[first], { type: 'use', fingerprint: NEW });
    operate(pump, nodes[1 - first], { type: 'remove', fingerprint: NEW });
    pump.until(
      () => nodes.every((node) => node.engine.keys().members.every(({ writes }) => writes === NEW)),
      20_000,
      'all write with it',
    );
  }
});

test('what is kept is what counts, and never shows in views, events or text', () => {
  const pump = new EnginePump({ seed: 1 });
  const nodes = pump.cluster(3);
  rotate(pump, nodes);
  for (const node of nodes) {
    const kept = decodeKeptKeys(provider, node.keptKeys.at(-1) as Uint8Array);
    assert.deepEqual(kept?.fingerprints, [NEW]);
    for (const key of [undefined, 'sys/', 'sys/keyring', `sys/key/${NEW}`])
      assert.deepEqual(node.engine.records(pump.nowMs, key === undefined ? {} : { key }), []);
    const seen = JSON.stringify([node.events, node.engine.keys(), node.engine.why(pump.nowMs, nodes[0].id)]);
    assert.doesNotMatch(seen, /sys\//);
    assert.doesNotMatch(seen, new RegExp(Buffer.from(pskOf(2)).toString('hex')));
  }
});

test('a cluster on whose keys nobody operates has no records about them', () => {
  const pump = new EnginePump({ seed: 1 });
  const [node] = pump.cluster(3);
  assert.equal(node.engine.recordCount, 3);
  assert.deepEqual(
    node.engine.keys().members.map(({ told, reads }) => [told, reads.join()]),
    [
      [true, OLD],
      [false, OLD],
      [false, OLD],
    ],
  );
});

test('when whoever installed the key is gone, the others give it to who comes back', () => {
  const pump = new EnginePump({ seed: 3 });
  const nodes = pump.cluster(5);
  const [operator, ...others] = nodes;
  const away = others[3];
  away.running = false;
  pump.until(() => pump.stateOf(operator, away.id) === 'down', 60_000, 'down');
  operate(pump, operator, { type: 'install', psk: pskOf(2) });
  untilAll(pump, others.slice(0, 3), 'install', (node) => readsOf(node).includes(NEW));
  pump.mutate(operator, (engine, nowMs) => engine.leave(nowMs));
  pump.run(5_000);
  pump.kill(operator);
  pump.run(60_000);
  away.running = true;
  pump.mutate(away, (engine, nowMs) => engine.handleTimeout(nowMs));
  pump.until(() => readsOf(away).includes(NEW), 120_000, 'installed on who came back');
});

// [P-10.8]
test('a peer that knows nothing of rotation is answered in its key until that is removed', () => {
  const pump = new EnginePump({ seed: 8 });
  const nodes = pump.cluster(2);
  const [operator] = nodes;
  const peer = new LyingPeer(pump);
  peer.introduce(operator);
  operate(pump, operator, { type: 'install', psk: pskOf(2) });
  untilAll(pump, nodes, 'install', (node) => readsOf(node).includes(NEW));
  pump.run(200);
  assert.throws(() => operate(pump, operator, { type: 'use', fingerprint: NEW }), {
    message: /liar has not/,
  });
  operate(pump, operator, { type: 'use', fingerprint: NEW, force: true });
  untilAll(pump, nodes, 'use', (node) => node.engine.keys().members[0].writes === NEW);
  const answer = peer.read(peer.tell(operator, { type: 'ping', seq: 5, destBoot: 0 }));
  assert.ok(answer.some((message) => message.type === 'ack' && message.seq === 5));
  operate(pump, operator, { type: 'remove', fingerprint: OLD, force: true });
  untilAll(pump, nodes, 'remove', (node) => readsOf(node).join() === NEW);
  assert.deepEqual(peer.read(peer.tell(operator, { type: 'ping', seq: 6, destBoot: 0 })), []);
});
