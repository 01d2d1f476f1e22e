import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '#runtime/wire/message.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { Intruder } from '../../../support/intruder.ts';
import { fingerprintOfByte, operate, pskOf } from '../../../support/keys.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';
import { TrustedGroup } from '../../../support/trusted-group.ts';
import { drive, flaggers, isFlagged } from '../../../support/twins.ts';

/** Room for a question in the answer. */
const LONG: Message = { type: 'padding', length: 100 };
/** The promise. */
const FLAGGED_MS = 10_000;
/** What was seen last counts for a minute; so do the records of witnesses. */
const OVER_MS = 130_000;

interface Cloned {
  readonly pump: EnginePump;
  readonly original: PumpNode;
  readonly clone: PumpNode;
  readonly all: readonly PumpNode[];
}

/** A cluster whose second node is started once more from a copy of its card. */
function cloned(
  boots: { original: number; clone: number },
  options: { nodes?: number; multicast?: 'full' | 'off'; seed?: number; loss?: number } = {},
): Cloned {
  const pump = new EnginePump({ multicast: options.multicast ?? 'off', seed: options.seed ?? 1 });
  const nodes = pump.cluster(options.nodes ?? 5, { boot: boots.original });
  const { loss = 0 } = options;
  if (loss > 0) pump.drop = () => pump.random() < loss;
  const clone = pump.add({ id: nodes[1].id, boot: boots.clone, name: 'n2' });
  pump.join(clone, nodes[0]);
  return { pump, original: nodes[1], clone, all: [...nodes, clone] };
}

const allSay = ({ pump, all, original }: Cloned) => all.every((node) => isFlagged(pump, node, original.id));

for (const multicast of ['off', 'full'] as const)
  for (const [name, clone] of [
    ['the next boot', 6],
    ['the very same boot', 5],
    ['an older boot', 3],
  ] as const)
    test(`[P-6.29] a clone that starts with ${name} is flagged by all, itself and the original too (multicast ${multicast})`, () => {
      // B-107
      const cluster = cloned({ original: 5, clone }, { multicast });
      const { pump, original, all } = cluster;
      assert.ok(
        drive(pump, FLAGGED_MS, () => allSay(cluster)),
        'flagged in time',
      );
      const boots = [original.engine.boot, cluster.clone.engine.boot];
      drive(pump, 60_000);
      assert.ok(allSay(cluster), 'as long as both live');
      assert.deepEqual([original.engine.boot, cluster.clone.engine.boot], boots, 'and no boot is used up');
      assert.ok(Math.max(...boots) <= 7, `${boots}`);
      for (const node of all) {
        const events = node.eventsOf('twin');
        assert.equal(events.length, 1, 'said once');
        assert.equal(events[0].change, 'seen');
        assert.equal(node.engine.counters.twins, 1);
        const why = node.engine.why(pump.nowMs, original.id);
        assert.ok((why?.twin?.lives.length ?? 0) > 0 && (why?.twin?.witnesses.length ?? 0) > 0);
        assert.ok(why?.member.flags.includes('twin'));
      }
      const elsewhere = original.engine
        .why(pump.nowMs, original.id)
        ?.twin?.lives.map((life) => life.endpoint);
      assert.deepEqual(
        elsewhere?.map(({ address }) => address),
        [cluster.clone.endpoint.address],
        'the original names the clone alone',
      );
    });

test('a clone is flagged in time while a third of all datagrams is lost', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const cluster = cloned({ original: 2, clone: 3 }, { seed, loss: 0.3 });
    assert.ok(
      drive(cluster.pump, FLAGGED_MS, () => allSay(cluster)),
      `seed ${seed}`,
    );
  }
});

test('two that know only each other find out by themselves', () => {
  const pump = new EnginePump();
  const one = pump.add({ boot: 4 });
  const two = pump.add({ id: one.id, boot: 4, name: 'n1' });
  pump.join(two, one);
  assert.ok(drive(pump, FLAGGED_MS, () => [one, two].every((node) => isFlagged(pump, node, one.id))));
  assert.deepEqual([one.engine.boot, two.engine.boot], [4, 4]);
});

