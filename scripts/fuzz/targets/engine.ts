import { fromHex } from '#runtime/core/ids.ts';
import { BODY_BYTES_MAX } from '#runtime/core/limits.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { fingerprintOf } from '#runtime/crypto/fingerprint.ts';
import { encodeKeyring } from '#runtime/crypto/key-records.ts';
import { encodeAccusation } from '#runtime/membership/accusation-record.ts';
import { decodeCbor, encodeValue, toAppValue } from '#runtime/wire/cbor.ts';
import { CborWriter } from '#runtime/wire/cbor-writer.ts';
import type { Block, Message } from '#runtime/wire/message.ts';
import { encodeMessage } from '#runtime/wire/messages/table.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import { markOfKey } from '#runtime/wire/record-marks.ts';
import { type CborNode, parseTree, writeTree } from '../cbor-tree.ts';
import { type FuzzTarget, promise } from '../contract.ts';
import { groupKey, PEER, provider, SELF, STRANGER } from '../fixtures.ts';
import { MEMBERS, signerOf, trustOf } from './engine-trust.ts';
import { EngineWorld, Peer, type SignRecord } from './engine-world.ts';

const STEPS_MAX = 12;
const ADVANCE_MS_MAX = 20_000;

/**
 * A program: an array of steps, each an array that begins with its number. Steps 1 to 4 are followed by messages as they stand in a
 * body: whoever bends the input bends them.
 */
const ADVANCE = 0;
const MEMBER_TO_ONE = 1;
const MEMBER_TO_ANY = 2;
const MEMBER_BY_MULTICAST = 3;
const STRANGER_SAYS = 4;
const RAW = 5;
const PUT = 6;
const DELETE = 7;
const LEAVE = 8;
const UNREACHABLE = 9;
const ANSWER = 10;
const LOOK = 11;

/** The whole node, fed by a proven member who lies, by a stranger with the key, and by an outsider. */
export const engine: FuzzTarget = {
  name: 'engine',
  about: 'a node among members and strangers who say anything, over time',
  shape: 'cbor',
  bytesMax: 3_000,
  weight: 3,
  reaches: ['changed', 'unmoved'],
  seeds: () => programs(PEER, undefined),
  prepare: () => (input) =>
    play(
      input,
      () => {
        const peers = [new Peer(PEER, 2), new Peer(STRANGER, 3)];
        const world = new EngineWorld(SELF, peers);
        return { world, peers };
      },
      undefined,
    ),
};

/** The same in a cluster of certificates: a member's word counts for itself, and for nobody else. */
export const trustedEngine: FuzzTarget = {
  name: 'engine-trust',
  about: 'a node of a cluster of certificates among members who say anything of each other',
  shape: 'cbor',
  bytesMax: 3_000,
  weight: 3,
  reaches: ['changed', 'unmoved'],
  seeds: () => programs(MEMBERS[1].id, signerOf),
  prepare: () => (input) =>
    play(
      input,
      () => {
        const peers = [new Peer(MEMBERS[1].id, 2), new Peer(MEMBERS[2].id, 3)];
        const world = new EngineWorld(MEMBERS[0].id, peers, trustOf(0));
        return { world, peers };
      },
      signerOf,
    ),
};

/** A value that travels apart, and a batch of which one record never comes. */
const LONG = encodeValue('x'.repeat(1_200));
const LARGE = { length: LONG.length, hash: provider.sha256(LONG) };
const PAIR = { index: 1, members: [markOfKey('other'), markOfKey('mode')] };

function marked(
  owner: string,
  sequence: number,
  key: string,
  marks: Pick<RecordBody, 'batch' | 'large'>,
): Block {
  const version = makeVersion(1, sequence);
  const about = { deleted: false, priority: 'normal', quality: 'good' } as const;
  const body = encodeRecord({ ...about, ...marks, version, key, value: null });
  return { owner, from: version - 1, to: version, gc: 0, items: [{ body, ageMs: 0 }] };
}

function play(
  input: Uint8Array,
  make: () => { world: EngineWorld; peers: readonly Peer[] },
  sign: SignRecord,
): string {
  const program = parseTree(input);
  if (program?.items === undefined) return 'no program';
  const { world, peers } = make();
  const [member, stranger] = peers;
  // Who is spoken of, and can't speak: what is believed of it must be its own word.
  const third = new Peer(sign === undefined ? 'dd'.repeat(16) : MEMBERS[3].id, 4);
  const first = sign === undefined ? [] : [certificate(member, sign)];
  world.introduce(member, [...first, member.item(first.length + 1, 'node', member.nodeValue(), sign)]);
  if (sign !== undefined)
    world.introduce(third, [
      certificate(third, sign),
      third.item(2, 'node', third.nodeValue(), sign),
      third.item(3, 'battery/soc', 57, sign),
    ]);
  world.put('own/a', { n: 1 });
  const before = JSON.stringify(world.engine.counters);
  const recordsBefore = world.engine.counters.recordsApplied;
  const thirds = sign === undefined ? undefined : recordsOf(world, third.id);
  for (const step of program.items.slice(0, STEPS_MAX)) {
    take(step, { world, member, stranger, sign });
    world.check();
    if (thirds !== undefined && world.nowMs < 20_000)
      promise(recordsOf(world, third.id) === thirds, "a member changes another's records");
  }
  world.advance(3_000);
  world.check();
  world.look();
  if (world.engine.counters.recordsApplied > recordsBefore) return 'changed';
  return JSON.stringify(world.engine.counters) === before ? 'untouched' : 'unmoved';
}

