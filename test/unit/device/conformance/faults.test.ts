import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { REQUIREMENTS, runConformance } from '#device/conformance/conformance.ts';
import { encodeAccusation } from '#runtime/membership/accusation-record.ts';
import { decodeNodeFacts, encodeNodeFacts } from '#runtime/membership/node-facts.ts';
import type { Block, Item, Message } from '#runtime/wire/message.ts';
import { decodeRecord, encodeRecord } from '#runtime/wire/record-codec.ts';
import { FaultyPeer, type PeerFault } from '../../../support/faulty-peer.ts';
import { CLUSTER, keyring, provider } from '../../../support/wire.ts';

type Of<T extends Message['type']> = Extract<Message, { type: T }>;

/** Says other blocks than the engine. */
function blocks(change: (block: Block) => Block): PeerFault {
  return messages('blocks', (message) => [{ ...message, blocks: message.blocks.map(change) }]);
}

/** Says other items of records than the engine; undefined: none. */
function items(change: (item: Item, key: string) => Item | undefined): PeerFault {
  return blocks((block) => ({
    ...block,
    items: block.items.flatMap((item) => change(item, decodeRecord(item.body)?.key ?? '') ?? []),
  }));
}

/** Says something else than one kind of message. */
function messages<T extends Message['type']>(
  type: T,
  change: (message: Of<T>) => readonly Message[],
): PeerFault {
  return { says: (all) => all.flatMap((each) => (each.type === type ? change(each as Of<T>) : [each])) };
}

/** Never hears one kind of message. */
function deafTo(...types: Message['type'][]): PeerFault {
  return {
    hears: (all) =>
      all.some(({ type }) => types.includes(type)) ? all.filter(({ type }) => !types.includes(type)) : all,
  };
}

/** Shows other lines than the engine has. */
function lines(change: (line: Of<'have'>['lines'][number]) => Of<'have'>['lines'][number]): PeerFault {
  return messages('have', (message) => [{ ...message, lines: message.lines.map(change) }]);
}

let told = 0;
const changed = (at: number) => (bytes: Buffer) => {
  const other = Buffer.from(bytes);
  other[at] = (other[at] ?? 0) ^ 1;
  return [other];
};
const nodeWith = (item: Item, incarnation: (present: number) => number): Item => {
  const record = decodeRecord(item.body);
  const facts = record && decodeNodeFacts(record.value);
  if (record === undefined || facts?.name !== 'faulty') return item;
  const value = encodeNodeFacts({ ...facts, incarnation: incarnation(facts.incarnation) });
  return { ...item, body: encodeRecord({ ...record, value }) };
};

