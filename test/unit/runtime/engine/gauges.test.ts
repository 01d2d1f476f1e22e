import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnginePump } from '../../../support/engine-pump.ts';

test('the gauges count what an engine holds', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  pump.mutate(ben, (engine, nowMs) => engine.put(nowMs, 'soc', 50));
  pump.mutate(ben, (engine, nowMs) => engine.put(nowMs, 'old', 1));
  pump.mutate(ben, (engine, nowMs) => engine.delete(nowMs, 'old'));
  pump.run(1_000);
  const gauges = ann.engine.gauges();
  assert.equal(gauges.owners, 2);
  assert.equal(gauges.members, 1);
  assert.equal(gauges.records, 4, 'two node records, a value, a tombstone');
  assert.ok(gauges.recordBytes > 50 && gauges.recordBytes < 1_000);
  assert.equal(gauges.outputs, 0, 'a drain leaves nothing');
  assert.ok(gauges.sessions >= 1 && gauges.sessions <= 2);
});

test('what a dead member left behind is forgotten where it has a time limit', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  pump.kill(ben);
  pump.until(() => ann.engine.gauges().accusations === 1, 10_000, 'an accusation');
  pump.until(() => pump.stateOf(ann, ben.id) === 'down', 30_000, 'the verdict');
  assert.equal(ann.engine.gauges().probes, 0);
  pump.run(30_000);
  assert.ok(ann.engine.gauges().pending <= 2, 'calls to the dead wait for no answer for ever');
  assert.equal(ann.engine.gauges().news, 0, 'nobody is there to be told');
});

test('a node knows everything of an owner up to its latest version, and nothing of a stranger', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const version = pump.mutate(ben, (engine, nowMs) => engine.put(nowMs, 'soc', 50));
  pump.until(() => ann.engine.knownOf(ben.id) === version, 5_000, 'the latest version');
  assert.equal(ann.engine.knownOf('55'.repeat(16)), 0);
});