function recordsOf(world: EngineWorld, owner: string): string {
  return JSON.stringify(
    world.engine.records(world.nowMs, { owner }).map(({ key, version, value }) => [key, version, value]),
  );
}

function certificate(peer: Peer, sign: SignRecord) {
  const chain = MEMBERS.find(({ id }) => id === peer.id)?.chain ?? [];
  return peer.item(1, 'sys/cert', [...chain], sign);
}

interface Scene {
  readonly world: EngineWorld;
  readonly member: Peer;
  readonly stranger: Peer;
  readonly sign: SignRecord;
}

function take(step: CborNode, { world, member, stranger, sign }: Scene): void {
  const [head, ...rest] = step.items ?? [];
  const { engine } = world;
  switch (head?.major === 0 ? Number(head.argument) : -1) {
    case ADVANCE:
      world.advance(Number((rest[0]?.argument ?? 0n) % BigInt(ADVANCE_MS_MAX)));
      return;
    case MEMBER_TO_ONE:
      world.deliver(member.sealer.sealTo(engine.id, bodyOf(member.id, rest, sign)), member.path);
      return;
    case MEMBER_TO_ANY:
      world.deliver(member.sealer.sealToAny(bodyOf(member.id, rest, sign)), member.path);
      return;
    case MEMBER_BY_MULTICAST:
      world.deliver(member.sealer.sealToAny(bodyOf(member.id, rest, sign)), {
        ...member.path,
        multicast: true,
      });
      return;
    case STRANGER_SAYS: {
      const sealed = stranger.sealer.sealToAny(bodyOf(stranger.id, rest, undefined));
      world.deliver(sealed, stranger.path);
      checkAnswer(world, stranger, sealed.length);
      return;
    }
    case RAW: {
      const bytes = rest[0]?.bytes ?? new Uint8Array(0);
      world.deliver(bytes, stranger.path);
      promise(world.sentTo(stranger.endpoint) <= bytes.length, 'more bytes to an outsider than came from it');
      return;
    }
    case PUT: {
      const decoded = rest[1] === undefined ? undefined : decodeCbor(writeTree(rest[1], 2_000));
      const value = decoded !== undefined && 'value' in decoded ? toAppValue(decoded.value) : undefined;
      if (value !== undefined) world.put(textOfNode(rest[0]), value);
      return;
    }
    case DELETE:
      world.delete(textOfNode(rest[0]));
      return;
    case LEAVE:
      world.mutate(() => engine.leave(world.nowMs));
      return;
    case UNREACHABLE:
      world.mutate(() => engine.handleUnreachable(world.nowMs, member.endpoint));
      return;
    case ANSWER:
      world.answer(member);
      return;
    case LOOK:
      world.look();
      return;
    default:
  }
}

/** So much longer an answer to an unproven sender may be: its own boot and numbers take more bytes than those it was asked with. */
const LONGER_BYTES = 8;

function checkAnswer(world: EngineWorld, { endpoint }: Peer, bytes: number): void {
  const answered = world.sentTo(endpoint);
  promise(answered <= bytes + LONGER_BYTES, 'more bytes to an unproven sender than came from it');
}

const textOfNode = (node: CborNode | undefined) => new TextDecoder().decode(node?.bytes ?? new Uint8Array(0));

/** `[ sender, boot, * message ]`; in a cluster of certificates the sender signs what it says in its own name. */
function bodyOf(sender: string, messages: readonly CborNode[], sign: SignRecord): Uint8Array {
  if (sign !== undefined) for (const message of messages) resign(message, sender, sign);
  const root: CborNode = {
    major: 4,
    argument: 0n,
    items: [{ major: 2, argument: 0n, bytes: fromHex(sender) }, { major: 0, argument: 1n }, ...messages],
  };
  return writeTree(root, BODY_BYTES_MAX).subarray(0, BODY_BYTES_MAX);
}

/** Signs the records of a message's blocks, whoever they are said to be of: with the sender's own key. */
function resign(message: CborNode, sender: string, sign: NonNullable<SignRecord>): void {
  for (const block of message.items?.slice(1) ?? [])
    for (const list of block.items?.slice(4) ?? [])
      for (const item of [list, ...(list.items ?? [])]) {
        const [body] = item.items ?? [];
        if (body?.major !== 2 || item.items === undefined || item.items.length > 2) continue;
        const bytes = body.inner === undefined ? body.bytes : writeTree(body.inner, 2_000);
        const signature = bytes === undefined ? undefined : sign(sender, bytes);
        if (signature !== undefined) item.items.push({ major: 2, argument: 0n, bytes: signature });
      }
}

