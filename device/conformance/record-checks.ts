import type { Block } from '#runtime/wire/message.ts';
import { decodeRecord } from '#runtime/wire/record-codec.ts';
import { type Finding, fails, judge, type Requirement } from './requirement.ts';
import type { World } from './world.ts';

const AGE_MS_MAX = 100 * 366 * 86_400_000;
const MANY = 40;
const MINUTE_MS = 60_000;

/**
 * Section 5: how records are merged and passed on. Everything is a record of the writer; the reader reads it back. Blocks begin at 0, so
 * that the peer's known line rises whatever it was before: only what lies below that line is asked for and given.
 */
export const RECORD_CHECKS: readonly Requirement[] = [
  {
    id: 'P-5.1',
    sentence: 'Of two versions of one key the higher stays, whatever the order.',
    check: async (world) => {
      const { writer } = world;
      const [older, newer] = [1, 2].map((value) => writer.record({ key: 'conformance/order', value }));
      await world.push(writer.block(0, newer.version, [newer]));
      await world.push(writer.block(older.version - 1, older.version, [older]));
      const item = await world.itemOf('conformance/order');
      const value = item && decodeRecord(item.body)?.value;
      return judge(value === 2, `sent 2, then 1 of a lower version; held: ${String(value)}`);
    },
  },
  {
    id: 'P-4.2',
    sentence: 'A record is passed on byte for byte, with what the peer does not know of it.',
    check: async (world) => {
      const { writer } = world;
      const version = writer.nextVersion();
      const text = (value: string) => [0x60 | value.length, ...Buffer.from(value)];
      const head = Buffer.alloc(8);
      head.writeBigUInt64BE(BigInt(version));
      // Further meta, keys of maps out of order, and elements behind the end that this version knows.
      const body = Buffer.from([
        0x85,
        0x1b,
        ...head,
        ...text('conformance/odd'),
        0xa2,
        0x61,
        0x62,
        0x01,
        0x61,
        0x61,
        0xf9,
        0x3c,
        0x00,
        0xa2,
        0x18,
        0x63,
        ...text('later'),
        0x01,
        0x19,
        0xea,
        0x60,
        0x82,
        0x01,
        0x02,
      ]);
      await world.push(writer.block(0, version, [{ body: new Uint8Array(body) }]));
      const item = await world.itemOf('conformance/odd');
      if (item === undefined) return fails('not passed on');
      const same = Buffer.compare(item.body, body) === 0;
      return judge(
        same,
        same
          ? `${body.length} bytes alike`
          : `sent ${body.toString('hex')}; got ${Buffer.from(item.body).toString('hex')}`,
      );
    },
  },
  {
    id: 'P-5.3',
    sentence: 'A tombstone replaces the record and is passed on.',
    check: async (world) => {
      const { writer } = world;
      const record = writer.record({ key: 'conformance/gone' });
      const grave = writer.record({ key: 'conformance/gone', value: null, deleted: true });
      await world.push(writer.block(0, record.version, [record]));
      await world.push(writer.block(record.version, grave.version, [grave]));
      const item = await world.itemOf('conformance/gone');
      const held = item && decodeRecord(item.body);
      return judge(
        held?.deleted === true,
        held === undefined ? 'nothing is held' : `deleted: ${held.deleted}`,
      );
    },
  },
  {
    id: 'P-5.7',
    sentence: 'An item carries the age that it came with and the time that it was held.',
    check: async (world) => {
      const { writer } = world;
      const record = writer.record({ key: 'conformance/age', ttlMs: 10 * MINUTE_MS });
      const sentAt = performance.now();
      await world.push(writer.block(0, record.version, [{ ...record, ageMs: MINUTE_MS }]));
      const first = await world.itemOf('conformance/age');
      await world.reader.wait(() => undefined, { since: world.reader.received.length, withinMs: 300 });
      const second = await world.itemOf('conformance/age');
      if (first === undefined || second === undefined) return fails('not passed on');
      const mostMs = MINUTE_MS + (performance.now() - sentAt) + 100;
      const seen = `sent with ${MINUTE_MS} ms; came with ${first.ageMs}, later ${second.ageMs}`;
      const grew = second.ageMs - first.ageMs;
      return judge(first.ageMs >= MINUTE_MS && grew >= 250 && second.ageMs <= mostMs, seen);
    },
  },
  {
    id: 'P-5.7',
    sentence: 'Ages stop growing at 100 years of 366 days.',
    check: async (world) => {
      const { writer } = world;
      const record = writer.record({ key: 'conformance/old' });
      const item = { ...record, ageMs: 2 * AGE_MS_MAX };
      await world.push(writer.block(0, record.version, [item]));
      const held = await world.itemOf('conformance/old');
      return judge(held?.ageMs === AGE_MS_MAX, `sent with ${item.ageMs}; came with ${held?.ageMs}`);
    },
  },
  {
    id: 'P-5.7',
    sentence: 'A record whose ttl is over is passed on all the same, until the gc line passes it.',
    check: async (world) => {
      const { writer } = world;
      const record = writer.record({ key: 'conformance/ended', ttlMs: 1 });
      await world.push(writer.block(0, record.version, [{ ...record, ageMs: 1000 }]));
      const item = await world.itemOf('conformance/ended');
      return judge(
        item !== undefined && Buffer.compare(item.body, record.body) === 0,
        item ? 'passed on' : 'not passed on',
      );
    },
  },
  {
    id: 'P-5.8',
    sentence: 'What does not fit one datagram is cut after an item; items ascend by version.',
    check: checkCuts,
  },
];

async function checkCuts(world: World): Promise<Finding> {
  const { writer } = world;
  const start = writer.version;
  for (let i = 0; i < MANY; i++) {
    const record = writer.record({ key: `conformance/many/${i}`, value: 'x'.repeat(100), ttlMs: MINUTE_MS });
    await world.push(writer.block(0, record.version, [record]));
  }
  const line = await world.lineOf(writer.id);
  if (line === undefined) return fails('the peer shows no line');
  const chain = await readChain(world, line.gc);
  const versions = chain.flatMap(({ items }) => items.map(({ body }) => decodeRecord(body)?.version ?? 0));
  const ascends = versions.every((version, i) => i === 0 || version > versions[i - 1]);
  const isWhole = versions.filter((version) => version > start).length === MANY;
  const seen = `${chain.length} blocks, ${versions.length} items, up to ${chain.at(-1)?.to === line.known ? 'the end' : 'a gap'}`;
  return judge(chain.length > 1 && ascends && isWhole && chain.at(-1)?.to === line.known, seen);
}

/** All blocks of the writer, each from where the one before ended: what one answer didn't hold is asked for by the next line. */
async function readChain(world: World, gc: number): Promise<Block[]> {
  const chain: Block[] = [];
  for (let at = 1; ; ) {
    // A low line is answered from 0 [P-5.5]; blocks that the peer pushes meanwhile may begin there too, and end sooner.
    const blocks = await world.blocksOf(world.writer.id, at === 1 ? { known: 1, gc: 0 } : { known: at, gc });
    const next = (from: number) =>
      blocks
        ?.filter((block) => block.from === from && block.to > from)
        .sort((a, b) => b.items.length - a.items.length)[0];
    const before = chain.length;
    for (let block = next(at === 1 ? 0 : at); block !== undefined; block = next(at)) {
      chain.push(block);
      at = block.to;
    }
    if (chain.length === before || at >= world.writer.version) return chain;
  }
}
