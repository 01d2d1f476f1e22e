import { randomBytes } from 'node:crypto';
import type { Message } from '#runtime/wire/message.ts';
import { type Finding, fails, holds, judge, notObservable, type Requirement } from './requirement.ts';
import { type Forgery, messagesOf, type Received, type Visitor } from './visitor.ts';
import type { World } from './world.ts';

const REFUSAL_WITHIN_MS = 1_000;
/** As many as a second may bring, as many at once, and some for the clock. */
const REFUSALS_MAX = 12;
const REFUSABLE_SENT = 60;
const DRAWN_WITHIN_MS = 700;

/** Joins [P-6.7], what a session that isn't proven gets [P-7.4], and refusals (section 8). */
export const JOINING_CHECKS: readonly Requirement[] = [
  {
    id: 'P-6.7',
    sentence: "A join is answered by `ack`, the peer's `node` block and a `ping`.",
    check: async (world) => {
      const { received, join } = await joined(world);
      const acked = messagesOf(received, 'ack').some(({ seq }) => seq === join.seq);
      const asked = messagesOf(received, 'ping').length > 0;
      const own = messagesOf(received, 'blocks').some(({ blocks }) =>
        blocks.some(({ owner }) => owner === world.peer),
      );
      return judge(acked && asked && own, `ack ${acked}, ping ${asked}, node block ${own}`);
    },
  },
  {
    id: 'P-6.7',
    sentence: 'The answer to a join is not longer than the join.',
    check: async (world) => {
      const { received, join } = await joined(world, 0);
      const bytes = sizeOf(received);
      if (bytes === 0) return fails('no answer');
      return judge(bytes <= join.bytes.length, `${join.bytes.length} bytes sent, ${bytes} came`);
    },
  },
  {
    id: 'P-6.7',
    sentence: 'A join of less than 600 bytes is not answered.',
    check: async (world) => {
      const stranger = await stillStranger(world);
      const { bytes, seq } = world.join(stranger, 300);
      const echoed = await world.echoed(stranger, [{ bytes, seq }]);
      if (bytes.length >= 600) return notObservable('the join was too long');
      return judge(echoed?.size === 0, `${bytes.length} bytes, ${echoed?.size ? '' : 'not '}answered`);
    },
  },
  {
    id: 'P-7.4',
    sentence: "To a session that isn't proven no `have`, `buckets` or blocks are sent, but a `ping`.",
    check: async (world) => {
      const stranger = await stillStranger(world);
      const lines = [{ owner: world.peer, known: 0, gc: 0 }];
      const tableHash = new Uint8Array(randomBytes(8));
      const received = await stranger.ask(
        () =>
          stranger.send(
            { type: 'digest', tableHash, lines },
            { type: 'want', lines },
            { type: 'have', buckets: [0, 1, 2], lines },
            { type: 'buckets', hashes: new Uint8Array(256) },
          ),
        ({ messages }) => (messages.some(({ type }) => type === 'ping') ? true : undefined),
      );
      const told = stranger.received.flatMap(({ messages }) => messages.map(({ type }) => type));
      const leaked = told.filter((type) => ['have', 'buckets', 'blocks'].includes(type));
      if (leaked.length > 0) return fails(`it sent ${[...new Set(leaked)].join(', ')}`);
      return judge(received !== undefined, received ? `it sent ${told.join(', ')}` : 'no ping came');
    },
  },
  {
    id: 'P-7.5',
    sentence: "To a session that isn't proven nothing is sent besides the answer itself.",
    check: async (world) => {
      const stranger = await stillStranger(world);
      const body = stranger.body({ type: 'ping', seq: stranger.drawSeq(), destBoot: 0 });
      const bytes = stranger.forge(body);
      stranger.sendRaw(bytes);
      await stranger.wait(({ messages }) => (messages.length > 0 ? true : undefined));
      const types = stranger.received.flatMap(({ messages }) => messages.map(({ type }) => type));
      if (types.length === 0) return fails('the ping was not answered');
      const more = types.filter((type) => !['ack', 'ping', 'padding'].includes(type));
      return judge(more.length === 0, `a ping of a stranger brought ${types.join(', ')}`);
    },
  },
  {
    id: 'P-7.11',
    sentence: "What a session that isn't proven sends draws no more bytes than it has.",
    check: async (world) => {
      const stranger = await stillStranger(world);
      return judgeDrawn(world, { at: stranger, as: stranger });
    },
  },
  {
    id: 'P-3.13',
    sentence:
      'What comes from elsewhere than where its session was proven draws no more bytes to there than it has.',
    check: async (world) => {
      const elsewhere = await stillStranger(world);
      return judgeDrawn(world, { at: elsewhere, as: world.writer });
    },
  },
  refusal('wrong-cluster', 1, { tag: randomBytes(4) }),
  refusal('unknown-key', 2, { keyId: 1 }),
  refusal('version-too-old', 4, { version: 2 }),
  {
    id: 'P-8.1',
    sentence: 'A refusal is never longer than what it answers, and only datagrams of kind 2 are answered.',
    check: async (world) => {
      await quiet();
      const stranger = await stillStranger(world);
      const tag = randomBytes(4);
      const short = stranger.forge(Buffer.of(0), { kind: 2, tag });
      const bound = stranger.forge(stranger.body(), { kind: 1, tag, destination: world.peer });
      stranger.sendRaw(bound);
      stranger.sendRaw(short);
      await stranger.settle(0);
      const refusals = stranger.received.filter((received) => received.refusal !== undefined);
      const answers = (bytes: Uint8Array) => refusals.filter((received) => isEcho(received, bytes));
      if (answers(bound).length > 0) return fails('kind 1 was refused');
      const long = answers(short).find(({ bytes }) => bytes.length > short.length);
      return judge(
        long === undefined,
        `${short.length} bytes sent, ${answers(short)[0]?.bytes.length ?? 0} came`,
      );
    },
  },
  {
    id: 'P-8.1',
    sentence: 'At most 5 refusals a second are sent.',
    check: async (world) => {
      await quiet();
      const stranger = await stillStranger(world);
      const tag = randomBytes(4);
      for (let i = 0; i < REFUSABLE_SENT; i++) stranger.sendRaw(world.joinFrom(stranger, { tag }));
      await stranger.settle(0);
      const count = stranger.received.filter((received) => received.refusal !== undefined).length;
      if (count === 0) return notObservable('no refusal came (a peer may send none)');
      return judge(count <= REFUSALS_MAX, `${REFUSABLE_SENT} sent at once, ${count} refused`);
    },
  },
];

