import type { Line } from '#runtime/wire/message.ts';
import { decodeRecord } from '#runtime/wire/record-codec.ts';
import { fails, judge, type Requirement } from './requirement.ts';
import { messagesOf } from './visitor.ts';
import type { World } from './world.ts';

/** Blocks and lines [P-5.3] to [P-5.5], and what digests bring (section 7). */
export const LINE_CHECKS: readonly Requirement[] = [
  {
    id: 'P-5.3',
    sentence:
      'A block that begins at the known line or below raises it to `to`; one that begins above leaves it.',
    check: async (world) => {
      const { writer } = world;
      const before = await settled(world);
      const [first, second, third] = [1, 2, 3].map((value) =>
        writer.record({ key: `conformance/gap/${value}` }),
      );
      await world.push(writer.block(second.version, third.version, [third]));
      const gapped = await world.lineOf(writer.id);
      await world.push(writer.block(first.version - 1, second.version, [first, second]));
      const filled = await world.lineOf(writer.id);
      const seen = `known: ${text(before)}, after a gap ${text(gapped)}, filled ${text(filled)}`;
      return judge(gapped?.known === before?.known && filled?.known === second.version, seen);
    },
  },
  {
    id: 'P-5.3',
    sentence: 'A block that spans a collected tombstone does not move the line.',
    check: async (world) => {
      const { writer } = world;
      const before = await settled(world);
      const [, , third] = [1, 2, 3].map((value) => writer.record({ key: `conformance/gap/${value}` }));
      // Its gc line lies above what the peer knows: something between was deleted, and the tombstone is gone.
      await world.push(writer.block(third.version - 3, third.version, [third], third.version - 1));
      const after = await world.lineOf(writer.id);
      const same = after?.known === before?.known && after?.gc === before?.gc;
      return judge(same, `before ${text(before)}, after ${text(after)}`);
    },
  },
  {
    id: 'P-5.3',
    sentence: "A record at or below the known line that isn't held is not taken.",
    check: async (world) => {
      const { writer } = world;
      const record = writer.record({ key: 'conformance/late' });
      const next = writer.record({ key: 'conformance/gap/1' });
      await settled(world);
      const whole = await reset(world, [next]);
      await world.push(writer.block(record.version - 1, record.version, [record]));
      const item = await world.itemOf('conformance/late');
      return judge(item === undefined && whole !== undefined, item === undefined ? 'not taken' : 'taken');
    },
  },
  {
    id: 'P-5.4',
    sentence: 'A block from 0 whose gc is above both lines resets: what it does not list is forgotten.',
    check: async (world) => {
      const { writer } = world;
      const kept = writer.record({ key: 'conformance/kept' });
      const lost = writer.record({ key: 'conformance/lost' });
      await world.push(writer.block(kept.version - 1, lost.version, [kept, lost]));
      const again = writer.record({ key: 'conformance/kept' });
      const line = await reset(world, [again]);
      const [held, gone] = [await world.itemOf('conformance/kept'), await world.itemOf('conformance/lost')];
      const seen = `line ${text(line)}; listed record ${held ? 'held' : 'gone'}, unlisted ${gone ? 'held' : 'gone'}`;
      return judge(line?.known === writer.version && line.gc === writer.version - 1 && !!held && !gone, seen);
    },
  },
  {
    id: 'P-5.5',
    sentence:
      'A line whose known is below the gc line is answered by a block from 0, another by one from known.',
    check: async (world) => {
      const { writer } = world;
      const line = await reset(world, [writer.record({ key: 'conformance/kept' })]);
      if (line === undefined) return fails('the peer shows no line');
      const next = writer.record({ key: 'conformance/kept' });
      await world.push(writer.block(line.known, next.version, [next]));
      // Among the answers may be news that the peer pushes of itself.
      const begins = async (at?: Line) =>
        (await world.blocksOf(writer.id, at))?.map(({ from }) => from) ?? [];
      const [low, high] = [await begins(), await begins(line)];
      const seen = `blocks from ${low.join(', ')} for a low line, from ${high.join(', ')} for ${line.known}`;
      return judge(low.includes(0) && high.includes(line.known), seen);
    },
  },
  {
    id: 'P-5.2',
    sentence: 'The lines of an owner never go back.',
    check: async (world) => {
      const { writer } = world;
      const before = await settled(world);
      const node = writer.nodeRecord();
      await world.push(writer.block(0, writer.start + 1, [], writer.start));
      await world.push(writer.block(node.version - 1, node.version, [node], 0));
      const after = await world.lineOf(writer.id);
      if (before === undefined || after === undefined) return fails('the peer shows no line');
      return judge(
        after.gc >= before.gc && after.known >= before.known,
        `before ${text(before)}, after ${text(after)}`,
      );
    },
  },
  {
    id: 'P-7.2',
    sentence:
      'Lines of a digest are answered by blocks where the peer is ahead, and by `want` where it is behind.',
    check: async (world) => {
      const { reader, writer } = world;
      const line = await settled(world);
      if (line === undefined) return fails('the peer shows no line');
      const since = reader.received.length;
      const lines = [
        { owner: world.peer, known: 1, gc: 0 },
        { ...line, known: line.known + 1000 },
      ];
      reader.send({ type: 'digest', tableHash: new Uint8Array(8), lines });
      const after = (await reader.settle(since)) ?? [];
      const gave = messagesOf(after, 'blocks').some(({ blocks }) =>
        blocks.some(({ owner }) => owner === world.peer),
      );
      const wants = messagesOf(after, 'want').flatMap((message) => message.lines);
      const wanted = wants.find(({ owner }) => owner === writer.id);
      return judge(gave && wanted?.known === line.known, `blocks ${gave}, want ${text(wanted)}`);
    },
  },
  {
    id: 'P-7.3',
    sentence: '`have` that names a bucket and not an owner in it is answered by blocks of that owner.',
    check: async (world) => {
      const { reader, writer } = world;
      const since = reader.received.length;
      const bucket = Number.parseInt(writer.id.slice(0, 2), 16) % 64;
      const gave = await reader.ask(
        () => reader.send({ type: 'have', buckets: [bucket], lines: [] }),
        ({ messages }) =>
          messages.some((m) => m.type === 'blocks' && m.blocks.some(({ owner }) => owner === writer.id)) ||
          undefined,
      );
      await reader.settle(since);
      return judge(gave === true, gave ? 'blocks came' : 'no blocks came');
    },
  },
  {
    id: 'P-7.3',
    sentence: '`want` is answered by blocks that begin where the line says.',
    check: async (world) => {
      const { writer } = world;
      const line = await settled(world);
      if (line === undefined) return fails('the peer shows no line');
      const record = writer.record({ key: 'conformance/gap/1' });
      await world.push(writer.block(line.known, record.version, [record]));
      const blocks = await world.blocksOf(writer.id, line);
      const block = blocks?.find(({ from }) => from === line.known);
      const version = block?.items[0] && decodeRecord(block.items[0].body)?.version;
      return judge(
        block?.from === line.known && version === record.version,
        `${blocks?.length ?? 0} blocks, one from ${line.known}: ${block !== undefined}`,
      );
    },
  },
  {
    id: 'P-7.5',
    sentence: 'At most the first four questions of a datagram are answered.',
    check: async ({ reader }) => {
      const since = reader.received.length;
      const digest = { type: 'digest', tableHash: new Uint8Array(8).fill(7), lines: [] } as const;
      reader.send(...Array.from({ length: 40 }, () => digest));
      const after = (await reader.settle(since)) ?? [];
      const answers = messagesOf(after, 'have').length + messagesOf(after, 'buckets').length;
      return judge(answers >= 1 && answers <= 4, `40 questions brought ${answers} answers`);
    },
  },
];

/** Brings the peer's line of the writer to the newest version, and shows it. */
async function settled(world: World): Promise<Line | undefined> {
  return reset(world, [world.writer.nodeRecord()]);
}

/** Tells all that the writer has left as a reset. */
async function reset(
  world: World,
  items: readonly { version: number; body: Uint8Array }[],
): Promise<Line | undefined> {
  const { writer } = world;
  const node = writer.nodeRecord();
  const all = [...items, node].sort((a, b) => a.version - b.version);
  await world.push(writer.block(0, node.version, all, node.version - 1));
  return world.lineOf(writer.id);
}

function text(line: Pick<Line, 'known' | 'gc'> | undefined): string {
  return line === undefined ? 'none' : `${sequence(line.known)} (gc ${sequence(line.gc)})`;
}

/** The sequence: the boot of visitors is always 1. */
function sequence(version: number): number {
  return version % 2 ** 32;
}