test('the flag ends by itself when one of the two stops, and the other is a member again', () => {
  for (const survivor of ['original', 'clone'] as const) {
    const cluster = cloned({ original: 5, clone: 6 });
    const { pump, original, clone, all } = cluster;
    assert.ok(drive(pump, FLAGGED_MS, () => allSay(cluster)));
    const stopped = survivor === 'original' ? clone : original;
    const living = survivor === 'original' ? original : clone;
    pump.kill(stopped);
    const rest = all.filter((node) => node !== stopped);
    const isOver = () => rest.every((node) => !isFlagged(pump, node, original.id));
    assert.ok(drive(pump, OVER_MS, isOver), `${survivor} alone`);
    assert.equal(rest[0].eventsOf('twin').at(-1)?.change, 'over');
    const others = rest.filter((node) => node !== living);
    assert.ok(
      drive(pump, 60_000, () => others.every((node) => pump.stateOf(node, original.id) === 'alive')),
      `${survivor} is alive to all`,
    );
    assert.equal(pump.incarnationOf(rest[0], original.id) !== undefined, true);
  }
});

test('the flag ends when the copy gets an identity of its own', () => {
  const cluster = cloned({ original: 5, clone: 6 });
  const { pump, original, clone } = cluster;
  assert.ok(drive(pump, FLAGGED_MS, () => allSay(cluster)));
  pump.kill(clone);
  const rekeyed = pump.add({ id: 'cc'.repeat(16), boot: 1, name: 'n2' });
  pump.join(rekeyed, pump.nodes[0]);
  const rest = pump.nodes.filter((node) => node.running);
  assert.ok(drive(pump, OVER_MS, () => rest.every((node) => !isFlagged(pump, node, original.id))));
  assert.ok(drive(pump, 60_000, () => rest.every((node) => pump.sees(node, rest, 'alive'))));
});

test('a restart is no twin, though what the life before sent arrives late and again', () => {
  const pump = new EnginePump();
  const [ann, ben, cem] = pump.cluster(3, { boot: 5 });
  const old = ben.sent.slice();
  pump.kill(ben);
  const reborn = pump.add({ id: ben.id, boot: 6, name: 'n2' });
  pump.join(reborn, ann);
  for (let round = 0; round < 40; round++) {
    drive(pump, 250);
    for (const sent of old) for (const to of [ann, cem, reborn]) pump.deliver(to, sent.bytes, ben.path);
  }
  assert.deepEqual(flaggers(pump.nodes), []);
  assert.equal(reborn.engine.boot, 6);
});

test('a node whose boot counter was lost is no twin of its earlier lives, and jumps above them once', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(3, { boot: 5 });
  pump.kill(ben);
  const lost = pump.add({ id: ben.id, boot: 1, name: 'n2' });
  pump.join(lost, ann);
  assert.ok(drive(pump, 10_000, () => lost.engine.boot === 6));
  drive(pump, 60_000);
  assert.equal(lost.engine.boot, 6);
  assert.deepEqual(flaggers(pump.nodes), []);
});

test('a node that goes on under a higher boot is no twin of itself', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(3);
  for (let boot = 2; boot < 8; boot++) {
    pump.mutate(ben, (engine, nowMs) => engine.adoptBoot(nowMs, boot));
    drive(pump, 3_000);
  }
  assert.ok(pump.sees(ann, [ben], 'alive'));
  assert.deepEqual(flaggers(pump.nodes), []);
});

test('a node that speaks from several addresses, and one that moved, are no twins', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(3);
  const [ann, ben] = nodes;
  for (let i = 0; i < 100; i++) {
    const before = ben.sent.length;
    drive(pump, 200);
    // What it sends comes by another interface, too.
    const elsewhere = { ...ben.path, link: 'wlan0', address: `10.0.1.${i % 3}` };
    for (const { to, bytes } of ben.sent.slice(before))
      if (to.kind === 'unicast' && to.endpoint.address === ann.endpoint.address)
        pump.deliver(ann, bytes, elsewhere);
  }
  assert.deepEqual(flaggers(nodes), []);
});

test('one that lived twice on different transports has a salt for each, and is no twin', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const udp = new LyingPeer(pump, { seed: 1 });
  const http = new LyingPeer(pump, { seed: 2, transport: 'http' });
  for (let round = 0; round < 20; round++) {
    udp.introduce(node);
    const join = http.seal(undefined, [{ type: 'join', seq: 1, padding: 560 }]);
    for (const message of http.read(pump.deliver(node, join, http.path)))
      if (message.type === 'ping')
        pump.deliver(node, http.seal(node, [{ type: 'ack', seq: message.seq }]), http.path);
    pump.run(1_000);
  }
  assert.deepEqual(flaggers([node]), []);
});

