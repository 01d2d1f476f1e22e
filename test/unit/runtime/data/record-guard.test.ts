import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NodeId, toHex } from '#runtime/core/ids.ts';
import { deltaFor } from '#runtime/data/delta.ts';
import { RecordTable } from '#runtime/data/record-table.ts';
import { isLive } from '#runtime/data/stored-record.ts';
import { sizeOfItem } from '#runtime/wire/body.ts';
import type { Block, Item } from '#runtime/wire/message.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import { v } from '../../../support/record-tables.ts';
import { SigningGuard, testIdentity } from '../../../support/signing-guard.ts';
import { provider, recordOf } from '../../../support/wire.ts';

const NOW = 1_000_000;
const ANN = testIdentity(1);
const MALLORY = testIdentity(66);
const BOOT_2 = 2 * 2 ** 32;

function tableWith(options: Partial<ConstructorParameters<typeof SigningGuard>[0]> = {}) {
  const guard = new SigningGuard({ known: [ANN, MALLORY], ...options });
  const table = new RecordTable({
    limits: { ownersMax: 8, recordsPerOwnerMax: 100, bytesPerOwnerMax: 10_000, tableBytesMax: 1_000_000 },
    sha256: provider.sha256,
    onChange: () => {},
    guard,
  });
  const merge = (block: Block) => table.merge(block, NOW, null);
  const live = (owner: NodeId = ANN.id) =>
    [...(table.owner(owner)?.above(0) ?? [])].filter(isLive).map((record) => record.key);
  return { guard, table, merge, live };
}

/** An item of ANN's, signed by her or by somebody else. */
function item(changes: Partial<RecordBody>, signer: typeof ANN | undefined = ANN): Item {
  const body = encodeRecord(recordOf(changes.deleted ? { value: null, ...changes } : changes));
  return signer === undefined ? { body, ageMs: 0 } : { body, ageMs: 0, signature: signer.sign(body) };
}

function block(from: number, to: number, gc: number, ...items: Item[]): Block {
  return { owner: ANN.id, from, to, gc, items };
}

function lines(table: RecordTable) {
  const { known, gc } = table.line(ANN.id);
  return [known, gc];
}

test('what its owner signed is taken, and asked about once a version', () => {
  const { guard, table, merge, live } = tableWith();
  const signed = block(0, v(2), v(0), item({ key: 'a', version: v(1) }), item({ key: 'b', version: v(2) }));
  assert.equal(merge(signed).fresh.length, 2);
  assert.equal(merge(signed).fresh.length, 0);
  assert.deepEqual(guard.asked, ['a', 'b']);
  assert.deepEqual(live(), ['a', 'b']);
  assert.deepEqual(lines(table), [v(2), 0]);
});

test('a block with a record that somebody else signed, or nobody, changes nothing', () => {
  for (const [signer, reason] of [
    [MALLORY, 'bad-signature'],
    [undefined, 'unsigned'],
  ] as const) {
    const { table, merge, live } = tableWith();
    merge(block(0, v(1), v(0), item({ key: 'a', version: v(1) })));
    const good = item({ key: 'b', version: v(2) });
    const forged = { ...item({ key: 'a', version: v(3), value: 0 }, signer) };
    const result = merge(
      block(v(1), v(3), v(0), good, signer === undefined ? { body: forged.body, ageMs: 0 } : forged),
    );
    assert.equal(result.refused, reason);
    assert.deepEqual([result.fresh.length, result.advanced], [0, false]);
    assert.deepEqual(live(), ['a']);
    assert.deepEqual(lines(table), [v(1), 0]);
  }
});

test('records of an owner without a certificate wait, and take no place', () => {
  const { table, merge } = tableWith({ known: [MALLORY] });
  assert.equal(merge(block(0, v(1), v(0), item({ key: 'a', version: v(1) }))).refused, 'no-certificate');
  assert.equal(table.ownerCount, 0);
});

test('nobody moves the known line above what its owner signed', () => {
  const { table, merge } = tableWith();
  merge(block(0, v(1), v(0), item({ key: 'a', version: v(1) })));
  const result = merge(block(v(1), v(1_000), v(0)));
  assert.equal(result.advanced, false);
  assert.deepEqual(lines(table), [v(1), 0]);
  merge(block(v(1), v(2_000), v(0), item({ key: 'b', version: v(5) })));
  assert.deepEqual(lines(table), [v(5), 0]);
});

