import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import type { Observation } from '#runtime/simulator/observation.ts';
import { DEFAULT_QUALITY, type WorldOptions } from '#runtime/simulator/options.ts';
import { World } from '#runtime/simulator/world.ts';
import { ScriptedEngine } from './scripted-engine.ts';

function setUp(change: Partial<WorldOptions> = {}) {
  const engines: ScriptedEngine[] = [];
  const options: WorldOptions = {
    nodes: 3,
    seed: 1,
    medium: 'unicast',
    quality: { ...DEFAULT_QUALITY, latency: { shape: 'uniform', delayMs: 10, jitterMs: 0 } },
    settings: settingsOf('lan'),
    ...change,
  };
  const world = new World(options, {
    provider: createNodeProvider(),
    createEngine(engineOptions) {
      const engine = new ScriptedEngine(engineOptions);
      engines.push(engine);
      return engine;
    },
  });
  const seen: Observation[] = [];
  world.observe((observation) => seen.push(observation));
  return { world, engines, seen };
}

const BYTES = Uint8Array.of(1, 2, 3);

test('a node starts with its address, link and seeds, and a boot that its restarts advance', () => {
  const { world, engines } = setUp({ medium: 'multicast' });
  world.start(1, [0, 1]);
  const [first] = engines;
  assert.equal(first.options.boot, 1);
  assert.deepEqual(first.options.links, [{ name: 'eth0', multicast: 'full' }]);
  assert.equal(first.options.endpoints[0].address, '10.0.0.2');
  assert.deepEqual(first.calls[1].detail, [world.hosts[0].endpoint], 'a node is no seed of its own');
  world.kill(1);
  world.start(1);
  assert.equal(engines[1].options.boot, 2);
  assert.equal(engines[1].id, first.id);
  assert.notDeepEqual(engines[1].options.random.bytes(16), first.options.random.bytes(16));
});

test('datagrams travel between hosts with the address of their sender', () => {
  const { world, engines } = setUp();
  world.start(0);
  engines[0].send('10.0.0.2', BYTES);
  world.start(1);
  world.put(0, 'k', 1);
  world.runFor(20);
  const { detail } = engines[1].calls.at(-1) as { detail: { path: { address: string; link: string } } };
  assert.equal(detail.path.address, '10.0.0.1');
  assert.equal(detail.path.link, 'eth0');
});

test("the timer fires at the engine's deadline, and not for one that was taken back", () => {
  const { world, engines } = setUp();
  world.start(0);
  const [engine] = engines;
  const bootMs = engine.calls[0].nowMs;
  engine.deadlineMs = bootMs + 50;
  world.put(0, 'k', 1);
  engine.deadlineMs = bootMs + 100;
  world.put(0, 'k', 2);
  world.runFor(200);
  const timeouts = engine.calls.filter(({ name }) => name === 'handleTimeout');
  assert.deepEqual(
    timeouts.map(({ nowMs }) => nowMs),
    [bootMs + 100],
  );
});

test('an engine that always asks for the past does not stop time', () => {
  const { world, engines } = setUp();
  world.start(0);
  const [engine] = engines;
  engine.onTimeout = () => {
    engine.deadlineMs = 0;
  };
  engine.deadlineMs = 0;
  world.put(0, 'k', 1);
  world.runFor(100);
  const timeouts = engine.calls.filter(({ name }) => name === 'handleTimeout').length;
  assert.ok(timeouts >= 90 && timeouts <= 100, `${timeouts}`);
});

test('clocks of hosts differ, are whole, and never go back', () => {
  const { world, engines } = setUp();
  for (const host of [0, 1]) world.start(host);
  assert.notEqual(engines[0].calls[0].nowMs, engines[1].calls[0].nowMs);
  for (let i = 0; i < 5; i++) {
    world.runFor(0.3);
    world.put(0, 'k', i);
  }
  const times = engines[0].calls.map(({ nowMs }) => nowMs);
  assert.ok(times.every((ms, i) => Number.isInteger(ms) && (i === 0 || ms >= times[i - 1])));
});

test('a stalled node gets its lag, then what waited in its socket, then the overdue timer', () => {
  const { world, engines, seen } = setUp();
  world.start(0);
  world.start(1);
  const [sender, stalled] = engines;
  stalled.deadlineMs = stalled.calls[0].nowMs + 100;
  world.put(1, 'k', 1);
  stalled.calls.splice(0);
  world.stall(1, 1_000);
  sender.send('10.0.0.2', BYTES);
  world.put(0, 'k', 1);
  world.runFor(999);
  assert.deepEqual(stalled.names(), []);
  world.runFor(2);
  assert.deepEqual(stalled.names(), ['observeHost', 'handleDatagram', 'handleTimeout']);
  assert.deepEqual(stalled.calls.at(0)?.detail, { lagMs: 900 });
  const kinds = seen.filter(({ type }) => type === 'impaired' || type === 'restored').map(({ type }) => type);
  assert.deepEqual(kinds, ['impaired', 'restored']);
});

