import { decodeAccusation, encodeAccusation } from '#runtime/membership/accusation-record.ts';
import { decodeNodeFacts } from '#runtime/membership/node-facts.ts';
import { decodeRecord } from '#runtime/wire/record-codec.ts';
import { fails, judge, type Requirement } from './requirement.ts';
import { echoes, messagesOf, type Received, type Visitor } from './visitor.ts';
import type { World } from './world.ts';

const ACCUSE_TTL_MS = 20_000;
const ANSWERS_FOR_REFUTATION = 3;

/** Section 6: accusations and leaving. */
export const MEMBERSHIP_CHECKS: readonly Requirement[] = [
  {
    id: 'P-6.4',
    sentence: 'An accusation of the present incarnation is refuted by the next one, at once.',
    check: async (world) => {
      const before = await world.peerNode();
      if (before === undefined) return fails('the peer shows no `node` record of its own');
      const { incarnation } = before.facts;
      await accuse(world, world.writer, { target: world.peer, boot: world.peerBoot, incarnation });
      const deadline = performance.now() + ANSWERS_FOR_REFUTATION * world.writer.answerMs;
      let after = await world.peerNode();
      while (after?.facts.incarnation === incarnation && performance.now() < deadline)
        after = await world.peerNode();
      const seen = `incarnation ${incarnation}, accused, then ${after?.facts.incarnation}`;
      return judge(after?.facts.incarnation === incarnation + 1 && after.version > before.version, seen);
    },
  },
  {
    id: 'P-6.4',
    sentence: 'An accusation of another incarnation or boot changes nothing.',
    check: async (world) => {
      const before = await world.peerNode();
      if (before === undefined) return fails('the peer shows no `node` record of its own');
      const { incarnation } = before.facts;
      const about = { target: world.peer, boot: world.peerBoot, incarnation };
      await accuse(world, world.writer, { ...about, incarnation: incarnation + 5 });
      if (incarnation > 0) await accuse(world, world.writer, { ...about, incarnation: incarnation - 1 });
      await accuse(world, world.writer, { ...about, boot: world.peerBoot + 1 });
      const after = await world.peerNode();
      return judge(
        after?.facts.incarnation === incarnation,
        `incarnation ${incarnation}, then ${after?.facts.incarnation}`,
      );
    },
  },
  {
    id: 'P-6.3',
    sentence: 'However old an accusation says that it is, nobody is down at once.',
    check: async (world) => {
      const { writer, reader } = world;
      const since = writer.received.length;
      await accuse(world, writer, {
        target: reader.id,
        boot: reader.boot,
        incarnation: 0,
        ageMs: ACCUSE_TTL_MS / 2,
      });
      const verdicts = accusationsOf(writer.received.slice(since), reader.id).filter(
        ({ stage }) => stage === 'down',
      );
      const node = reader.nodeRecord({ incarnation: 1 });
      reader.send({ type: 'blocks', blocks: [reader.block(node.version - 1, node.version, [node])] });
      await reader.settle(reader.received.length);
      return judge(verdicts.length === 0, verdicts.length === 0 ? 'nobody says down' : 'the peer says down');
    },
  },
  {
    id: 'P-6.5',
    sentence: 'A node that says that it left is acknowledged.',
    check: async (world) => {
      const { visitor, acked } = await leaver(world);
      visitor.close();
      return judge(acked, acked ? 'acknowledged' : 'no ack');
    },
  },
  {
    id: 'P-6.5',
    sentence:
      'Who pings in the life in which it is said to have left is sent its own `node` record with the ack.',
    check: async (world) => {
      const { visitor } = await leaver(world);
      const seq = visitor.drawSeq();
      const answer = await visitor.ask(
        () => visitor.send({ type: 'ping', seq, destBoot: 0 }),
        (received) => (echoes(received, 'ack', seq) ? received : undefined),
      );
      if (answer === undefined) return fails('the ping was not answered');
      await visitor.settle(visitor.received.length);
      const told = messagesOf([answer], 'blocks').some(({ blocks }) =>
        blocks.some(({ owner, items }) => owner === visitor.id && items.some(({ body }) => saysLeft(body))),
      );
      visitor.close();
      return judge(told, told ? 'its own record came with the ack' : 'the ack came alone');
    },
  },
];

async function accuse(
  world: World,
  by: Visitor,
  about: { target: string; boot: number; incarnation: number; ageMs?: number },
): Promise<void> {
  const value = encodeAccusation({
    target: about.target,
    boot: about.boot,
    incarnation: about.incarnation,
    stage: 'suspect',
    evidence: { waitedMs: 1000, helpers: 1, nacks: 1, localHealth: 0 },
  });
  const record = by.record({ key: 'accuse/0', value, ttlMs: ACCUSE_TTL_MS, priority: 'urgent' });
  await world.push(by.block(record.version - 1, record.version, [{ ...record, ageMs: about.ageMs ?? 0 }]));
}

function accusationsOf(received: readonly Received[], target: string) {
  return messagesOf(received, 'blocks')
    .flatMap(({ blocks }) => blocks)
    .flatMap(({ items }) => items)
    .map(({ body }) => decodeRecord(body))
    .flatMap((record) => (record?.key.startsWith('accuse/') ? [decodeAccusation(record.value)] : []))
    .filter((accusation) => accusation !== undefined)
    .filter((accusation) => accusation.target === target);
}

/** A member that joined and said that it left. */
async function leaver(world: World): Promise<{ visitor: Visitor; acked: boolean }> {
  const visitor = await world.stranger();
  await world.introduce(visitor);
  return { visitor, acked: await world.leave(visitor) };
}

function saysLeft(body: Uint8Array): boolean {
  const record = decodeRecord(body);
  return record?.key === 'node' && decodeNodeFacts(record.value)?.state === 'left';
}
