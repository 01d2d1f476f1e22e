import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeVersion } from '#runtime/core/version.ts';
import { RESET_GRACE_MS } from '#runtime/data/reader-view.ts';
import { isLive, type StoredRecord } from '#runtime/data/stored-record.ts';
import type { Block } from '#runtime/wire/message.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { markOfKey } from '#runtime/wire/record-marks.ts';
import { blockOf, stored, TestTable, v } from '../../../support/record-tables.ts';
import { ANN, BEN, provider } from '../../../support/wire.ts';

const NOW = 1_000_000;
const TEXT = 'x'.repeat(3_000);
const LARGE = { length: TEXT.length, hash: provider.sha256(Buffer.from(TEXT)) };

/** A block of records of ANN, up to the last of them. */
function block(from: number, gc: number, ...records: readonly Partial<RecordBody>[]): Block {
  const items = records.map((record) => ({ body: stored(record).body, ageMs: 0 }));
  return { owner: ANN, from, to: records.at(-1)?.version ?? from, gc, items };
}

/** Records that were put together, the first with this version. */
function together(first: number, ...keys: readonly string[]): Partial<RecordBody>[] {
  const members = keys.map(markOfKey);
  return keys.map((key, index) => ({ key, version: first + index, batch: { index, members } }));
}

/** What readers see of ANN, as `mode@5`; of its boot 2 as `mode@2.5`. */
function seen({ table }: TestTable, nowMs = NOW): string[] {
  const records = table.owner(ANN)!;
  return [...records.values(), ...(records.held?.left.values() ?? [])]
    .map((record) => records.seen(record, nowMs))
    .filter((record): record is StoredRecord => record !== undefined && isLive(record))
    .map(
      ({ key, version }) =>
        `${key}@${version > v(0xffff_ffff) ? `2.${version - makeVersion(2, 0)}` : version - makeVersion(1, 0)}`,
    )
    .sort();
}

const two = (sequence: number) => makeVersion(2, sequence);

test('a batch is seen through a restart of its owner that comes in several blocks', () => {
  const held = new TestTable();
  held.table.merge(
    block(0, 0, ...together(v(1), 'mode', 'target'), { key: 'plain', version: v(3) }),
    NOW,
    null,
  );
  const [mode, target] = together(two(1), 'mode', 'target');
  held.takeChanges();
  held.table.merge(block(0, two(0), mode), NOW, null);
  assert.deepEqual(seen(held), ['mode@1', 'target@2']);
  held.table.merge(block(two(1), two(0), target), NOW, null);
  assert.deepEqual(seen(held), ['mode@2.1', 'target@2.2']);
  assert.deepEqual(
    held.changes.map(({ change, record }) => `${change} ${record.key}`),
    ['forget plain', 'put mode', 'put target'],
  );
  assert.deepEqual([held.table.heldCount, held.table.heldBytes], [0, 0]);
  assert.equal(held.table.nextExpiryMs, Number.POSITIVE_INFINITY);
});

test('what an owner does not put again is gone after the grace, all of a batch at once', () => {
  const held = new TestTable();
  held.table.merge(block(0, 0, ...together(v(1), 'mode', 'target')), NOW, null);
  held.table.merge(block(0, two(0), together(two(1), 'mode', 'target')[0]), NOW, null);
  held.takeChanges();
  held.table.expire(NOW + RESET_GRACE_MS - 1);
  assert.deepEqual(seen(held), ['mode@1', 'target@2']);
  held.table.expire(NOW + RESET_GRACE_MS);
  assert.deepEqual(seen(held), []);
  assert.deepEqual(held.takeChanges(), ['forget target@2', 'forget mode@1']);
  assert.equal(held.table.heldBytes, 0);
});

test('what replaced a record of a batch is seen through a reset with the rest of the batch', () => {
  const held = new TestTable();
  held.table.merge(
    block(0, 0, ...together(v(1), 'mode', 'target'), { key: 'mode', version: v(3) }),
    NOW,
    null,
  );
  held.table.merge(block(0, two(0), { key: 'node', version: two(1) }), NOW, null);
  assert.deepEqual(seen(held), ['mode@3', 'node@2.1', 'target@2']);
});

