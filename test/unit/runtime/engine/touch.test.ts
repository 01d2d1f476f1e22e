import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOUCH } from '#runtime/wire/touch.ts';
import { EnginePump } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

test('[P-6.9] nobody is touched while pings are answered', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  pump.run(30_000);
  assert.deepEqual(
    nodes.flatMap((node) => node.touched),
    [],
  );
});

test('[P-6.9] a touch is counted, answered by nothing, and evidence of nothing', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  pump.run(300);
  const heardBefore = ann.engine.members(pump.nowMs)[1].lastHeardMs;
  assert.deepEqual(pump.deliver(ann, TOUCH, { ...ben.path, port: 50_000 }), []);
  assert.equal(ann.engine.counters.drops.touch, 1);
  assert.equal(ann.engine.counters.drops.malformed + ann.engine.counters.drops.size, 0);
  assert.equal(ann.engine.members(pump.nowMs)[1].lastHeardMs, heardBefore);
});

test('[P-6.10] a killed process on a living host is down sooner than by time-outs, and suspect before', () => {
  // B-2
  const timeUntilDown = (hostStaysUp: boolean) => {
    const pump = new EnginePump({ seed: 5 });
    const nodes = pump.cluster(6);
    const others = nodes.slice(0, 5);
    const startMs = pump.nowMs;
    pump.kill(nodes[5], { hostStaysUp });
    pump.until(() => pump.sees(others[0], [nodes[5]], 'suspect'), 10_000, 'suspect');
    const suspectMs = pump.nowMs;
    pump.until(() => others.every((node) => pump.sees(node, [nodes[5]], 'down')), 15_000, 'down');
    return { afterKillMs: pump.nowMs - startMs, afterSuspectMs: pump.nowMs - suspectMs };
  };
  const told = timeUntilDown(true);
  const untold = timeUntilDown(false);
  assert.ok(told.afterSuspectMs <= 700, `${told.afterSuspectMs} ms`);
  assert.ok(told.afterKillMs + 300 < untold.afterKillMs, `${told.afterKillMs}, ${untold.afterKillMs} ms`);
});

test('[P-6.10] of two nodes one refusal after the other takes the time of any suspicion: nobody else can see it', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  pump.kill(ben, { hostStaysUp: true });
  pump.until(() => pump.sees(ann, [ben], 'suspect'), 5_000, 'suspect');
  pump.run(950);
  assert.equal(pump.stateOf(ann, ben.id), 'suspect');
});

test('[P-6.10] a member behind a firewall that refuses one of us is not accused: helpers reach it', () => {
  // B-4, B-18
  const pump = new EnginePump({ seed: 2 });
  const nodes = pump.cluster(5);
  const [ann, ben] = nodes;
  pump.drop = (from, to) => (from === ann && to === ben) || (from === ben && to === ann);
  let answered = 0;
  for (let i = 0; i < 6_000; i++) {
    pump.run(10);
    // Each touch is refused by whoever stands between.
    for (; answered < ann.touched.length; answered++)
      pump.mutate(ann, (engine, nowMs) => engine.handleUnreachable(nowMs, ben.endpoint));
  }
  assert.ok(answered > 3, `${answered} touches`);
  for (const node of nodes) assert.equal(node.engine.counters.suspicions, 0);
});

test('[P-6.10] refusals that answer no touch, made up by anybody, accuse nobody', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(3);
  const [ann, ben] = nodes;
  const forge = () => pump.mutate(ann, (engine, nowMs) => engine.handleUnreachable(nowMs, ben.endpoint));
  for (let i = 0; i < 100; i++) forge();
  pump.run(50);
  for (let i = 0; i < 100; i++) forge();
  pump.run(5_000);
  for (const node of nodes) assert.equal(node.engine.counters.suspicions, 0);
});

test('[P-6.9] touches are bounded where many are silent at once', () => {
  const pump = new EnginePump({ settings: { probeIntervalMs: 200 } });
  const node = pump.add();
  for (let i = 0; i < 60; i++) {
    const id = (0x40 + i).toString(16).repeat(16);
    new LyingPeer(pump, { id, last: 10 + i, seed: 500 + i }).introduce(node);
  }
  pump.run(3_000);
  assert.ok(node.touched.length > 10, `${node.touched.length}`);
  assert.ok(node.touched.length <= 20 + 10 * 3, `${node.touched.length} touches in 3 s`);
});

test('datagrams that the own kernel dropped cost health, and so does nothing else of an observation', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const observe = (observation: { lagMs?: number; socketDrops?: number }) =>
    pump.mutate(node, (engine, nowMs) => engine.observeHost(nowMs, observation));
  observe({ socketDrops: 0 });
  observe({});
  assert.equal(node.engine.localHealth, 0);
  observe({ socketDrops: 40 });
  assert.equal(node.engine.localHealth, 1);
  observe({ socketDrops: 1, lagMs: 1_000 });
  assert.equal(node.engine.localHealth, 2);
});
