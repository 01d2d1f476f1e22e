import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Block, Message, Presence } from '#runtime/wire/message.ts';
import { decodeRecord } from '#runtime/wire/record-codec.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { Intruder, presenceAt } from '../../../support/intruder.ts';
import { TrustedGroup } from '../../../support/trusted-group.ts';

const HONEST = 4;
/** Longer than any suspicion lasts here. */
const LONG_MS = 30_000;
/** So does this, and what was kept back lasts for it. */
const KEPT_MS = 15_000;

interface Scene {
  readonly pump: EnginePump;
  readonly group: TrustedGroup;
  readonly nodes: readonly PumpNode[];
  readonly victim: PumpNode;
  readonly others: readonly PumpNode[];
  readonly intruder: Intruder;
}

interface Setting {
  readonly proofs: boolean;
  readonly multicast?: 'off' | 'full';
  readonly latencyMs?: number;
}

function scene({ proofs, multicast = 'off', latencyMs = 1 }: Setting): Scene {
  const pump = new EnginePump({ multicast, latencyMs });
  const group = new TrustedGroup(HONEST + 1);
  const choices = Array.from({ length: HONEST }, (_, index) => group.choices(index, { proofs }));
  const nodes = pump.cluster(choices);
  const intruder = new Intruder(pump, group, HONEST, { proofs });
  intruder.join(nodes);
  go({ pump, intruder }, 3_000);
  assert.ok(
    nodes.every((node) => pump.stateOf(node, intruder.id) === 'alive'),
    'the intruder is taken for a member',
  );
  const [victim, ...others] = nodes;
  return { pump, group, nodes, victim, others, intruder };
}

/** Time goes by in small steps, between which the intruder acts. */
function go(
  { pump, intruder }: Pick<Scene, 'pump' | 'intruder'>,
  ms: number,
  act: () => void = () => {},
): void {
  const endMs = pump.nowMs + ms;
  while (pump.nowMs < endMs) {
    pump.run(20);
    intruder.turn();
    act();
  }
}

/** Whether somebody still takes the dead one for a living one. */
function isKeptAlive({ pump, others, victim }: Scene): boolean {
  return others.some((node) => pump.stateOf(node, victim.id) !== 'down');
}

/** Each attack, with what it needs of the scene. */
const ATTACKS: Readonly<Record<string, (scene: Scene) => void>> = {
  'acks under the name of the dead one': (stage) => {
    const { pump, intruder, victim } = stage;
    const puppet = intruder.under(victim.id);
    const told: [PumpNode, Message][] = [];
    intruder.listen(({ from, to, message }) => {
      if (to !== victim || message.type !== 'ping') return;
      told.push([
        from,
        { type: 'ack', seq: message.seq, uptimeMs: Math.round(pump.nowMs), mac: new Uint8Array(8) },
      ]);
    });
    pump.kill(victim);
    let seen = pump.mail.length;
    go(stage, LONG_MS, () => {
      for (const [node, ack] of told.splice(0)) puppet.tell(node, ack);
      // By now it is taken to be where the lies come from.
      for (; seen < pump.mail.length; seen++) puppet.answer(pump.mail[seen].from, [pump.mail[seen]]);
    });
  },
  'word of another life, so that no probe comes to its end': (stage) => {
    const { pump, intruder, victim } = stage;
    const puppet = intruder.under(victim.id, { boot: 9 });
    const told: [PumpNode, Message][] = [];
    intruder.listen(({ from, to, message }) => {
      if (to === victim && message.type === 'ping')
        told.push([from, { type: 'gone', seq: message.seq, boot: 9 }]);
    });
    pump.kill(victim);
    go(stage, LONG_MS, () => {
      for (const [node, gone] of told.splice(0)) puppet.tell(node, gone);
    });
  },
  'acks as a helper that everybody asks': (stage) => {
    const { pump, intruder, victim } = stage;
    pump.kill(victim);
    const endMs = pump.nowMs + LONG_MS;
    while (pump.nowMs < endMs) {
      pump.run(20);
      for (const { from, message } of intruder.turn())
        if (message.type === 'ping-req' && message.target === victim.id)
          intruder.own.tell(from, intruder.ack(from, message.seq));
    }
  },
  'a session that it proved while it lived, by passing questions and answers on': (stage) => {
    const { pump, intruder, victim, others } = stage;
    const puppet = intruder.under(victim.id);
    others.forEach((node, index) => {
      const asNode = intruder.under(node.id, { seed: 60 + index });
      const asked = puppet.read(puppet.tell(node, { type: 'want', lines: [line(victim.id)] }));
      for (const ping of asked.filter(({ type }) => type === 'ping'))
        for (const ack of asNode.read(asNode.tell(victim, ping))) puppet.tell(node, ack);
    });
    pump.kill(victim);
    go(stage, LONG_MS, () => {
      for (const node of others) puppet.tell(node, { type: 'ping', seq: 1, destBoot: 0 });
    });
  },
  'presences made up and said again': (stage) => {
    const { pump, intruder, victim, others } = stage;
    const puppet = intruder.under(victim.id);
    let heard: Presence | undefined;
    intruder.listen(({ from, message }) => {
      if (from === victim && message.type === 'presence') heard = message;
    });
    go(stage, 4_000);
    pump.kill(victim);
    // It calls for a proof of the puppet's session, and answers it.
    for (const node of others)
      puppet.answer(node, puppet.tell(node, { type: 'want', lines: [line(victim.id)] }));
    go(stage, LONG_MS, () => {
      const made = presenceAt(pump.nowMs, heard?.link);
      intruder.multicast(puppet, made, others);
      if (heard !== undefined) intruder.multicast(puppet, heard, others);
    });
  },
  'presences that were kept back': (stage) => {
    const { pump, intruder, victim, others } = stage;
    const puppet = intruder.under(victim.id);
    const kept: Presence[] = [];
    intruder.listen(({ from, to, message }) => {
      if (from === victim && to === others[0] && message.type === 'presence') kept.push(message);
    });
    const hear = pump.drop;
    // On the way to the others its presences are lost; pings reach it.
    pump.drop = (from, to, bytes) => hear(from, to, bytes) || (from === victim && isMulticast(victim, bytes));
    go(stage, LONG_MS);
    pump.kill(victim);
    for (const node of others)
      puppet.answer(node, puppet.tell(node, { type: 'want', lines: [line(victim.id)] }));
    assert.ok(kept.length > KEPT_MS / 1_000, 'there is something to say all the time');
    let nextMs = 0;
    go(stage, KEPT_MS, () => {
      if (pump.nowMs < nextMs) return;
      nextMs = pump.nowMs + 1_000;
      intruder.multicast(puppet, kept.shift() as Presence, others);
    });
  },
};

