import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeVersion } from '#runtime/core/version.ts';
import { encodeAccusation } from '#runtime/membership/accusation-record.ts';
import { encodeNodeFacts } from '#runtime/membership/node-facts.ts';
import type { Block } from '#runtime/wire/message.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { itemOf } from '../support/lying-peer.ts';
import { assertUnmoved, dropsOf, type Scene, scene } from '../support/traitor-scene.ts';

/** Longer than any suspicion lasts here. */
const LONG_MS = 30_000;

test('what a member says in its own name is taken: the attempts below are well made', () => {
  const { pump, nodes, traitor } = scene();
  traitor.put(nodes, 'reading', 666);
  assert.ok(nodes.every((node) => pump.read(node, traitor.id, 'reading')?.value === 666));
});

describe('a malicious member of a cluster of certificates', () => {
  /** Each record in another's name that would do harm. */
  const FORGED: Readonly<Record<string, (stage: Scene) => Partial<RecordBody>>> = {
    'a reading': () => ({ key: 'reading', value: 666 }),
    'a tombstone': () => ({ key: 'reading', value: null, deleted: true }),
    'a leave': ({ victim }) => ({
      key: 'node',
      value: encodeNodeFacts({
        name: 'n5',
        incarnation: 9,
        state: 'left',
        endpoints: [victim.endpoint],
        tags: {},
        protocol: 1,
      }),
    }),
    'a move to the address of the traitor': ({ traitor }) => ({
      key: 'node',
      value: encodeNodeFacts({
        name: 'n5',
        incarnation: 9,
        state: 'alive',
        endpoints: [traitor.own.endpoint],
        tags: {},
        protocol: 1,
      }),
    }),
    'an accusation': ({ nodes }) => ({
      key: 'accuse/0',
      ttlMs: 60_000,
      value: encodeAccusation({
        target: nodes[0].id,
        boot: 1,
        incarnation: 0,
        stage: 'down',
        evidence: { waitedMs: 9_000, helpers: 3, nacks: 3, localHealth: 0 },
      }),
    }),
    'a chain of presences': () => ({ key: 'sys/presence', value: [1, 1_000, 4_096, new Uint8Array(16)] }),
  };
  for (const [what, of] of Object.entries(FORGED)) {
    test(`forges nothing of another: ${what}, unsigned, signed by itself, or under the other's name`, () => {
      const stage = scene();
      const { nodes, victim, traitor, pump } = stage;
      const others = nodes.filter((node) => node !== victim);
      const version = makeVersion(1, 40);
      const record = { ...of(stage), version };
      const bare: Block = {
        owner: victim.id,
        from: version - 1,
        to: version,
        gc: 0,
        items: [itemOf(record)],
      };
      // A signature of the victim's own, of something else.
      const genuine = victim.engine.blockOf(pump.nowMs, victim.id)?.items.at(-1)?.signature;
      const borrowed = { ...bare, items: [{ ...itemOf(record), signature: genuine }] } as Block;
      const asVictim = traitor.under(victim.id, 1);
      assertUnmoved(stage, () => {
        for (const block of [bare, borrowed, traitor.signed(record, victim.id)])
          for (const as of [traitor.own, asVictim]) traitor.tell(others, block, as);
      });
      assert.ok(dropsOf(others, 'unsigned') >= 2 * others.length);
      assert.ok(dropsOf(others, 'bad-signature') >= 4 * others.length);
    });
  }

  test('makes nobody forget what another has, and nobody wait for what it never made', () => {
    const stage = scene();
    const { pump, nodes, victim, traitor } = stage;
    const others = nodes.filter((node) => node !== victim);
    assertUnmoved(stage, () => {
      for (const boot of [1, 2, 1_000])
        for (const from of [0, makeVersion(1, 1)]) {
          const to = makeVersion(boot, 1_000);
          traitor.tell(others, { owner: victim.id, from, to, gc: to, items: [] });
        }
    });
    assert.deepEqual(
      others.map((node) => node.engine.knownOf(victim.id)),
      others.map(() => victim.engine.knownOf(victim.id)),
    );
    pump.mutate(victim, (engine, nowMs) => engine.put(nowMs, 'reading', 2));
    pump.until(
      () => others.every((node) => pump.read(node, victim.id, 'reading')?.value === 2),
      5_000,
      'it is heard',
    );
  });

  test('keeps no dead board alive', () => {
    const stage = scene({ multicast: 'full' });
    const { pump, nodes, victim, traitor } = stage;
    const others = nodes.filter((node) => node !== victim);
    const asVictim = traitor.under(victim.id, 1);
    pump.kill(victim);
    const endMs = pump.nowMs + LONG_MS;
    while (pump.nowMs < endMs) {
      const seen = pump.mail.length;
      pump.run(20);
      // It answers whatever goes astray to it, and speaks in the name of the dead one.
      for (const sent of pump.mail.slice(seen))
        for (const message of asVictim.read([sent]))
          if (message.type === 'ping')
            asVictim.tell(sent.from, {
              type: 'ack',
              seq: message.seq,
              uptimeMs: 9_000,
              mac: new Uint8Array(8),
            });
      for (const node of others) {
        asVictim.tell(node, { type: 'ping', seq: 1, destBoot: 0, mac: new Uint8Array(8) });
        const presence = asVictim.seal(undefined, [
          {
            type: 'presence',
            uptimeMs: Math.round(pump.nowMs),
            nodeVersion: 0,
            heard: 3,
            tableHash: new Uint8Array(8),
            nextMs: 1_500,
            link: new Uint8Array(16),
          },
        ]);
        pump.deliver(node, presence, { ...asVictim.path, multicast: true });
      }
    }
    assert.ok(
      others.every((node) => pump.stateOf(node, victim.id) === 'down'),
      `${others.map((node) => pump.stateOf(node, victim.id))}`,
    );
  });

  test('kills no live one: it accuses in all its slots, says gone, and says that it restarted', () => {
    const stage = scene();
    const { pump, nodes, victim, traitor } = stage;
    const others = nodes.filter((node) => node !== victim);
    const asVictim = traitor.under(victim.id, 77);
    const endMs = pump.nowMs + LONG_MS;
    for (let round = 0; pump.nowMs < endMs; round++) {
      pump.run(500);
      const incarnation = pump.incarnationOf(others[0], victim.id) ?? 0;
      const accusation = {
        target: victim.id,
        boot: 1,
        incarnation,
        stage: 'down',
        evidence: { waitedMs: 9_000, helpers: 3, nacks: 3, localHealth: 0, refusals: 3 },
      } as const;
      const value = encodeAccusation(accusation);
      traitor.tell(nodes, traitor.signed({ key: `accuse/${round % 32}`, ttlMs: 60_000, value }));
      for (const node of others) {
        asVictim.tell(node, { type: 'gone', seq: round, boot: 77, mac: new Uint8Array(8) });
        assert.notEqual(pump.stateOf(node, victim.id), 'down');
        assert.notEqual(pump.stateOf(node, victim.id), 'left');
      }
    }
    assert.ok(victim.engine.counters.refutations > 5);
    pump.until(
      () => others.every((node) => pump.stateOf(node, victim.id) === 'alive'),
      10_000,
      'it is alive',
    );
    assert.deepEqual(
      others.map((node) => node.engine.members(pump.nowMs).find(({ id }) => id === victim.id)?.boot),
      others.map(() => 1),
    );
  });
});
