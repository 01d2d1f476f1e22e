import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EngineSettings, settingsOf } from '#runtime/engine/settings.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

const probes = (pump: EnginePump, node: PumpNode, ms: number) => {
  const before = node.engine.counters.probes;
  pump.run(ms);
  return node.engine.counters.probes - before;
};
const digests = (pump: EnginePump, node: PumpNode, ms: number) => {
  const before = node.engine.counters.digestsSent;
  pump.run(ms);
  return node.engine.counters.digestsSent - before;
};
const retune = (pump: EnginePump, node: PumpNode, settings: EngineSettings) =>
  pump.mutate(node, (engine, nowMs) => engine.fleet.retune(nowMs, settings));

describe('an engine that is retuned', () => {
  test('goes by the new pace at once, in both directions', () => {
    const pump = new EnginePump({ settings: settingsOf('metered') });
    const [first] = pump.cluster(3) as [PumpNode, PumpNode, PumpNode];
    retune(pump, first, settingsOf('lan'));
    const fast = probes(pump, first, 20_000);
    assert.ok(fast >= 8, `${fast} probes in 20 s`);
    retune(pump, first, settingsOf('metered'));
    // What was due by the old pace may still come.
    const slow = probes(pump, first, 55_000);
    assert.ok(slow <= 4, `${slow} probes in 55 s`);
  });

  test('sends digests at the new pace, in both directions', () => {
    const pump = new EnginePump({ settings: settingsOf('metered') });
    const nodes = pump.cluster(3);
    const [first] = nodes as [PumpNode, PumpNode, PumpNode];
    const all = (settings: EngineSettings) => {
      for (const node of nodes) retune(pump, node, settings);
    };
    pump.run(30_000);
    all(settingsOf('lan'));
    const fast = digests(pump, first, 60_000);
    assert.ok(fast >= 6, `${fast} digests in 60 s at the pace of lan`);
    all(settingsOf('metered'));
    const slow = digests(pump, first, 120_000);
    assert.ok(slow <= 4, `${slow} digests in 120 s at the pace of metered`);
  });

  test('changes no other engine, though both were made from one object of settings', () => {
    const pump = new EnginePump({ settings: { probeIntervalMs: 1_000 } });
    const [first, second] = pump.cluster(2) as [PumpNode, PumpNode];
    retune(pump, first, settingsOf('metered'));
    assert.ok(probes(pump, second, 20_000) >= 8);
  });

  test('spends by the new byte budgets', () => {
    const pump = new EnginePump();
    const [first, second] = pump.cluster(2) as [PumpNode, PumpNode];
    const put = (i: number) =>
      pump.mutate(first, (engine, nowMs) => engine.put(nowMs, `load/${i}`, 'x'.repeat(600)));
    retune(pump, first, settingsOf('lan', { dataBytesPerSecond: 1_000, syncBytesPerSecond: 1_000 }));
    for (let i = 0; i < 50; i++) put(i);
    pump.run(2_000);
    const count = () => second.engine.records(pump.nowMs, { key: 'load/' }).length;
    const slow = count();
    assert.ok(slow < 25, `${slow} of 50 came at 1 kB a second`);
    retune(pump, first, settingsOf('lan'));
    pump.run(10_000);
    assert.equal(count(), 50);
  });

  test('keeps its members: nobody is accused for it', () => {
    const pump = new EnginePump();
    const nodes = pump.cluster(4);
    for (const preset of ['metered', 'lan', 'radio', 'wan'] as const) {
      for (const node of nodes) retune(pump, node, settingsOf(preset));
      pump.run(20_000);
    }
    assert.ok(nodes.every((node) => pump.sees(node, nodes, 'alive')));
    assert.deepEqual(
      nodes.map((node) => node.engine.counters.suspicions),
      [0, 0, 0, 0],
    );
  });
});
