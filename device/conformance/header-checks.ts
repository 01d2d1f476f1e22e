import { randomBytes } from 'node:crypto';
import { type Finding, fails, judge, type Requirement } from './requirement.ts';
import { echoes, type Forgery, type Visitor } from './visitor.ts';
import type { World } from './world.ts';

/** Sections 2 and 3: what is dropped before it is read. Each bad datagram holds a ping, whose ack would give the peer away. */
export const HEADER_CHECKS: readonly Requirement[] = [
  dropped('P-3.1', 'A datagram of another magic, or longer than 1200 bytes, is dropped.', ({ writer }) => {
    const { seq, body } = pingBody(writer);
    const good = writer.forge(body);
    const magic = new Uint8Array(good);
    magic[0] = 0x48;
    const long = new Uint8Array(1201);
    long.set(good);
    return [
      { bytes: magic, seq },
      { bytes: long, seq },
    ];
  }),
  dropped('P-3.1', 'A datagram shorter than 49 bytes, or cut off, is dropped.', ({ writer }) => {
    const { seq, body } = pingBody(writer);
    const good = writer.forge(body);
    return [0, 1, 2, 31, 48, good.length - 1].map((length) => ({ bytes: good.subarray(0, length), seq }));
  }),
  forged('P-3.1', 'A datagram of another protocol version is dropped.', { version: 2 }, { version: 0 }),
  forged('P-3.2', 'A datagram of an unknown kind is dropped.', { kind: 4 }, { kind: 5 }, { kind: 15 }),
  forged('P-3.5', 'A datagram of another cluster is dropped.', { tag: randomBytes(4) }),
  forged('P-3.5', 'A datagram that names another key is dropped.', { keyId: 1 }, { keyId: 2 }),
  forged('P-3.5', 'A datagram sealed with another key is dropped.', {
    key: randomBytes(32),
    salt: randomBytes(16),
  }),
  dropped('P-3.4', 'The whole header is authenticated.', ({ writer }) => {
    const { seq, body } = pingBody(writer);
    const good = writer.forge(body);
    return [1, 3, 7, 9, 30, 40, good.length - 1].map((at) => {
      const bytes = new Uint8Array(good);
      bytes[at] ^= 1;
      return { bytes, seq };
    });
  }),
  forged('P-3.4', 'A datagram of kind 1 opens only for the node that it was sealed to.', {
    destination: '00'.repeat(16),
  }),
  forged('P-3.5', 'A counter of 0, or from 2^53 on, is dropped.', { counter: 0n }, { counter: 1n << 53n }),
  {
    id: 'P-3.6',
    sentence: 'A datagram that was seen is dropped.',
    check: async ({ writer }) => {
      const { seq, body } = pingBody(writer);
      const bytes = writer.forge(body);
      const since = writer.received.length;
      for (let i = 0; i < 3; i++) writer.sendRaw(bytes);
      const after = await writer.settle(since);
      const acks = after?.filter((received) => echoes(received, 'ack', seq)).length ?? 0;
      return judge(acks === 1, `sent 3 times, answered ${acks} times`);
    },
  },
  {
    id: 'P-3.6',
    sentence: 'Datagrams out of order are taken within a window of 1024 counters, and not below it.',
    check: checkWindow,
  },
  {
    id: 'P-3.7',
    sentence: 'A salt is bound to the id and boot that it first named.',
    check: async (world) => {
      const { writer } = world;
      const other = await world.stranger();
      other.targetId = world.peer;
      const { seq, body } = pingBody(other);
      const since = writer.received.length;
      const echoed = await world.echoed(writer, [{ bytes: writer.forge(body), seq }]);
      // An answer is sealed to the other one: whoever it reaches can't open it.
      const isAnswered = writer.received.slice(since).some(({ drop }) => drop === 'forged');
      return judge(
        echoed?.size === 0 && !isAnswered,
        `another id under a known salt: ${isAnswered ? '' : 'not '}answered`,
      );
    },
  },
  {
    id: 'P-3.5',
    sentence: "A peer drops its own datagrams that come back, and isn't disturbed by them.",
    check: async ({ writer }) => {
      const since = writer.received.length;
      const own = writer.received.findLast(({ messages }) => messages.length > 0);
      if (own === undefined) return fails('the peer sent nothing');
      for (let i = 0; i < 5; i++) writer.sendRaw(own.bytes);
      const after = await writer.settle(since);
      return judge(after !== undefined, after === undefined ? 'no answer any more' : 'it still answers');
    },
  },
  {
    id: 'P-6.9',
    sentence: 'A touch is never answered.',
    check: async ({ writer }) => {
      const since = writer.received.length;
      for (let i = 0; i < 20; i++) writer.sendRaw(Uint8Array.of(0x47, 0x14));
      const after = await writer.settle(since);
      const refusals = after?.filter(({ refusal }) => refusal !== undefined).length ?? 0;
      return judge(
        after !== undefined && refusals === 0,
        `${refusals} refusals, ${after?.length ?? 0} datagrams`,
      );
    },
  },
];

/** A ping's body and the number that an ack would echo. */
export function pingBody(visitor: Visitor): { seq: number; body: Uint8Array } {
  const seq = visitor.drawSeq();
  return { seq, body: visitor.body({ type: 'ping', seq, destBoot: 0 }) };
}

/** A good ping that is sealed otherwise, in each of these ways. */
function forged(id: string, sentence: string, ...ways: readonly Forgery[]): Requirement {
  return dropped(id, sentence, ({ writer }) =>
    ways.map((way) => {
      const { seq, body } = pingBody(writer);
      return { seq, bytes: writer.forge(body, way) };
    }),
  );
}

function dropped(
  id: string,
  sentence: string,
  make: (world: World) => readonly { bytes: Uint8Array; seq: number }[],
): Requirement {
  const check = async (world: World): Promise<Finding> => {
    const datagrams = make(world);
    const echoed = await world.echoed(world.writer, datagrams);
    if (echoed === undefined) return fails('afterwards the peer answered no good ping');
    return judge(echoed.size === 0, `${datagrams.length} sent, ${echoed.size} answered`);
  };
  return { id, sentence, check };
}

async function checkWindow(world: World): Promise<Finding> {
  const visitor = await world.stranger();
  visitor.targetId = world.peer;
  const ping = (counter: bigint) => {
    const { seq, body } = pingBody(visitor);
    return { seq, bytes: visitor.forge(body, { counter }) };
  };
  const [high, within, below] = [ping(5000n), ping(4500n), ping(3900n)];
  visitor.counter = 5000n;
  const echoed = await world.echoed(visitor, [high, within, below]);
  if (echoed === undefined) return fails('a ping with the counter 5001 was not answered');
  const seen = `after counter 5000: 4500 ${said(echoed.has(within.seq))}, 3900 ${said(echoed.has(below.seq))}`;
  return judge(echoed.has(high.seq) && echoed.has(within.seq) && !echoed.has(below.seq), seen);
}

function said(answered: boolean): string {
  return answered ? 'answered' : 'not answered';
}
