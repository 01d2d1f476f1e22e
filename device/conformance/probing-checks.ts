import type { Message } from '#runtime/wire/message.ts';
import { type Finding, fails, judge, notObservable, type Requirement } from './requirement.ts';
import { echoes, messagesOf } from './visitor.ts';
import type { World } from './world.ts';

/** A helper waits a probe timeout itself, which may be 5 s where links are slow. */
const ANSWERS_FOR_NACK = 5;

/** Section 6: pings, helpers and lives. */
export const PROBING_CHECKS: readonly Requirement[] = [
  {
    id: 'P-6.1',
    sentence: 'A ping that names the boot, or 0, is answered by `ack` of its seq, once.',
    check: async ({ writer, peerBoot }) => {
      const since = writer.received.length;
      const [any, named] = [writer.drawSeq(), writer.drawSeq()];
      writer.send({ type: 'ping', seq: any, destBoot: 0 });
      writer.send({ type: 'ping', seq: named, destBoot: peerBoot });
      const after = (await writer.settle(since)) ?? [];
      const count = (seq: number) => messagesOf(after, 'ack').filter((ack) => ack.seq === seq).length;
      return judge(
        count(any) === 1 && count(named) === 1,
        `acks: boot 0 ${count(any)}, its boot ${count(named)}`,
      );
    },
  },
  {
    id: 'P-6.1',
    sentence: 'A ping that names another boot is answered by `gone` with the present boot.',
    check: async ({ writer, peerBoot }) => {
      const seq = writer.drawSeq();
      const destBoot = peerBoot === 1 ? 2 : peerBoot - 1;
      const since = writer.received.length;
      writer.send({ type: 'ping', seq, destBoot });
      const after = (await writer.settle(since)) ?? [];
      const gone = messagesOf(after, 'gone').find((message) => message.seq === seq);
      if (after.some((received) => echoes(received, 'ack', seq))) return fails('answered by `ack`');
      return judge(
        gone?.boot === peerBoot,
        gone === undefined ? 'no `gone`' : `gone, boot ${gone.boot} of ${peerBoot}`,
      );
    },
  },
  {
    id: 'P-6.2',
    sentence:
      'A helper pings the target under a seq of its own, at the address that it knows, and passes the ack on.',
    check: (world) => checkHelp(world, { targetIsSilent: false }),
  },
  {
    id: 'P-6.2',
    sentence: 'When the target stays silent, the helper answers by `nack`.',
    check: (world) => checkHelp(world, { targetIsSilent: true }),
  },
  {
    id: 'P-6.2',
    sentence: 'A helper pings neither strangers, nor itself, nor the requester.',
    check: async (world) => {
      const { writer } = world;
      const since = writer.received.length;
      const asked = ['00'.repeat(16), world.peer, writer.id].map((target) => {
        const seq = writer.drawSeq();
        writer.send({ type: 'ping-req', seq, target, targetBoot: 0, endpoint: writer.endpoint });
        return seq;
      });
      const after = (await writer.settle(since)) ?? [];
      const helped = asked.filter((seq) => after.some((received) => echoes(received, 'ack', seq)));
      return judge(helped.length === 0, `${asked.length} asked, ${helped.length} acknowledged`);
    },
  },
  {
    id: 'P-6.2',
    sentence: "A session that isn't proven gets no help, but a ping.",
    check: async (world) => {
      const stranger = await world.stranger();
      stranger.silent = true;
      stranger.targetId = world.peer;
      const { id, boot, endpoint } = world.reader;
      const seq = stranger.drawSeq();
      const request: Message = { type: 'ping-req', seq, target: id, targetBoot: boot, endpoint };
      const since = world.reader.received.length;
      const pinged = await stranger.ask(
        () => stranger.send(request),
        ({ messages }) => messages.find(({ type }) => type === 'ping'),
      );
      await world.reader.settle(since);
      if (stranger.received.some((received) => echoes(received, 'ack', seq))) return fails('it helped');
      return judge(pinged !== undefined, pinged === undefined ? 'no ping came' : 'a ping came, no help');
    },
  },
];

async function checkHelp(world: World, { targetIsSilent }: { targetIsSilent: boolean }): Promise<Finding> {
  const { writer, reader } = world;
  reader.silent = targetIsSilent;
  try {
    const seq = writer.drawSeq();
    const since = writer.received.length;
    const pingedSince = reader.received.length;
    // The address is one that nobody answers at: a helper goes by what it knows.
    const endpoint = { ...reader.endpoint, port: 9 };
    writer.send({ type: 'ping-req', seq, target: reader.id, targetBoot: reader.boot, endpoint });
    const answer = await writer.wait(
      (received) => (['ack', 'nack'] as const).find((type) => echoes(received, type, seq)),
      { since, withinMs: ANSWERS_FOR_NACK * writer.answerMs },
    );
    const pings = messagesOf(reader.received.slice(pingedSince), 'ping');
    if (pings.some((ping) => ping.seq === seq)) return fails("the target got the requester's seq");
    if (answer === undefined) return fails('no answer');
    if (targetIsSilent && answer === 'ack') return fails('`ack`, though the target answered nothing');
    if (pings.length === 0) return notObservable(`${answer}, but the target saw no ping`);
    return judge(answer === (targetIsSilent ? 'nack' : 'ack'), `the target was pinged; answer: ${answer}`);
  } finally {
    reader.silent = false;
  }
}