function isMulticast(node: PumpNode, bytes: Uint8Array): boolean {
  const sent = node.sent.findLast(
    (each) => each.bytes.length === bytes.length && each.bytes.every((b, i) => b === bytes[i]),
  );
  return sent?.to.kind === 'multicast';
}

function line(owner: string) {
  return { owner, known: 0, gc: 0 };
}

describe('a member gone bad keeps a dead board alive', () => {
  for (const [name, attack] of Object.entries(ATTACKS)) {
    const multicast = name.startsWith('presences') ? 'full' : 'off';
    test(`neither by ${name}, where lives are proven; without proofs it does`, () => {
      const proven = scene({ proofs: true, multicast });
      attack(proven);
      assert.equal(isKeptAlive(proven), false, 'with proofs');
      const open = scene({ proofs: false, multicast });
      attack(open);
      assert.equal(isKeptAlive(open), true, 'without proofs');
    });
  }
});

test('[P-6.22] no word of helpers that others made up speaks against a live one; without proofs it does', () => {
  for (const proofs of [true, false]) {
    const stage = scene({ proofs, latencyMs: 20 });
    const { pump, intruder, victim, others } = stage;
    const [judge, ...helpers] = others;
    const puppets = new Map(
      helpers.map((node, index) => [node, intruder.under(node.id, { seed: 40 + index })]),
    );
    const told: (() => void)[] = [];
    intruder.listen(({ from, to, message }) => {
      const puppet = puppets.get(to);
      if (
        from !== judge ||
        message.type !== 'ping-req' ||
        message.target !== victim.id ||
        puppet === undefined
      )
        return;
      told.push(() => puppet.tell(judge, { type: 'nack', seq: message.seq, mac: new Uint8Array(8) }));
    });
    const hear = pump.drop;
    const between = new Set([judge, victim]);
    pump.drop = (from, to, bytes) => hear(from, to, bytes) || (between.has(from) && between.has(to));
    const before = judge.engine.counters.probesFailed;
    const endMs = pump.nowMs + LONG_MS;
    while (pump.nowMs < endMs) {
      pump.run(5);
      for (const lie of told.splice(0)) lie();
      for (const { from, message } of intruder.turn())
        if (message.type === 'ping-req') intruder.own.tell(from, intruder.nack(from, message.seq));
    }
    const failed = judge.engine.counters.probesFailed - before;
    assert.equal(failed > 0, !proofs, `${failed} failed probes with${proofs ? '' : 'out'} proofs`);
    if (proofs) assert.ok(judge.engine.counters.drops['bad-proof'] > 0);
    assert.ok(
      others.every((node) => pump.stateOf(node, victim.id) !== 'down'),
      'it refutes what is said',
    );
  }
});