/** Programs to begin with: each message at least once, by a member and by a stranger. */
function programs(peer: string, sign: SignRecord): Uint8Array[] {
  const speaker = new Peer(peer, 2);
  const target = sign === undefined ? 'dd'.repeat(16) : MEMBERS[3].id;
  const self = sign === undefined ? SELF : MEMBERS[0].id;
  const block = (
    owner: string,
    sequence: number,
    key: string,
    value: Parameters<Peer['item']>[2],
    gc = 0,
  ): Block => {
    const to = makeVersion(1, sequence);
    return { owner, from: to - 1, to, gc, items: [speaker.item(sequence, key, value, undefined)] };
  };
  const accusation = (of: string) =>
    encodeAccusation({
      target: of,
      boot: 1,
      incarnation: 0,
      stage: 'suspect',
      evidence: { waitedMs: 900, helpers: 3, nacks: 3, localHealth: 0 },
    });
  const fingerprint = fingerprintOf(provider, groupKey);
  const keyring = encodeKeyring({
    writes: fingerprint,
    reads: [fingerprint],
    use: undefined,
    changes: [{ fingerprint: 'ab'.repeat(8), stamp: { lamport: 1, by: peer }, state: 'installed' }],
  });
  const line = { owner: target, known: makeVersion(1, 5), gc: 0 };
  const hash = new Uint8Array(8);
  const messages: Message[][] = [
    [
      { type: 'ping', seq: 9, destBoot: 0 },
      { type: 'ping', seq: 10, destBoot: 4 },
    ],
    [
      { type: 'ack', seq: 9, uptimeMs: 5_000 },
      { type: 'nack', seq: 9 },
      { type: 'gone', seq: 9, boot: 7 },
    ],
    [
      {
        type: 'ping-req',
        seq: 3,
        target,
        targetBoot: 1,
        endpoint: { transport: 'udp', address: '10.0.0.4', port: 9 },
      },
    ],
    [{ type: 'join', seq: 4, padding: 560 }],
    [
      {
        type: 'presence',
        uptimeMs: 5_000,
        nodeVersion: makeVersion(1, 1),
        heard: 3,
        tableHash: hash,
        nextMs: 1_500,
      },
    ],
    [
      {
        type: 'blocks',
        blocks: [block(peer, 5, 'battery/soc', 57.25), block(target, 9, 'node', speaker.nodeValue())],
      },
    ],
    [
      {
        type: 'blocks',
        blocks: [
          block(peer, 6, 'accuse/0', accusation(target)),
          block(peer, 7, 'accuse/1', accusation(self)),
        ],
      },
    ],
    [
      {
        type: 'blocks',
        blocks: [
          block(peer, 8, 'sys/keyring', keyring),
          block(self, 9, 'node', speaker.nodeValue(), makeVersion(1, 3)),
        ],
      },
    ],
    [{ type: 'digest', tableHash: hash, lines: [line, { owner: self, known: 0, gc: 0 }] }],
    [
      { type: 'buckets', hashes: new Uint8Array(256) },
      { type: 'have', buckets: [0, 63], lines: [line] },
      { type: 'want', lines: [line] },
    ],
    [
      {
        type: 'blocks',
        blocks: [marked(peer, 9, 'plan', { large: LARGE }), marked(peer, 11, 'mode', { batch: PAIR })],
      },
      { type: 'value-part', hash: LARGE.hash, part: 0, bytes: LONG.slice(0, 1_024) },
      { type: 'value-part', hash: LARGE.hash, part: 1, bytes: LONG.slice(1_024) },
      { type: 'value-want', hash: LARGE.hash, parts: 3 },
    ],
  ];
  const say = (kind: number, each: readonly Message[]) => (writer: CborWriter) => {
    writer.array(1 + each.length);
    writer.uint(kind);
    for (const message of each) encodeMessage(writer, message);
  };
  const single = messages.flatMap((each, i) =>
    [say(1 + (i % 3), each), say(STRANGER_SAYS, each)].map((step) => [step, advance(500)]),
  );
  const long = [
    ...messages.slice(3, 8).map((each) => say(MEMBER_TO_ONE, each)),
    advance(4_000),
    plainStep(ANSWER),
    say(MEMBER_BY_MULTICAST, messages[4]),
    plainStep(UNREACHABLE),
    advance(15_000),
  ];
  const own = [
    put('own/b', 5),
    plainStep(DELETE, 'own/b'),
    plainStep(LOOK),
    plainStep(LEAVE),
    advance(1_000),
  ];
  return [...single, long, own].map((steps) => {
    const writer = new CborWriter();
    writer.array(steps.length);
    for (const step of steps) step(writer);
    return writer.finish();
  });
}

function advance(ms: number) {
  return (writer: CborWriter) => {
    writer.array(2);
    writer.uint(ADVANCE);
    writer.uint(ms);
  };
}

function put(key: string, value: number) {
  return (writer: CborWriter) => {
    writer.array(3);
    writer.uint(PUT);
    writer.text(key);
    writer.value([value]);
  };
}

function plainStep(kind: number, key?: string) {
  return (writer: CborWriter) => {
    writer.array(key === undefined ? 1 : 2);
    writer.uint(kind);
    if (key !== undefined) writer.text(key);
  };
}