/** Each fault, and a part of each sentence that it breaks. */
const FAULTS: readonly [string, PeerFault, readonly string[]][] = [
  ['answers every ping twice', messages('ack', (ack) => [ack, ack]), ['by `ack` of its seq, once']],
  [
    'says gone as another boot',
    messages('gone', (gone) => [{ ...gone, boot: gone.boot + 1 }]),
    ['by `gone` with the present boot'],
  ],
  [
    'vouches for anybody without looking',
    {
      adds: (all) =>
        all.flatMap((each) => (each.type === 'ping-req' ? [{ type: 'ack', seq: each.seq } as const] : [])),
    },
    ['pings neither strangers', 'gets no help', 'When the target stays silent'],
  ],
  ['helps nobody', deafTo('ping-req'), ['at the address that it knows', 'When the target stays silent']],
  [
    'joins say nothing of itself',
    { says: (all) => all.filter(({ type }) => type !== 'blocks') },
    ["the peer's `node` block and a `ping`"],
  ],
  [
    'answers a join at length',
    {
      says: (all) =>
        all.some(({ type }) => type === 'blocks') ? [...all, { type: 'join', seq: 1, padding: 600 }] : all,
    },
    ['answer to a join is not longer'],
  ],
  [
    'tells strangers more than they asked',
    {
      says: (all) =>
        all.some(({ type }) => type === 'ack')
          ? [...all, { type: 'want', lines: [{ owner: '79'.repeat(16), known: 0, gc: 0 }] }]
          : all,
    },
    ['nothing is sent besides the answer'],
  ],
  ['refuses by another code', { refuses: changed(7) }, ['code 2, unknown-key']],
  [
    'refuses what was not asked',
    { refuses: changed(9) },
    ['code 1, wrong-cluster', 'code 2, unknown-key', 'code 4, version'],
  ],
  [
    'refuses at any rate',
    { refuses: (bytes) => Array.from({ length: 30 }, () => bytes) },
    ['At most 5 refusals a second'],
  ],
  [
    'refuses what was sealed to it',
    {
      answers: (bytes) =>
        (bytes[1] ?? 0) % 16 === 1 && bytes.length > 60
          ? [
              Buffer.concat([
                Buffer.of(0x47, 0x13),
                bytes.subarray(2, 6),
                Buffer.of(0, 1),
                bytes.subarray(8, 32),
                Buffer.from(CLUSTER),
              ]),
            ]
          : [],
    },
    ['only datagrams of kind 2 are answered'],
  ],
  [
    'answers a touch',
    {
      answers: (bytes) =>
        bytes.length === 2
          ? [
              Buffer.concat([
                Buffer.of(0x47, 0x13),
                Buffer.alloc(4),
                Buffer.of(0, 1),
                Buffer.alloc(24),
                Buffer.from(CLUSTER),
              ]),
            ]
          : [],
    },
    ['touch is never answered'],
  ],
  [
    'keeps whatever comes last',
    items((item, key) => {
      const record = key === 'conformance/order' ? decodeRecord(item.body) : undefined;
      return record === undefined ? item : { ...item, body: encodeRecord({ ...record, value: 1 }) };
    }),
    ['the higher stays'],
  ],
  [
    'passes no tombstone on',
    items((item) => (decodeRecord(item.body)?.deleted ? undefined : item)),
    ['A tombstone replaces the record'],
  ],
  [
    'passes nothing on that has ended',
    items((item, key) => (key === 'conformance/ended' ? undefined : item)),
    ['whose ttl is over'],
  ],
  ['lets ages grow for ever', items((item) => ({ ...item, ageMs: item.ageMs + 1 })), ['Ages stop growing']],
  [
    'gives records in any order',
    blocks((block) => ({ ...block, items: [...block.items].reverse() })),
    ['items ascend by version'],
  ],
  [
    'shows a line that never moves',
    lines((line) => ({ ...line, known: line.gc })),
    ['raises it to `to`', 'resets: what it does not list'],
  ],
  [
    'shows lines that go back',
    lines((line) => ({ ...line, known: Math.max(0, line.known - ++told) })),
    ['lines of an owner never go back'],
  ],
  [
    'takes every gc line for its own',
    lines((line) => ({ ...line, gc: line.gc + ++told })),
    ['spans a collected tombstone'],
  ],
  [
    'begins blocks anywhere',
    blocks((block) => ({ ...block, from: Math.max(0, block.from - 1) + (block.from === 0 ? 1 : 0) })),
    ['answered by a block from 0', '`want` is answered by blocks'],
  ],
  [
    'wants nothing',
    { says: (all) => all.filter(({ type }) => type !== 'want') },
    ['by `want` where it is behind'],
  ],
  [
    'answers every question it is asked',
    messages('have', (have) => Array.from({ length: 6 }, () => ({ ...have, buckets: [], lines: [] }))),
    ['first four questions'],
  ],
  [
    'refutes nothing',
    items((item, key) => (key === 'node' ? nodeWith(item, () => 0) : item)),
    ['is refuted by the next one'],
  ],
  [
    'refutes everything',
    items((item, key) => (key === 'node' ? nodeWith(item, () => ++told) : item)),
    ['of another incarnation or boot'],
  ],
  [
    'takes an accusation for the verdict',
    {
      adds: (all) =>
        all.flatMap((each) => {
          if (each.type !== 'blocks') return [];
          return each.blocks.flatMap((block): Message[] => {
            if (!block.items.some(({ body }) => decodeRecord(body)?.key.startsWith('accuse/'))) return [];
            const evidence = { waitedMs: 0, helpers: 0, nacks: 0, localHealth: 0 };
            const of = (target: string) => {
              const value = encodeAccusation({ target, boot: 1, incarnation: 0, stage: 'down', evidence });
              const version = 3 * 2 ** 32 + 900;
              const body = encodeRecord({
                version,
                key: 'accuse/0',
                value,
                deleted: false,
                priority: 'urgent',
                quality: 'good',
              });
              return {
                owner: '78'.repeat(16),
                from: version - 1,
                to: version,
                gc: 0,
                items: [{ body, ageMs: 0 }],
              };
            };
            return [{ type: 'blocks', blocks: accusedIn(block).map(of) }];
          });
        }),
    },
    ['nobody is down at once'],
  ],
  ['lets leavers go without a word', leftUnheard(), ['it left is acknowledged']],
  [
    'tells nobody that it is said to have left',
    {
      says: (all) =>
        all.some(({ type }) => type === 'ack') ? all.filter(({ type }) => type !== 'blocks') : all,
    },
    ['its own `node` record with the ack'],
  ],
];

function accusedIn(block: Block): string[] {
  return block.items.flatMap(({ body }) => {
    const value = decodeRecord(body)?.value;
    const target = Array.isArray(value) ? (value[0] as unknown) : undefined;
    return target instanceof Uint8Array ? [Buffer.from(target).toString('hex')] : [];
  });
}

/** From the record that says so on it hears nothing any more. */
function leftUnheard(): PeerFault {
  let isDeaf = false;
  return {
    hears: (all) => {
      isDeaf ||= all.some(
        (each) =>
          each.type === 'blocks' &&
          each.blocks.some((block) =>
            block.items.some(
              ({ body }) => decodeNodeFacts(decodeRecord(body)?.value ?? null)?.state === 'left',
            ),
          ),
      );
      return isDeaf ? [] : all;
    },
  };
}

async function verdicts(t: TestContext, fault: PeerFault, sentences: readonly string[]) {
  const peer = await FaultyPeer.start(fault);
  t.after(() => peer.stop());
  const outcomes = await runConformance({
    target: peer.address,
    cluster: CLUSTER,
    key: keyring.writing,
    provider,
    answerMs: 150,
    requirements: REQUIREMENTS.filter(({ sentence }) => sentences.some((part) => sentence.includes(part))),
  });
  assert.ok(outcomes !== undefined, 'the peer did not answer the join');
  return outcomes;
}

describe('a peer with one fault is caught by the checks of what it breaks:', () => {
  for (const [what, fault, sentences] of FAULTS) {
    test(`it ${what}`, async (t) => {
      const outcomes = await verdicts(t, fault, sentences);
      assert.equal(outcomes.length, sentences.length);
      assert.deepEqual(
        outcomes
          .filter(({ verdict }) => verdict !== 'fails')
          .map(({ sentence, verdict, seen }) => `${verdict}: ${sentence} (${seen})`),
        [],
      );
    });
  }
});
