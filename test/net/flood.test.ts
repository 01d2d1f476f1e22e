import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { FORGERIES, forge } from '../../scripts/bench/flood/forgeries.ts';
import { BenchNode } from '../../scripts/bench/peers/bench-node.ts';
import { eventually } from '../support/eventually.ts';

const BURST = 200;
const BURST_EVERY_MS = 50;

test('three nodes stay alive to each other while one of them is flooded with forgeries', async (t) => {
  const captured: Uint8Array[] = [];
  const downs: string[] = [];
  const heard = new Map<string, string>();
  const alive = new Map<string, Set<string>>();
  const start = (name: string) => {
    const others = new Set<string>();
    alive.set(name, others);
    return BenchNode.start(
      name,
      (event) => {
        if (event.type === 'member' && event.to === 'alive') others.add(event.name);
        if (event.type === 'member' && event.to === 'down') downs.push(`${event.name} on ${name}`);
        if (event.type === 'record') heard.set(`${event.record.node} on ${name}`, String(event.record.value));
      },
      { onSend: (bytes) => captured.push(bytes) },
    );
  };
  const names = ['ann', 'ben', 'cem'];
  const nodes = await Promise.all(names.map(start));
  t.after(() => Promise.all(nodes.map((node) => node.close())));
  for (const node of nodes) node.join(nodes[0].endpoints);
  await eventually(() => [...alive.values()].every((others) => others.size >= 2), { what: 'all alive' });

  const attacker = createSocket('udp4');
  attacker.bind(0, '127.0.0.1');
  await once(attacker, 'listening');
  const [{ port }] = nodes[2].endpoints;
  const real = captured.slice();
  let sent = 0;
  const flood = setInterval(() => {
    for (let i = 0; i < BURST; i++, sent++) {
      const target = new Uint8Array(1_200);
      const forged = forge(FORGERIES[sent % FORGERIES.length], target, { captured: real, number: sent });
      attacker.send(forged, port, '127.0.0.1');
    }
  }, BURST_EVERY_MS);
  t.after(() => {
    clearInterval(flood);
    attacker.close();
  });

  const { drops } = nodes[2].counters;
  const probesBefore = nodes.map((node) => node.counters.probes);
  await eventually(() => nodes.every((node, i) => node.counters.probes >= probesBefore[i] + 3), {
    what: 'three probes of each node',
    withinMs: 30_000,
  });
  for (const [i, node] of nodes.entries()) node.putUrgent('said', `in the flood by ${names[i]}`);
  await eventually(
    () =>
      names.every((name) =>
        names.every(
          (other) => other === name || heard.get(`${other} on ${name}`) === `in the flood by ${other}`,
        ),
      ),
    { what: 'what each has said, on the others' },
  );
  for (const reason of ['forged', 'budget', 'replay', 'wrong-cluster', 'version'] as const)
    assert.ok(drops[reason] > 0, `nothing dropped as ${reason}`);
  assert.deepEqual(downs, []);
});