test('so it is where the reset lists the rest of the batch first', () => {
  const held = new TestTable();
  const old = [...together(v(1), 'mode', 'target'), { key: 'mode', version: v(3) }];
  held.table.merge(block(0, 0, ...old), NOW, null);
  held.takeChanges();
  // Each on its own from then on [P-5.42].
  held.table.merge(
    block(0, two(0), { key: 'node', version: two(1) }, { key: 'target', version: two(2) }),
    NOW,
    null,
  );
  assert.deepEqual(seen(held), ['mode@3', 'node@2.1', 'target@2.2']);
  held.table.merge(block(two(2), two(0), { key: 'mode', version: two(3) }), NOW, null);
  assert.deepEqual(seen(held), ['mode@2.3', 'node@2.1', 'target@2.2']);
  assert.ok(held.changes.every(({ change }) => change === 'put'));
  assert.equal(held.table.heldCount, 0);
});

test('restart after restart leaves no more to be seen than an owner may have', () => {
  const held = new TestTable({ bytesPerOwnerMax: 4_000 });
  const { table } = held;
  for (let boot = 1; boot < 9; boot++) {
    const first = makeVersion(boot, 1);
    const hash = provider.sha256(Uint8Array.of(boot));
    const large = { length: TEXT.length, hash };
    table.merge(
      block(0, makeVersion(boot, 0), { key: `k${boot}`, version: first, value: null, large }),
      NOW,
      null,
    );
    table.fill(large, Buffer.from(TEXT));
    assert.ok(table.heldBytes <= 8_000, `${table.heldBytes} bytes`);
    assert.equal(table.values.bytes, TEXT.length * (1 + (table.owner(ANN)!.held?.left.size ?? 0)));
  }
  table.forget(ANN);
  assert.deepEqual([table.heldBytes, table.heldCount, table.values.bytes, table.bytes], [0, 0, 0, 0]);
});

test('what a reset left ends by its own ttl, too', () => {
  const held = new TestTable();
  const [mode, target] = together(v(1), 'mode', 'target');
  held.table.merge(block(0, 0, mode, { ...target, ttlMs: 5_000 }), NOW, null);
  held.table.merge(block(0, two(0), { key: 'node', version: two(1) }), NOW, null);
  assert.deepEqual(seen(held), ['mode@1', 'node@2.1', 'target@2']);
  held.table.expire(NOW + 5_000);
  assert.deepEqual(seen(held, NOW + 5_000), ['mode@1', 'node@2.1']);
});

test("an owner that was forgotten on an operator's word is gone at once, whatever it put together", () => {
  const held = new TestTable();
  held.table.merge(block(0, 0, ...together(v(1), 'mode', 'target')), NOW, null);
  held.table.merge({ ...block(0, two(0)), to: two(0) }, NOW, null);
  assert.deepEqual(seen(held), []);
  assert.equal(held.table.heldCount, 0);
});

test('so it is where nothing but what a reset left was there any more', () => {
  const held = new TestTable({ bytesPerOwnerMax: 4_000 });
  held.table.merge(block(0, 0, ...together(v(1), 'mode', 'target')), NOW, null);
  const tooLong = { key: 'plan', version: two(1), value: null, large: { ...LARGE, length: 5_000 } };
  assert.equal(held.table.merge(block(0, two(0), tooLong), NOW, null).refused, 'quota');
  assert.equal(held.table.owner(ANN)!.size, 0);
  assert.deepEqual(seen(held), ['mode@1', 'target@2']);
  const three = makeVersion(3, 0);
  held.table.merge({ ...block(0, three), to: three }, NOW, null);
  assert.deepEqual(seen(held), []);
});

test('a long value is still here when its record comes again behind a reset', () => {
  const held = new TestTable();
  const { table } = held;
  table.merge(block(0, 0, { key: 'plan', version: v(1), value: null, large: LARGE }), NOW, null);
  table.fill(LARGE, Buffer.from(TEXT));
  assert.deepEqual(seen(held), ['plan@1']);
  table.merge(block(0, two(0), { key: 'node', version: two(1) }), NOW, null);
  assert.deepEqual(seen(held), ['node@2.1', 'plan@1']);
  table.merge(block(two(1), two(0), { key: 'plan', version: two(2), value: null, large: LARGE }), NOW, null);
  assert.deepEqual(seen(held), ['node@2.1', 'plan@2.2']);
  assert.equal(table.values.missing.count, 0);
  table.merge(block(two(2), two(0), { key: 'plan', version: two(3), deleted: true }), NOW, null);
  assert.deepEqual([table.values.size, table.heldBytes], [0, 0]);
});