test('nobody makes a holder forget by a gc line that the owner did not state', () => {
  const { table, merge, live } = tableWith();
  merge(block(0, v(2), v(0), item({ key: 'a', version: v(1) }), item({ key: 'b', version: v(2) })));
  for (const wipe of [
    block(0, v(9), v(9)),
    block(0, BOOT_2 * 4 + 1, BOOT_2 * 4),
    block(v(2), v(2), v(2)),
    { ...block(0, v(9), v(9)), proof: item({ key: 'node', version: v(9), gcSequence: 9 }, MALLORY) },
    { ...block(0, v(9), v(9)), proof: item({ key: 'a', version: v(1) }) },
    { ...block(0, v(9), v(9)), proof: { body: Uint8Array.of(1), ageMs: 0 } },
  ]) {
    merge(wipe);
    assert.deepEqual(live(), ['a', 'b']);
    assert.deepEqual(lines(table), [v(2), 0]);
  }
});

test('a new life of the owner, once it signed something in it, forgets the one before', () => {
  const { table, merge, live } = tableWith();
  merge(block(0, v(1), v(0), item({ key: 'a', version: v(1) })));
  merge(block(0, BOOT_2 + 1, BOOT_2, item({ key: 'b', version: BOOT_2 + 1 })));
  assert.deepEqual(live(), ['b']);
  assert.deepEqual(lines(table), [BOOT_2 + 1, BOOT_2]);
});

test('[P-5.22] the gc line moves as far as its owner stated in a record that it signed', () => {
  const { table, merge } = tableWith();
  merge(
    block(0, v(2), v(0), item({ key: 'a', version: v(1) }), item({ key: 'a', version: v(2), deleted: true })),
  );
  const stated = item({ key: 'node', version: v(3), gcSequence: 2 });
  assert.equal(merge(block(v(2), v(3), v(2), stated)).advanced, true);
  assert.deepEqual(lines(table), [v(3), v(2)]);
});

test('[P-5.22] a holder far behind is reset by a block that brings the proof', () => {
  const sender = tableWith();
  const items = [
    item({ key: 'a', version: v(1) }),
    item({ key: 'b', version: v(2) }),
    item({ key: 'a', version: v(3), deleted: true }),
    item({ key: 'node', version: v(4), gcSequence: 3 }),
  ];
  sender.merge(block(0, v(4), v(3), items[1], items[3]));
  // The line was proven by the block itself, which brings all: it is taken on the second hearing at the latest.
  sender.merge({ ...block(0, v(4), v(3), items[1], items[3]), proof: items[3] });
  assert.deepEqual(lines(sender.table), [v(4), v(3)]);

  const behind = tableWith();
  behind.merge(block(0, v(1), v(0), items[0]));
  const records = sender.table.owner(ANN.id);
  assert.ok(records);
  const answer = deltaFor(records, behind.table.line(ANN.id), NOW, 1_000, sizeOfItem);
  assert.ok(answer?.proof, 'a reset brings its proof');
  behind.merge(answer);
  assert.deepEqual(behind.live(), ['b', 'node']);
  assert.deepEqual(lines(behind.table), [v(4), v(3)]);
});

test('what an owner may not say is passed over, and what it says next is taken', () => {
  const { table, merge, live } = tableWith({ mayNot: (key) => key.startsWith('setpoint/') });
  const result = merge(
    block(
      0,
      v(3),
      v(0),
      item({ key: 'a', version: v(1) }),
      item({ key: 'setpoint/pump', version: v(2) }),
      item({ key: 'b', version: v(3) }),
    ),
  );
  assert.equal(result.refused, 'not-allowed');
  assert.deepEqual(live(), ['a', 'b']);
  assert.deepEqual(lines(table), [v(3), 0]);
});

test('what is exempt from signatures is taken in a life that its owner signed for, and in no other', () => {
  const { table, merge, live } = tableWith({ exempt: (key) => key.startsWith('fast/') });
  const unsigned = (version: number): Item => ({
    body: encodeRecord(recordOf({ key: 'fast/amps', version })),
    ageMs: 0,
  });
  assert.equal(merge(block(0, v(1), v(0), unsigned(v(1)))).refused, 'unsigned');
  merge(block(0, v(1), v(0), item({ key: 'node', version: v(1) })));
  assert.equal(merge(block(v(1), v(2), v(0), unsigned(v(2)))).fresh.length, 1);
  assert.equal(merge(block(0, BOOT_2 + 7, BOOT_2, unsigned(BOOT_2 + 7))).refused, 'unsigned');
  assert.deepEqual(live(), ['node', 'fast/amps']);
  assert.deepEqual(lines(table), [v(2), 0]);
});

test('a signature is kept and passed on with the bytes that it covers', () => {
  const { table, merge } = tableWith();
  const signed = item({ key: 'a', version: v(1) });
  merge(block(0, v(1), v(0), signed));
  const records = table.owner(ANN.id);
  assert.ok(records);
  const delta = deltaFor(records, { owner: ANN.id, known: 0, gc: 0 }, NOW, 1_000, sizeOfItem);
  assert.deepEqual(delta?.items[0].body, signed.body);
  assert.equal(
    toHex(delta?.items[0].signature ?? new Uint8Array(0)),
    toHex(signed.signature ?? new Uint8Array(1)),
  );
});
