import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRecord } from '#runtime/wire/record-codec.ts';
import { CertifiedFleet } from '../../../support/certified-fleet.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

const STRICT = { number: 1, writes: { '': 'everybody' as const, 'pump/': ['controller'] } };
const MILD = { number: 2, writes: { '': 'everybody' as const } };
const ENTRIES = [
  { key: 'mode', value: 'manual' },
  { key: 'pump/target', value: 40 },
];

/**
 * Four boards under a policy that keeps `pump/` from the fourth, which alone has heard of another one and acts by it. `tell` gives a holder
 * what it put without that policy, as by those who pass things on.
 */
function scene() {
  const fleet = new CertifiedFleet(4);
  const pump = new EnginePump();
  const nodes = pump.cluster(fleet.cards.map((_, index) => fleet.choices(index)));
  const sensor = nodes[3];
  const others = nodes.slice(0, 3);
  pump.mutate(nodes[0], (engine, nowMs) => engine.proclaim(nowMs, fleet.policy(STRICT)));
  pump.until(() => nodes.every(({ engine }) => engine.trust()?.policy === 1), 10_000, 'all know the policy');
  const putAll = () => pump.mutate(sensor, (engine, nowMs) => engine.putMany(nowMs, ENTRIES));
  assert.throws(putAll, { code: 'E_NOT_ALLOWED' });
  pump.drop = () => true;
  const brings = (node: PumpNode) =>
    pump.mutate(node, (engine, nowMs) => engine.proclaim(nowMs, fleet.policy(MILD)));
  brings(sensor);
  const [, target] = putAll();
  const { to, gc, items } = sensor.engine.blockOf(pump.nowMs, sensor.id) ?? assert.fail();
  const entries = items.flatMap(({ body, signature }) => {
    const { key, version } = decodeRecord(body) ?? assert.fail();
    const entry = { key, version, body, signature, setAtMs: pump.nowMs, ageBoundMs: 0, expired: false };
    return key.startsWith('sys/law/') ? [] : [entry];
  });
  const tell = (holder: PumpNode) =>
    pump.mutate(holder, (engine, nowMs) =>
      engine.keep.takeBack(nowMs, [{ owner: sensor.id, known: to, gc, entries }]),
    );
  const seenBy = (node: PumpNode) =>
    ENTRIES.flatMap(({ key }) => pump.read(node, sensor.id, key)?.value ?? []);
  return { pump, sensor, others, brings, tell, seenBy, to, target };
}

test('[P-5.49] what came before the law that allows it is asked for again, and what it was put together with is seen then', () => {
  const { pump, others, brings, tell, seenBy } = scene();
  for (const holder of others) {
    tell(holder);
    assert.equal(holder.engine.counters.drops['not-allowed'], 1);
  }
  pump.drop = () => false;
  brings(others[0]);
  const isAll = () => others.every((node) => seenBy(node).length === 2);
  for (let step = 0; step < 6_000 && !isAll(); step++) {
    pump.run(10);
    for (const node of others) assert.notEqual(seenBy(node).length, 1);
  }
  assert.ok(isAll(), 'all see both');
  for (const { engine } of others) assert.deepEqual(engine.waiting(pump.nowMs, 0), []);
});

test('a line over what was passed over is not kept over a restart: it is asked for again', () => {
  const { pump, sensor, others, brings, tell, seenBy, to, target } = scene();
  const [, holder] = others;
  tell(holder);
  const known = () =>
    holder.engine.keep.changedSince(0).changed.find(({ owner }) => owner === sensor.id)?.known;
  assert.equal(holder.engine.knownOf(sensor.id), to);
  assert.equal(known(), target - 1);
  assert.deepEqual(holder.engine.waiting(pump.nowMs + 5_000, 1_000), [
    { owner: sensor.id, node: 'n4', key: 'mode', lacks: 'batch', waitedMs: 5_000 },
  ]);
  brings(holder);
  pump.drop = () => false;
  pump.until(() => seenBy(holder).length === 2, 30_000, 'it was asked for again');
  assert.equal(known(), holder.engine.knownOf(sensor.id));
});
