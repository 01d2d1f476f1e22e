import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrustState } from '#runtime/trust/trust.ts';
import type { MessageType } from '#runtime/wire/message.ts';
import { CertifiedFleet } from '../support/certified-fleet.ts';
import { EnginePump, type PumpNode } from '../support/engine-pump.ts';
import { Exile } from '../support/exile.ts';

const KINDS: readonly MessageType[] = [
  'ping',
  'ack',
  'nack',
  'gone',
  'ping-req',
  'join',
  'presence',
  'digest',
  'buckets',
  'have',
  'want',
  'blocks',
];

/** What a node believes of everybody. */
function beliefs(pump: EnginePump, node: PumpNode): unknown {
  const members = node.engine
    .members(pump.nowMs)
    .map(({ id, state, boot, incarnation }) => [id, state, boot, incarnation]);
  const records = node.engine
    .records(pump.nowMs)
    .map(({ owner, key, version, value }) => [owner, key, version, value]);
  return { members: members.sort(), records: records.sort() };
}

test('a revoked board that keeps all its keys reads nothing and writes nothing, by no kind of message', () => {
  const fleet = new CertifiedFleet(6);
  const pump = new EnginePump({ multicast: 'full' });
  const nodes = pump.cluster(fleet.cards.map((_, index) => fleet.choices(index)));
  const [stolen, ...rest] = [nodes[5], ...nodes.slice(0, 5)];
  for (const node of nodes) pump.mutate(node, (engine, nowMs) => engine.put(nowMs, 'reading', 1));
  pump.run(3_000);
  const { epochs } = stolen.engine.trustState() as TrustState;
  pump.kill(stolen);
  pump.run(1_000);
  const target = rest[0];
  const battery = (key: string) => {
    const exile = new Exile(pump, fleet, 5, epochs);
    return KINDS.filter((kind) => exile.try(kind, target, { other: rest[1], key }).length > 0);
  };
  // Before, the same attempts get somewhere: what it sends is well made.
  const before = battery('reading');
  assert.ok(
    ['ping', 'join', 'ping-req', 'have'].every((kind) => before.includes(kind as MessageType)),
    `answered: ${before}`,
  );
  assert.equal(pump.read(target, stolen.id, 'reading')?.value, 666);

  pump.mutate(rest[2], (engine, nowMs) => engine.proclaim(nowMs, fleet.revocation(stolen.id)));
  pump.until(() => rest.every((node) => node.engine.trust()?.epoch === 2), 5_000, 'all have rotated');
  // What it got them to believe of others before heals by itself.
  pump.run(60_000);
  const held = rest.map((node) => beliefs(pump, node));
  assert.deepEqual(pump.read(target, stolen.id, 'reading'), undefined);
  assert.deepEqual(battery('reading'), []);
  assert.deepEqual(battery('other'), []);
  pump.run(1_000);
  assert.deepEqual(
    rest.map((node) => beliefs(pump, node)),
    held,
  );
  assert.ok(target.engine.counters.drops['unknown-key'] >= 2 * KINDS.length);
});

test('between the news of a revocation and the next epoch the revoked board is not heard', () => {
  const fleet = new CertifiedFleet(5);
  const pump = new EnginePump();
  const nodes = pump.cluster(fleet.cards.map((_, index) => fleet.choices(index)));
  const [stolen, target] = [nodes[4], nodes[3]];
  const { epochs } = stolen.engine.trustState() as TrustState;
  pump.kill(stolen);
  // Nobody else hears of it, so nobody mints: the old key stays.
  pump.drop = () => true;
  pump.mutate(target, (engine, nowMs) => engine.proclaim(nowMs, fleet.revocation(stolen.id)));
  const exile = new Exile(pump, fleet, 4, epochs);
  for (const kind of KINDS)
    assert.deepEqual(exile.try(kind, target, { other: nodes[2], key: 'reading' }), [], kind);
  assert.equal(target.engine.counters.drops.revoked, KINDS.length * epochs.length);
  assert.equal(pump.read(target, stolen.id, 'reading'), undefined);
});
