import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PassedOver } from '#runtime/data/passed-over.ts';
import { RecordTable } from '#runtime/data/record-table.ts';
import { isLive } from '#runtime/data/stored-record.ts';
import type { Block, Item } from '#runtime/wire/message.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import { markOfKey } from '#runtime/wire/record-marks.ts';
import { v } from '../../../support/record-tables.ts';
import { SigningGuard, testIdentity } from '../../../support/signing-guard.ts';
import { provider, recordOf } from '../../../support/wire.ts';

const NOW = 1_000_000;
const ANN = testIdentity(1);
const KEYS = ['mode', 'target'];

/** A table whose law keeps `target` from everybody, until it is told otherwise. */
function strictTable() {
  const law = { isStrict: true };
  const guard = new SigningGuard({ known: [ANN], mayNot: (key) => law.isStrict && key === 'target' });
  const table = new RecordTable({
    limits: { ownersMax: 8, recordsPerOwnerMax: 100, bytesPerOwnerMax: 10_000, tableBytesMax: 1_000_000 },
    sha256: provider.sha256,
    onChange: () => {},
    guard,
  });
  const relent = () => {
    law.isStrict = false;
    for (const { passedOver } of table.owners()) passedOver?.judge(() => true);
  };
  const owner = () => table.owner(ANN.id)!;
  const seen = () =>
    [...owner().values()]
      .map((record) => owner().seen(record, NOW))
      .flatMap((record) =>
        record !== undefined && isLive(record) ? [`${record.key}@${record.version - v(0x1) + 1}`] : [],
      );
  return { guard, table, merge: (block: Block) => table.merge(block, NOW, null), relent, owner, seen };
}

function item(changes: Partial<RecordBody>): Item {
  const body = encodeRecord(recordOf(changes.deleted ? { value: null, ...changes } : changes));
  return { body, ageMs: 0, signature: ANN.sign(body) };
}

function block(from: number, to: number, ...items: Item[]): Block {
  return { owner: ANN.id, from: v(from), to: v(to), gc: 0, items };
}

/** `mode` and `target` put together, from this version on. */
function batch(first: number): Item[] {
  const members = KEYS.map(markOfKey);
  return KEYS.map((key, index) => item({ key, version: v(first + index), batch: { index, members } }));
}

test('a record of a batch that an old law kept out is taken when it comes again under a new one, and the batch is seen', () => {
  const { guard, table, merge, relent, owner, seen } = strictTable();
  merge(block(0, 1, item({ key: 'node', version: v(1) })));
  const whole = block(1, 3, ...batch(2));
  assert.equal(merge(whole).refused, 'not-allowed');
  assert.deepEqual([table.line(ANN.id).known, seen()], [v(3), ['node@1']]);
  // Until the law says otherwise it isn't even looked at.
  const asked = guard.asked.length;
  assert.equal(merge(whole).refused, undefined);
  assert.equal(guard.asked.length, asked);
  relent();
  assert.deepEqual(
    merge(whole).fresh.map(({ key }) => key),
    ['target'],
  );
  assert.deepEqual(seen().sort(), ['mode@2', 'node@1', 'target@3']);
  assert.equal(owner().passedOver?.size, 0);
  assert.equal(merge(whole).fresh.length, 0);
});

test('of a key only the newest that was passed over is taken: an elder one of a stale peer may have been deleted', () => {
  const { merge, relent, seen } = strictTable();
  merge(block(0, 1, item({ key: 'target', version: v(1) })));
  merge(block(1, 2, item({ key: 'target', version: v(2), deleted: true })));
  relent();
  assert.equal(merge(block(0, 1, item({ key: 'target', version: v(1) }))).fresh.length, 0);
  assert.deepEqual(seen(), []);
  assert.equal(merge(block(1, 2, item({ key: 'target', version: v(2), deleted: true }))).fresh.length, 1);
});

test('a reset tells all anew, and what came instead settles it', () => {
  const { merge, relent, owner } = strictTable();
  merge(block(0, 1, item({ key: 'target', version: v(1) })));
  assert.equal(owner().passedOver?.lowest, v(1));
  relent();
  merge(block(1, 3, item({ key: 'target', version: v(3) })));
  assert.equal(owner().passedOver?.lowest, Number.POSITIVE_INFINITY);
  const other = strictTable();
  other.merge(block(0, 1, item({ key: 'target', version: v(1) })));
  const boot2 = 2 * 2 ** 32;
  other.merge({
    owner: ANN.id,
    from: 0,
    to: boot2 + 1,
    gc: boot2,
    items: [item({ key: 'node', version: boot2 + 1 })],
  });
  assert.equal(other.owner().passedOver, undefined);
});

test('an owner that writes what it may not, all the time, is noted for so many keys only', () => {
  const passed = new PassedOver();
  for (let i = 1; i <= 1_000; i++) passed.note(`k${i}`, i);
  assert.equal(passed.size, 64);
  passed.note('k1', 2_000);
  assert.equal(passed.lowest, 2);
  passed.judge((key) => key === 'k9');
  assert.deepEqual(
    [passed.lowestOpen, passed.isOpen(9), passed.isOpen(8), passed.isOpen(5_000)],
    [9, true, false, false],
  );
});
