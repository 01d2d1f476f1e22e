import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { MqttBridge } from '#device/mqtt/bridge.ts';
import { MqttConfigSchema } from '#device/mqtt/config.ts';
import type { RunningNode } from '#runtime/driver/contract.ts';
import { allAlive, seedsOf, TestCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { AedesBroker } from '../support/mqtt/aedes-broker.ts';

const BUILD = { version: '0.1.0', commit: 'abc' };

test('of three nodes one feeds the broker; where it dies another goes on, with what was written meanwhile', async (t) => {
  const broker = new AedesBroker();
  await broker.start();
  t.after(() => broker.stop());
  const cluster = await TestCluster.make(t, 'site');
  const a = await cluster.start('a');
  const b = await cluster.start('b', { seeds: seedsOf(a) });
  const c = await cluster.start('c', { seeds: seedsOf(a) });
  const nodes: RunningNode[] = [a, b, c];
  await eventually(() => allAlive(nodes), { what: 'all alive' });
  const roster = { version: 1, voters: nodes.map(({ id }) => id), previous: [] };
  for (const node of nodes) node.setLeaseRoster(roster);
  const config = v.parse(MqttConfigSchema, { url: broker.url, lease: 'uplink' });
  const bridges = nodes.map((node) => ({
    node,
    bridge: new MqttBridge({ feed: node, leases: node, config, build: BUILD, random: { next: () => 0.02 } }),
  }));
  t.after(() => Promise.all(bridges.map(({ bridge }) => bridge.stop())));
  for (const { bridge } of bridges) bridge.start();
  const active = () => bridges.filter(({ bridge }) => bridge.status().role === 'active');
  await eventually(() => active().some(({ bridge }) => bridge.status().state === 'online'), {
    what: 'one feeds the broker',
  });
  assert.equal(active().length, 1);
  assert.equal(broker.connected.length, 1, 'the others have not even connected');

  const [first] = active();
  const others = nodes.filter((node) => node !== first.node);
  await first.node.close();
  others[0].put('battery/soc', 81);
  const topic = `gridvine/site/data/${others[0].name}/battery/soc`;
  await eventually(() => broker.last(topic)?.includes('81') === true, {
    what: 'the value comes by the next holder',
    withinMs: 30_000,
  });
  await eventually(() => broker.last(`gridvine/site/bridge/${first.node.name}/state`) === 'offline', {
    what: 'the will of the first says that it is offline',
  });

  const [second] = active();
  assert.notEqual(second.node, first.node);
  await second.bridge.stop();
  assert.equal(broker.last(`gridvine/site/bridge/${second.node.name}/state`), 'offline');
});