test('records that wait are as many as an owner may have, and what comes looks through none of them', () => {
  const held = new TestTable({ recordsPerOwnerMax: 1_000, bytesPerOwnerMax: 100_000 });
  const { table } = held;
  // Each waits for the next, the last for one that is late.
  const link = (i: number, first: number) => ({
    key: `k${i}`,
    version: v(first),
    batch: { index: 0, members: [markOfKey(`k${i}`), markOfKey(`k${i + 1}`)] },
  });
  const count = 990;
  for (let i = 0; i < count; i++) {
    const first = 2 * (i + 1);
    assert.equal(table.merge(block(v(first) - 1, 0, link(i, first)), NOW, null).refused, undefined);
  }
  assert.equal(table.heldCount, count);
  const records = table.owner(ANN)!;
  let looks = 0;
  for (const name of ['get', 'above', 'values'] as const) {
    const method = records[name] as (...args: unknown[]) => unknown;
    Object.defineProperty(records, name, {
      value(...args: unknown[]) {
        looks++;
        return method.apply(records, args);
      },
    });
  }
  const last = 2 * (count + 1);
  table.merge(block(v(last) - 1, 0, { key: 'plain', version: v(last) }), NOW, null);
  assert.ok(looks < 10, `${looks} looks`);
  assert.deepEqual(held.takeChanges(), [`put plain@${last}`]);
  table.merge(block(v(last), 0, { key: `k${count}`, version: v(last + 1) }), NOW, null);
  assert.equal(seen(held).length, count + 2);
  assert.equal(table.heldCount, 0);
});

test('what is seen in the place of what waits counts, and beyond what may be kept of it readers see nothing there', () => {
  const held = new TestTable({ bytesPerOwnerMax: 4_000 });
  const { table } = held;
  let version = 0;
  const put = (record: Partial<RecordBody>) => {
    version++;
    const { refused } = table.merge(block(v(version) - 1, 0, { ...record, version: v(version) }), NOW, null);
    assert.equal(refused, undefined);
    assert.ok(table.heldBytes <= 8_000, `${table.heldBytes} bytes`);
  };
  for (let i = 0; i < 4; i++) {
    put({ key: `k${i}`, value: null, large: LARGE });
    if (i === 0) table.fill(LARGE, Buffer.from(TEXT));
    const members = [markOfKey(`k${i}`), markOfKey('late')];
    put({ key: `k${i}`, batch: { index: 0, members } });
  }
  assert.ok(table.heldBytes > 6_000);
  assert.equal(table.values.bytes, TEXT.length);
  assert.deepEqual(seen(held), ['k0@1', 'k1@3']);
  assert.deepEqual(
    held.takeChanges().filter((change) => change.startsWith('forget')),
    ['forget k2@5', 'forget k3@7'],
  );
  put({ key: 'late' });
  assert.deepEqual(seen(held), ['k0@2', 'k1@4', 'k2@6', 'k3@8', 'late@9']);
  assert.equal(table.values.bytes, 0);
});

test('a full table takes no record for which an elder one would have to be kept beside it', () => {
  // Of which applications' records take seven eighths.
  const held = new TestTable({ tableBytesMax: 4_600 });
  const { table } = held;
  table.merge(block(0, 0, { key: 'plan', version: v(1), value: null, large: LARGE }), NOW, null);
  table.fill(LARGE, Buffer.from(TEXT));
  const members = [markOfKey('plan'), markOfKey('never')];
  const waiting = { key: 'plan', version: v(2), value: 'x'.repeat(800), batch: { index: 0, members } };
  assert.equal(table.merge(block(v(1), 0, waiting), NOW, null).refused, undefined);
  assert.ok(table.bytes <= 4_025);
  assert.equal(
    table.merge(block(v(2), 0, { key: 'more', version: v(3), value: 'x'.repeat(800) }), NOW, null).refused,
    'quota',
  );
  // What a member says of itself may take the rest.
  const said = { key: 'node', version: v(3), value: 'x'.repeat(400) };
  assert.equal(table.merge(block(v(2), 0, said), NOW, null).refused, undefined);
  assert.ok(table.bytes > 4_025);
});

test('a block that makes room behind what it fills is taken whole', () => {
  const long = 'x'.repeat(600);
  const held = new TestTable({ bytesPerOwnerMax: 2_200 });
  const old = ['a', 'b', 'c'].map((key, i) => ({ key, version: v(i + 1), value: long }));
  assert.equal(held.table.merge(block(0, 0, ...old), NOW, null).refused, undefined);
  const anew = [
    { key: 'd', version: v(4), value: long },
    { key: 'e', version: v(5), value: long },
    ...['a', 'b', 'c'].map((key, i) => ({ key, version: v(i + 6), value: 1 })),
  ];
  const { refused, fresh } = held.table.merge(block(v(3), 0, ...anew), NOW, null);
  assert.equal(refused, undefined);
  assert.deepEqual(
    fresh.map(({ version }) => version),
    [v(4), v(5), v(6), v(7), v(8)],
  );
  assert.equal(held.lines(), '8 0');
});