/** Sends a little that asks for much, from one visitor's socket in the name of one, and compares what comes. */
async function judgeDrawn({ peer }: World, { at, as }: { at: Visitor; as: Visitor }): Promise<Finding> {
  const lines = [{ owner: peer, known: 0, gc: 0 }];
  const questions: Message[] = [
    { type: 'want', lines },
    { type: 'have', buckets: Array.from({ length: 64 }, (_, bucket) => bucket), lines: [] },
    { type: 'digest', tableHash: new Uint8Array(randomBytes(8)), lines: [] },
    { type: 'ping', seq: at.drawSeq(), destBoot: 0 },
  ];
  let sent = 0;
  for (const question of questions)
    sent += at.sendRaw(as.forge(as.body(question), { destination: peer })).length;
  await at.wait(() => undefined, { withinMs: DRAWN_WITHIN_MS });
  const drawn = at.received.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return judge(drawn <= sent, `${sent} bytes sent, ${drawn} came`);
}

/** A join of somebody that the peer doesn't know, and what came before its question was answered. */
async function joined(world: World, padding?: number) {
  const stranger = await world.stranger();
  stranger.silent = true;
  const join = padding === undefined ? world.join(stranger) : world.shortestJoin(stranger);
  stranger.sendRaw(join.bytes);
  await stranger.wait(({ messages }) => (messages.some(({ type }) => type === 'ping') ? true : undefined));
  await stranger.wait(() => undefined, { since: stranger.received.length, withinMs: 200 });
  return { received: stranger.received.slice(), join };
}

async function stillStranger(world: World): Promise<Visitor> {
  const stranger = await world.stranger();
  stranger.silent = true;
  stranger.targetId = world.peer;
  return stranger;
}

function refusal(name: string, code: number, way: Forgery): Requirement {
  return {
    id: 'P-8.1',
    sentence: `A refusal of code ${code}, ${name}, echoes the nonce of what it answers and names the cluster.`,
    check: async (world): Promise<Finding> => {
      await quiet();
      const stranger = await stillStranger(world);
      const bytes = world.joinFrom(stranger, way);
      stranger.sendRaw(bytes);
      const came = await stranger.wait(
        (received) => (received.refusal === undefined ? undefined : received),
        {
          withinMs: REFUSAL_WITHIN_MS,
        },
      );
      if (came?.refusal === undefined) return notObservable('no refusal came (a peer may send none)');
      if (!isEcho(came, bytes)) return fails('the nonce is another');
      if (came.refusal.code !== name) return fails(`the code is ${came.refusal.code}`);
      if (came.refusal.cluster !== world.options.cluster)
        return fails(`the cluster is ${came.refusal.cluster}`);
      return holds(`${came.bytes.length} bytes`);
    },
  };
}

function isEcho({ bytes }: Received, answered: Uint8Array): boolean {
  return Buffer.compare(bytes.subarray(8, 32), answered.subarray(8, 32)) === 0;
}

function sizeOf(received: readonly Received[]): number {
  return received.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** Lets the peer's budget of refusals fill again. */
function quiet(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 400);
  });
}