test('[P-6.4] accusations alone, signed by the one who makes them, bring nobody down', () => {
  const stage = scene({ proofs: true });
  const { pump, intruder, victim, others } = stage;
  let nextMs = 0;
  go(stage, LONG_MS, () => {
    if (pump.nowMs >= nextMs) {
      nextMs = pump.nowMs + 500;
      const incarnation = pump.incarnationOf(others[0], victim.id) ?? 0;
      for (const node of others)
        intruder.own.tell(node, {
          type: 'blocks',
          blocks: [intruder.accusation({ id: victim.id, boot: 1, incarnation })],
        });
    }
    assert.ok(others.every((node) => pump.stateOf(node, victim.id) !== 'down'));
  });
  assert.ok(victim.engine.counters.refutations > 5, 'it was accused and refuted');
});

test("[P-5.15] what was set long ago isn't fresh because who passes it on says so", () => {
  const pump = new EnginePump();
  const group = new TrustedGroup(4);
  const [owner, reader] = pump.cluster([0, 1].map((index) => group.choices(index, { proofs: true })));
  const intruder = new Intruder(pump, group, 3, { proofs: true });
  intruder.join([owner, reader]);
  go({ pump, intruder }, 1_000);
  let block: Block | undefined;
  let isTold = false;
  const isAbout = (key: string, each: Block) =>
    each.items.some(({ body }) => decodeRecord(body)?.key === key);
  intruder.listen(({ from, message }) => {
    if (message.type !== 'blocks' || from !== owner) return;
    const about = message.blocks.find((each) => isAbout('battery/soc', each));
    isTold ||= about !== undefined;
    block ??= about;
  });
  const hear = pump.drop;
  // What the owner says of it reaches readers by the intruder alone; a newcomer hears nothing of the owner at all, at first.
  let newcomer: PumpNode | undefined;
  pump.drop = (from, to, bytes) => {
    isTold = false;
    hear(from, to, bytes);
    if (newcomer === undefined) return isTold;
    return isTold || ([from, to].includes(newcomer) && [from, to].includes(owner));
  };
  pump.mutate(owner, (engine, nowMs) => engine.put(nowMs, 'battery/soc', 57));
  go({ pump, intruder }, 20_000);
  assert.ok(block !== undefined, 'the intruder overheard it');
  const young = { ...block, items: block.items.map((item) => ({ ...item, ageMs: 0 })) };
  const tell = (node: PumpNode) => {
    assert.equal(pump.read(node, owner.id, 'battery/soc'), undefined);
    intruder.own.tell(node, { type: 'blocks', blocks: [young] });
    return pump.read(node, owner.id, 'battery/soc');
  };
  const read = tell(reader);
  assert.ok(read !== undefined && read.ageMs >= 19_900 && read.ageMs <= 20_100, `${read?.ageMs} ms`);
  assert.ok(read.ageBoundMs !== null && read.ageBoundMs < 100, `bound of ${read.ageBoundMs} ms`);
  newcomer = pump.add(group.choices(2, { proofs: true }));
  // The reader's copy would tell it the truth.
  reader.running = false;
  intruder.join([newcomer]);
  go({ pump, intruder }, 1_000);
  assert.equal(tell(newcomer)?.ageMs, 0, 'it has nobody else to believe');
  const cut = newcomer;
  newcomer = undefined;
  pump.join(cut, owner);
  go({ pump, intruder }, 3_000);
  const later = pump.read(cut, owner.id, 'battery/soc');
  assert.ok(later !== undefined && later.ageMs >= 23_900 && later.ageMs <= 24_200, `${later?.ageMs} ms`);
});

test('[P-6.22] who has no certificate here yet is asked for it, and proves nothing meanwhile; the others go on', () => {
  const pump = new EnginePump();
  const group = new TrustedGroup(3);
  group.unknown.add(group.id(2));
  const nodes = [0, 1, 2].map((index) => pump.add(group.choices(index, { proofs: true })));
  for (const node of nodes.slice(1)) pump.join(node, nodes[0]);
  pump.run(5_000);
  assert.equal(pump.stateOf(nodes[0], nodes[1].id), 'alive');
  const seen = () =>
    nodes[0].engine.members(pump.nowMs).find(({ id }) => id === nodes[2].id)?.lastHeardMs ?? null;
  assert.equal(seen(), null);
  group.unknown.clear();
  pump.until(() => pump.sees(nodes[0], nodes, 'alive') && seen() !== null, 30_000, 'it is known and heard');
});