test('of two records of one key in a block the newer counts, in whatever order they come', () => {
  const held = new TestTable();
  const [newer, older] = [5, 3].map((sequence) => ({ key: 'a', version: v(sequence) }));
  held.table.merge({ ...block(0, 0, newer, older), to: v(5) }, NOW, null);
  assert.deepEqual(held.live(), ['a@5']);
});

test('a record that has waited in vain for a deleted one goes with it', () => {
  const held = new TestTable();
  held.table.merge(block(0, 0, together(v(1), 'mode', 'target')[0]), NOW, null);
  assert.deepEqual(seen(held), []);
  held.table.merge(blockOf(1, 3, 0, ['-target', 3]), NOW, null);
  assert.deepEqual(seen(held), ['mode@1']);
});

test('what only names a long value takes no room of others, and its value comes as far as there is some', () => {
  const held = new TestTable({ tableBytesMax: 8_000, bytesPerOwnerMax: 30_000 });
  const { table } = held;
  const claims = Array.from({ length: 9 }, (_, i) => ({
    key: `claim/${i}`,
    version: v(i + 1),
    value: null,
    large: { length: 3_000, hash: provider.sha256(Uint8Array.of(i)) },
  }));
  assert.equal(table.merge(block(0, 0, ...claims), NOW, null).refused, undefined);
  assert.ok(table.bytes < 1_200, `${table.bytes} bytes`);
  assert.equal(table.values.missing.count, 9);
  // Not so of the room of its owner: there the ninth is one too many with three more of them.
  const more = { key: 'more', version: v(10), value: null, large: { ...LARGE, length: 3_001 } };
  assert.equal(table.merge(block(v(9), 0, more), NOW, null).refused, 'quota');
  table.merge(
    { ...block(0, 0, { key: 'plain', version: v(1), value: 'x'.repeat(800) }), owner: BEN },
    NOW,
    null,
  );
  assert.equal(table.owner(BEN)?.size, 1);
  let filled = 0;
  for (; filled < 9 && table.hasRoomFor(claims[filled].large); filled++)
    table.fill(claims[filled].large, Buffer.alloc(3_000));
  assert.equal(filled, 1);
  assert.ok(table.bytes <= 7_000);
  // Another record that names what is here takes no more room.
  assert.ok(table.hasRoomFor(claims[0].large));
});

test('as many records count as readers see, whatever waits and whatever a reset left', () => {
  const held = new TestTable();
  const { table } = held;
  const count = () => [table.liveCount, seen(held).length];
  const [mode, target] = together(v(2), 'mode', 'target');
  table.merge(block(0, 0, { key: 'mode', version: v(1) }), NOW, null);
  table.merge(block(v(1), 0, mode), NOW, null);
  assert.deepEqual(count(), [1, 1]);
  table.merge(block(v(2), 0, target), NOW, null);
  assert.deepEqual(count(), [2, 2]);
  table.merge(block(v(3), 0, { key: 'plan', version: v(4), value: null, large: LARGE }), NOW, null);
  assert.deepEqual(count(), [2, 2]);
  assert.equal(table.owner(ANN)?.liveCount, 3);
  table.fill(LARGE, Buffer.from(TEXT));
  assert.deepEqual(count(), [3, 3]);
  table.merge(block(0, two(0), together(two(1), 'mode', 'target')[0]), NOW, null);
  assert.deepEqual(count(), [3, 3]);
  table.expire(NOW + RESET_GRACE_MS);
  assert.deepEqual(count(), [0, 0]);
  table.merge(block(two(1), two(0), together(two(1), 'mode', 'target')[1]), NOW, null);
  assert.deepEqual(count(), [2, 2]);
  table.forget(ANN);
  assert.equal(table.liveCount, 0);
});

test('what waits says since when, also where a newer one took its place', () => {
  const held = new TestTable();
  const { table } = held;
  const waiting = (beforeMs: number) =>
    table.waitingSince(beforeMs).map(({ records, key, sinceMs }) => [records.owner, key, sinceMs]);
  table.merge(block(0, 0, together(v(1), 'mode', 'target')[0]), NOW, null);
  table.merge(block(v(1), 0, together(v(3), 'mode', 'target')[0]), NOW + 5_000, null);
  assert.deepEqual(waiting(NOW), []);
  assert.deepEqual(waiting(NOW + 1), [[ANN, 'mode', NOW]]);
  table.merge(block(v(3), 0, together(v(3), 'mode', 'target')[1]), NOW + 6_000, null);
  assert.deepEqual(waiting(Number.POSITIVE_INFINITY), []);
});
