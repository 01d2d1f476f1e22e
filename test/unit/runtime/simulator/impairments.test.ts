import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '#runtime/core/random.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { oneWayLinks, startClockSteps } from '#runtime/simulator/impairments.ts';
import { DEFAULT_QUALITY, type WorldOptions } from '#runtime/simulator/options.ts';
import { World } from '#runtime/simulator/world.ts';
import { ScriptedEngine } from './scripted-engine.ts';

function worldOf(change: Partial<WorldOptions>) {
  const engines: ScriptedEngine[] = [];
  const options: WorldOptions = {
    nodes: 4,
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
  return { world, engines };
}

test('so many pairs as were asked for have a direction that carries nothing, and healing does not mend it', () => {
  const { world } = worldOf({ nodes: 20, asymmetricShare: 0.3 });
  const countCut = () => {
    let [oneWay, bothWays] = [0, 0];
    for (let a = 0; a < 20; a++) {
      for (let b = 0; b < a; b++) {
        const ways = Number(world.network.connects(a, b)) + Number(world.network.connects(b, a));
        oneWay += Number(ways === 1);
        bothWays += Number(ways === 0);
      }
    }
    return [oneWay, bothWays];
  };
  assert.deepEqual(countCut(), [57, 0]);
  world.heal();
  assert.deepEqual(countCut(), [57, 0]);
});

test('the directions are chosen by the seed, and point both ways', () => {
  const options = { nodes: 20, asymmetricShare: 1 } as WorldOptions;
  const links = oneWayLinks(options, new SeededRandom(1));
  assert.equal(links.length, 171, 'all but those with the seed');
  const up = links.filter(({ from, to }) => from < to).length;
  assert.ok(up > 55 && up < 115, `${up} of 171`);
  assert.deepEqual(links, oneWayLinks(options, new SeededRandom(1)));
  assert.deepEqual(oneWayLinks({ nodes: 20 } as WorldOptions, new SeededRandom(1)), []);
});

test('a link may be made worse in one direction only', () => {
  const { world } = worldOf({});
  world.degrade([[0, 1]], { lossShare: 1 }, 'forth');
  assert.equal(world.network.connects(0, 1), false);
  assert.equal(world.network.connects(1, 0), true);
  world.degrade([[2, 3]], { lossShare: 1 });
  assert.equal(world.network.connects(3, 2), false);
  world.heal();
  assert.equal(world.network.connects(0, 1), true);
});

test('an engine hears of a step of its clock before anything else, once, and its timer fires when it would have', () => {
  const { world, engines } = worldOf({});
  world.start(0);
  const [engine] = engines;
  const startMs = engine.calls[0].nowMs;
  engine.deadlineMs = startMs + 100;
  world.put(0, 'k', 1);
  world.stepClock(0, 5_000);
  engine.calls.splice(0);
  world.runFor(99);
  assert.deepEqual(engine.names(), []);
  world.runFor(2);
  assert.deepEqual(engine.names(), ['observeHost', 'handleTimeout']);
  assert.deepEqual(engine.calls[0].detail, { lagMs: 5_000 });
  assert.equal(engine.calls[0].nowMs, startMs + 5_100);
  world.put(0, 'k', 2);
  assert.deepEqual(engine.names(), ['observeHost', 'handleTimeout', 'put']);
});

test('a process that starts after a step knows nothing of it', () => {
  const { world, engines } = worldOf({});
  world.stepClock(0, 5_000);
  world.start(0);
  assert.ok(!engines[0].names().includes('observeHost'));
});

test('clocks step as often as was asked for, by 0.1 to 10 s, until it is over', () => {
  const { world, engines } = worldOf({ clockStepsPerMinute: 60 });
  for (const host of [0, 1, 2, 3]) world.start(host);
  let isOver = false;
  startClockSteps(world, () => isOver);
  const steps = () => {
    for (const host of [0, 1, 2, 3]) world.put(host, 'k', 1);
    return engines.flatMap(({ calls }) =>
      calls.flatMap(({ name, detail }) =>
        name === 'observeHost' ? [(detail as { lagMs: number }).lagMs] : [],
      ),
    );
  };
  for (let second = 0; second < 100; second++) {
    world.runFor(1_000);
    steps();
  }
  const seen = steps();
  assert.ok(seen.length >= 98 && seen.length <= 101, `${seen.length}`);
  assert.ok(seen.every((ms) => ms >= 100 && ms <= 10_000));
  assert.ok(Math.min(...seen) < 300 && Math.max(...seen) > 3_000);
  isOver = true;
  world.runFor(10_000);
  assert.equal(steps().length, seen.length);
});

test('a capped interface delays what a host sends, drops what its queue cannot hold, and counts only what left', () => {
  const { world, engines } = worldOf({ bytesPerSecondMax: 10_000 });
  for (const host of [0, 1]) world.start(host);
  for (let i = 0; i < 20; i++) engines[0].send('10.0.0.2', new Uint8Array(972));
  world.put(0, 'k', 1);
  world.runFor(2_000);
  const arrived = engines[1].calls.filter(({ name }) => name === 'handleDatagram');
  assert.equal(arrived.length, 8);
  assert.ok(arrived[7].nowMs - arrived[0].nowMs >= 690);
  assert.equal(world.network.queueDrops(0), 12);
  assert.equal(world.network.traffic(0).total.sentDatagrams, 8);
});