test('[P-6.24] a target that only helpers reach answers for itself', () => {
  const pump = new EnginePump();
  const group = new TrustedGroup(4);
  const [victim, judge] = pump.cluster([0, 1, 2, 3].map((index) => group.choices(index, { proofs: true })));
  const between = new Set([judge, victim]);
  pump.drop = (from, to) => between.has(from) && between.has(to);
  const { probesFailed } = judge.engine.counters;
  pump.run(LONG_MS);
  assert.equal(judge.engine.counters.probesFailed, probesFailed);
  assert.equal(judge.engine.counters.drops['bad-proof'], 0);
  assert.equal(pump.stateOf(judge, victim.id), 'alive');
});

test('[P-6.26] presences vouch for their senders, across chains that end and boots that follow', () => {
  const pump = new EnginePump({ multicast: 'full' });
  const group = new TrustedGroup(5);
  const nodes = pump.cluster(
    Array.from({ length: 5 }, (_, index) => {
      const { id, trust } = group.choices(index, { proofs: true });
      const proofs = { keys: group.keys(index), presenceLinks: 64 };
      return { id, trust: { ...trust, proofs } };
    }),
  );
  const isVouched = (of: PumpNode, by: PumpNode) =>
    (by.engine.why(pump.nowMs, of.id)?.vouchedForMs ?? null) !== null;
  const areVouched = () => nodes.every((by) => nodes.every((of) => of === by || isVouched(of, by)));
  pump.until(areVouched, 30_000, 'everybody is vouched for');
  // Chains of 64 slots of 0.75 s: they change over several times.
  for (let second = 0; second < 200; second++) {
    pump.run(1_000);
    assert.ok(areVouched(), `after ${second} s`);
  }
  pump.mutate(nodes[1], (engine, nowMs) => engine.adoptBoot(nowMs, 2));
  pump.until(() => !areVouched(), 30_000, 'the chain of the boot before is worth nothing');
  pump.until(areVouched, 30_000, 'and again in another boot');
  assert.ok(nodes.every(({ engine }) => engine.counters.drops['bad-proof'] === 0));
});

test('[P-6.27] who passes proofs on for a while, and then no more, draws nobody away from where a member says it is', () => {
  const pump = new EnginePump();
  const group = new TrustedGroup(3);
  const [victim, judge] = pump.cluster([0, 1].map((index) => group.choices(index, { proofs: true })));
  const intruder = new Intruder(pump, group, 2, { proofs: true });
  const asVictim = intruder.under(victim.id, { seed: 6 });
  const asJudge = intruder.under(judge.id, { seed: 7 });
  const placeOf = () =>
    pump.nodes[1].engine.members(pump.nowMs).find(({ id }) => id === victim.id)?.path?.address;
  // Long enough that a question fits into the answer.
  const long: Message = { type: 'padding', length: 30 };
  const asked = asVictim.read(asVictim.tell(judge, { type: 'want', lines: [line(victim.id)] }, long));
  // What pads the ping goes along: else the answer wouldn't fit.
  const passedOn = asked.filter(({ type }) => type === 'ping' || type === 'padding');
  for (const ack of asJudge.read(asJudge.tell(victim, ...passedOn))) asVictim.tell(judge, ack);
  assert.equal(placeOf(), asVictim.endpoint.address, 'its address was drawn away');
  const { probesFailed } = judge.engine.counters;
  pump.run(LONG_MS);
  assert.equal(judge.engine.counters.probesFailed, probesFailed);
  assert.equal(placeOf(), victim.endpoint.address);
});

test('[P-6.22] a question without a proof is answered without one: nobody can gather answers for later', () => {
  const pump = new EnginePump();
  const group = new TrustedGroup(3);
  const [node, other] = pump.cluster([0, 1].map((index) => group.choices(index, { proofs: true })));
  const intruder = new Intruder(pump, group, 2, { proofs: true });
  const puppet = intruder.under(other.id);
  const ask = (...messages: Message[]) => puppet.read(puppet.tell(node, ...messages));
  const mac = new Uint8Array(8);
  assert.deepEqual(ask({ type: 'ping', seq: 5, destBoot: 0 }), [{ type: 'ack', seq: 5 }]);
  assert.deepEqual(ask({ type: 'ping', seq: 5, destBoot: 0, mac }), [{ type: 'ack', seq: 5 }]);
  assert.deepEqual(ask({ type: 'ping', seq: 5, destBoot: 9, mac }), [{ type: 'gone', seq: 5, boot: 1 }]);
  const { target, targetBoot, endpoint } = { target: other.id, targetBoot: 1, endpoint: other.endpoint };
  ask({ type: 'ping-req', seq: 5, target, targetBoot, endpoint, mac, challenge: mac });
  pump.run(2_000);
  const said = puppet.read(pump.mail).map(({ type }) => type);
  assert.ok(!said.includes('nack') && !said.includes('ack'), said.join(' '));
});