test("a stalled node's socket holds 256 small datagrams and drops the rest", () => {
  const { world, engines } = setUp();
  world.start(0);
  world.start(1);
  world.stall(1, 1_000);
  for (let i = 0; i < 300; i++) engines[0].send('10.0.0.2', BYTES);
  world.put(0, 'k', 1);
  world.runFor(1_001);
  assert.equal(engines[1].names().filter((name) => name === 'handleDatagram').length, 256);
  assert.equal(world.hosts[1].inboxDropped, 44);
});

test('a killed node hears nothing, and a stall does not bring it back', () => {
  const { world, engines, seen } = setUp();
  world.start(0);
  world.start(1);
  world.stall(1, 100);
  world.kill(1);
  const before = engines[1].calls.length;
  engines[0].send('10.0.0.2', BYTES);
  world.put(0, 'k', 1);
  world.runFor(500);
  assert.equal(engines[1].calls.length, before);
  assert.equal(world.hosts[1].state, 'off');
  assert.equal(seen.filter(({ type }) => type === 'stopped').length, 1);
});

test('where only the process died, its kernel refuses and the sender is told', () => {
  const { world, engines } = setUp();
  world.start(0);
  world.start(1);
  world.kill(1, { hostStaysUp: true });
  engines[0].touch('10.0.0.2', BYTES);
  world.put(0, 'k', 1);
  world.runFor(50);
  assert.deepEqual(engines[0].calls.at(-1)?.detail, '10.0.0.2');
  assert.equal(engines[0].calls.at(-1)?.name, 'handleUnreachable');
});

test('as on Linux, only touches are told of a closed port, six at once and one a second, and none of a host that is off', () => {
  const { world, engines } = setUp();
  const refusals = () => engines[0].names().filter((name) => name === 'handleUnreachable').length;
  const touch = (address: string, times: number) => {
    for (let i = 0; i < times; i++) engines[0].touch(address, BYTES);
    world.put(0, 'k', 1);
    world.runFor(50);
  };
  for (const host of [0, 1, 2]) world.start(host);
  world.kill(1, { hostStaysUp: true });
  world.kill(2);
  engines[0].send('10.0.0.2', BYTES);
  touch('10.0.0.3', 3);
  assert.equal(refusals(), 0);
  touch('10.0.0.2', 10);
  assert.equal(refusals(), 5, 'the datagram took one of them');
  world.runFor(1_000);
  touch('10.0.0.2', 2);
  assert.equal(refusals(), 6);
  world.start(1);
  touch('10.0.0.2', 1);
  assert.equal(refusals(), 6);
  assert.equal(engines[3].names().at(-1), 'handleDatagram');
});

test('a node that has left is off, once what it still had to send is out', () => {
  const { world, engines, seen } = setUp();
  world.start(0);
  world.start(1);
  engines[0].say({ type: 'left' });
  engines[0].send('10.0.0.2', BYTES);
  world.leave(0);
  world.runFor(50);
  assert.equal(world.hosts[0].state, 'off');
  assert.equal(engines[1].names().at(-1), 'handleDatagram');
  assert.ok(seen.some((observation) => observation.type === 'stopped' && observation.how === 'left'));
});

test('a boot that peers have seen higher is persisted and adopted', () => {
  const { world, engines } = setUp();
  world.start(0);
  engines[0].say({ type: 'boot-behind', seenBoot: 6 });
  world.put(0, 'k', 1);
  world.runFor(1);
  assert.equal(engines[0].boot, 7);
  world.kill(0);
  world.start(0);
  assert.equal(engines[1].options.boot, 8);
});

test('a cut-off node is named as such until the network heals', () => {
  const { world, seen } = setUp();
  for (const host of [0, 1, 2]) world.start(host);
  world.partition([[0], [1, 2]]);
  world.heal();
  const about = seen.filter(
    (observation) => observation.type === 'impaired' || observation.type === 'restored',
  );
  assert.deepEqual(
    about.map((observation) => [observation.type, 'node' in observation ? observation.node : '']),
    [
      ['impaired', world.hosts[0].id],
      ['restored', world.hosts[0].id],
    ],
  );
});

test('one seed gives one trace, another seed another', () => {
  const trace = (seed: number) => {
    const { world, engines } = setUp({ seed, quality: DEFAULT_QUALITY });
    for (const host of [0, 1, 2]) world.start(host);
    for (let i = 0; i < 20; i++) {
      engines[0].send('10.0.0.2', BYTES);
      world.put(0, 'k', i);
    }
    world.runFor(100);
    return world.trace.hash;
  };
  assert.equal(trace(5), trace(5));
  assert.notEqual(trace(5), trace(6));
});
