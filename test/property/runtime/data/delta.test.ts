import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deltaFor } from '#runtime/data/delta.ts';
import { OwnerRecords } from '#runtime/data/owner-records.ts';
import type { Item } from '#runtime/wire/message.ts';
import { decodeRecord } from '#runtime/wire/record-codec.ts';
import { stored, v } from '../../../support/record-tables.ts';
import { ANN } from '../../../support/wire.ts';

const record = fc.record({
  sequence: fc.integer({ min: 1, max: 60 }),
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
  deleted: fc.boolean(),
  text: fc.string({ maxLength: 60 }),
});

test('[P-5.8] a delta fits its room, is ascending, and misses nothing of the span that it claims', () => {
  // B-67
  fc.assert(
    fc.property(
      fc.uniqueArray(record, { maxLength: 30, selector: ({ sequence }) => sequence }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 600 }),
      (list, known, peerKnown, room) => {
        const records = new OwnerRecords(ANN);
        for (const { sequence, key, deleted, text } of list.sort((a, b) => a.sequence - b.sequence)) {
          const value = deleted ? null : text;
          records.set(stored({ key, version: v(sequence), deleted, value }));
        }
        records.raise({ known: v(known) });
        const sizeOf = (item: Item) => item.body.length + 5;
        const line = { owner: ANN, known: v(peerKnown), gc: 0 };
        const block = deltaFor(records, line, 1_000, room, sizeOf);
        if (block === undefined) return;
        assert.ok(block.items.reduce((sum, item) => sum + sizeOf(item), 0) <= room);
        assert.ok(block.to <= records.known && block.to > line.known);
        const versions = block.items.map((item) => decodeRecord(item.body)!.version);
        const claimed = [...records.values()]
          .map((each) => each.version)
          .filter((version) => version > block.from && version <= block.to)
          .sort((a, b) => a - b);
        assert.deepEqual(versions, claimed);
      },
    ),
  );
});
