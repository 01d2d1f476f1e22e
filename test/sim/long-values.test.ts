import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootOf } from '#runtime/core/version.ts';
import { World } from '#runtime/simulator/world.ts';
import { optionsOf, REAL_PARTS } from './play.ts';

const NODES = 12;

/** Text of so many bytes, unlike others. */
function textOf(length: number, seed: number): string {
  let text = '';
  for (let i = 0; text.length < length; i++) text += `${seed * 104_729 + i * i * 31},`;
  return text.slice(0, length);
}

for (const loss of [0, 0.3]) {
  test(`values of 16 KiB and batches reach all nodes at a loss of ${100 * loss} %, whole or not at all`, () => {
    const world = new World(optionsOf({ scenario: 'join', nodes: NODES, seed: 5, loss }), REAL_PARTS);
    for (const host of world.hosts) world.start(host.index, [0]);
    world.runFor(10_000);
    const [first, second, third] = [textOf(16_000, 1), textOf(16_000, 2), textOf(16_000, 3)];
    const writer = world.hosts[3];
    const put = (mode: string, plan: string) =>
      writer.mutate((engine, nowMs) =>
        engine.putMany(nowMs, [
          { key: 'mode', value: mode },
          { key: 'plan', value: plan },
        ]),
      );
    const seenBy = (index: number) =>
      world.hosts[index]
        .engine!.records(world.nowMs, { owner: writer.id })
        .map(({ key, value }) => (key === 'plan' ? String(value).slice(0, 12) : value));
    const states = new Set<string>();
    const all = (mode: string) => world.hosts.every((host) => seenBy(host.index).includes(mode));
    const runUntil = (mode: string, limitMs: number) => {
      const endMs = world.nowMs + limitMs;
      while (!all(mode) && world.nowMs < endMs) {
        world.runFor(20);
        for (const host of world.hosts) states.add(JSON.stringify(seenBy(host.index)));
      }
      assert.ok(all(mode), `${mode} is not everywhere after ${limitMs} ms`);
    };
    put('a', first);
    runUntil('a', 30_000);
    put('b', second);
    runUntil('b', 30_000);
    assert.deepEqual(
      [...states].sort(),
      [[], ['a', first.slice(0, 12)], ['b', second.slice(0, 12)]].map((each) => JSON.stringify(each)).sort(),
    );
    for (const host of world.hosts) assert.equal(host.engine!.gauges().fetches, 0);
    // Its next life says something else: nobody sees half of it, or nothing, meanwhile.
    const { boot } = writer;
    world.kill(writer.index);
    world.runFor(1_000);
    world.start(writer.index, [0]);
    put('c', third);
    const others = world.hosts.filter((host) => host !== writer);
    const isOld = ({ engine }: (typeof others)[0]) =>
      engine!.records(world.nowMs, { owner: writer.id }).some(({ version }) => bootOf(version) <= boot);
    const endMs = world.nowMs + 30_000;
    while (others.some(isOld) && world.nowMs < endMs) {
      world.runFor(5);
      for (const { index } of others) {
        const [mode, plan] = seenBy(index);
        assert.equal(plan, (mode === 'b' ? second : third).slice(0, 12));
        assert.ok(mode === 'b' || mode === 'c');
      }
    }
    assert.ok(!others.some(isOld), 'all see what the new life said');
    for (const host of others) assert.equal(host.engine!.gauges().heldBytes, 0);
  });
}