test('[P-19.14] what somebody carries over from UDP to HTTP makes no twin of a member that speaks by both', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const udp = new LyingPeer(pump, { seed: 1 });
  const http = new LyingPeer(pump, { seed: 2, transport: 'http' });
  // Before the node heard anything by UDP: the salt would count as one of HTTP from then on.
  const carried = udp.seal(node, [{ type: 'ping', seq: 1, destBoot: 0 }]);
  assert.deepEqual(pump.deliver(node, carried, http.path), []);
  assert.equal(node.engine.counters.drops.forged, 1);
  for (let round = 0; round < 20; round++) {
    udp.introduce(node);
    http.introduce(node);
    pump.run(1_000);
  }
  assert.deepEqual(flaggers([node]), []);
});

test('a member that falsely says so flags four others while it says so, and costs them nothing else', () => {
  const pump = new EnginePump();
  const [ann, ben, cem] = pump.cluster(3);
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  const say = (slot: number, target: PumpNode) =>
    liar.tell(ann, {
      type: 'blocks',
      blocks: [
        liar.block({
          key: `sys/twin/${slot}`,
          value: [Uint8Array.from(Buffer.from(target.id, 'hex')), [[1, [1, Uint8Array.of(10, 0, 0, 9), 1]]]],
          ttlMs: 30_000,
          priority: 'urgent',
        }),
      ],
    });
  say(0, ben);
  say(4, cem);
  const flagged = () => [ann, ben, cem].every((node) => isFlagged(pump, node, ben.id));
  assert.ok(drive(pump, 5_000, flagged));
  assert.ok([ann, ben, cem].every((node) => !isFlagged(pump, node, cem.id)));
  for (const node of [ann, ben, cem]) assert.ok(pump.sees(node, [ann, ben, cem], 'alive'));
  pump.mutate(ben, (engine, nowMs) => engine.put(nowMs, 'soc', 7));
  assert.ok(drive(pump, 2_000, () => pump.read(cem, ben.id, 'soc')?.value === 7));
  assert.ok(drive(pump, 60_000, () => [ann, ben, cem].every((node) => !isFlagged(pump, node, ben.id))));
});

test('a cluster whose keys go to and fro under loss has no twins, though lives seal under several salts', () => {
  const pump = new EnginePump({ seed: 3 });
  const nodes = pump.cluster(5);
  pump.drop = () => pump.random() < 0.2;
  const [operator] = nodes;
  const isAllowed = (operation: Parameters<typeof operate>[2]) => {
    try {
      operate(pump, operator, operation);
      return true;
    } catch {
      return false;
    }
  };
  for (let round = 0; round < 8; round++) {
    const isFirst = round % 2 === 0;
    operate(pump, operator, { type: 'install', psk: pskOf(isFirst ? 2 : 1) });
    const fingerprint = fingerprintOfByte(isFirst ? 2 : 1);
    assert.ok(drive(pump, 60_000, () => isAllowed({ type: 'use', fingerprint })));
    drive(pump, 700);
  }
  assert.deepEqual(flaggers(nodes), []);
});

test('[P-6.22] a clone is flagged by all where lives are proven', () => {
  const pump = new EnginePump();
  const group = new TrustedGroup(4);
  const nodes = pump.cluster([0, 1, 2, 3].map((index) => group.choices(index, { proofs: true })));
  const clone = pump.add({ ...group.choices(1, { proofs: true }), boot: 2, name: 'n2' });
  pump.join(clone, nodes[0]);
  const all = [...nodes, clone];
  assert.ok(drive(pump, FLAGGED_MS, () => all.every((node) => isFlagged(pump, node, clone.id))));
});

test('[P-6.22] a member that speaks in the name of another makes no twin of it where lives are proven', () => {
  const pump = new EnginePump();
  const group = new TrustedGroup(4);
  const nodes = pump.cluster([0, 1, 2].map((index) => group.choices(index, { proofs: true })));
  const [victim, ...others] = nodes;
  const intruder = new Intruder(pump, group, 3, { proofs: true });
  intruder.join(nodes);
  const puppet = intruder.under(victim.id);
  for (let round = 0; round < 40; round++) {
    for (const node of others) {
      const asked = puppet.read(puppet.tell(node, { type: 'ping', seq: round, destBoot: 0 }, LONG));
      for (const message of asked)
        if (message.type === 'ping') puppet.tell(node, { type: 'ack', seq: message.seq });
    }
    drive(pump, 300);
    intruder.turn();
  }
  assert.ok(others.every((node) => node.engine.counters.drops['bad-proof'] > 0));
  assert.deepEqual(flaggers(others), []);
});
