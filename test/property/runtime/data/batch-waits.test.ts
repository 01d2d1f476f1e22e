import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StoredRecord } from '#runtime/data/stored-record.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { markOfKey } from '#runtime/wire/record-marks.ts';
import { stored, TestTable, v } from '../../../support/record-tables.ts';
import { ANN, provider } from '../../../support/wire.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const CONTENT = new Uint8Array(1_500);
const LARGE = { length: CONTENT.length, hash: provider.sha256(CONTENT) };

const turn = fc.record({
  keys: fc.uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 5 }),
  kind: fc.constantFrom('put', 'put', 'put', 'delete', 'long'),
});

/** What an owner says, one record after another: batches, records put alone, tombstones, long values. */
function historyOf(turns: readonly { keys: readonly string[]; kind: string }[]): Partial<RecordBody>[] {
  const said: Partial<RecordBody>[] = [];
  for (const { keys, kind } of turns) {
    const members = keys.map(markOfKey);
    for (const [index, key] of keys.entries())
      said.push({
        ...{ key, version: v(said.length + 1) },
        ...(kind === 'delete' && { deleted: true }),
        ...(kind !== 'delete' && keys.length > 1 && { batch: { index, members } }),
        ...(kind === 'long' && index === 0 && { value: null, large: LARGE }),
      });
  }
  return said;
}

/** The rule as it is written: looks through everything each time [P-5.41]. */
class SlowReader {
  readonly #newest = new Map<string, StoredRecord>();
  readonly #seen = new Map<string, StoredRecord>();
  isFilled = false;

  take(record: StoredRecord): void {
    if ((this.#newest.get(record.key)?.version ?? 0) < record.version) this.#newest.set(record.key, record);
  }

  /** What is seen now, as `a@5`. */
  look(): string[] {
    let whole = [...this.#newest.values()].filter(
      ({ large, deleted }) => deleted || large === undefined || this.isFilled,
    );
    for (let before = -1; before !== whole.length; ) {
      before = whole.length;
      const there = [...whole, ...this.#seen.values()];
      whole = whole.filter(
        ({ version, batch }) =>
          batch?.members.every((mark) =>
            there.some((each) => markOfKey(each.key) === mark && each.version >= version - batch.index),
          ) !== false,
      );
    }
    for (const record of whole) this.#seen.set(record.key, record);
    return [...this.#seen.values()]
      .filter(({ deleted }) => !deleted)
      .map(({ key, version }) => `${key}@${version - 0x1_0000_0000}`)
      .sort();
  }
}

function seen({ table }: TestTable): string[] {
  const records = table.owner(ANN)!;
  return [...records.values()]
    .map((record) => records.seen(record, 0))
    .filter((record) => record !== undefined && !record.deleted)
    .map((record) => `${record!.key}@${record!.version - 0x1_0000_0000}`)
    .sort();
}

test('[P-5.41] readers see what the rule says, in whatever order an owner is heard', () => {
  const cases = fc.tuple(
    fc.array(turn, { minLength: 1, maxLength: 12 }),
    fc.infiniteStream(fc.nat()),
    fc.nat(60),
  );
  fc.assert(
    fc.property(cases, ([turns, dice, filledAfter]) => {
      const held = new TestTable();
      const slow = new SlowReader();
      const left = historyOf(turns);
      for (let step = 0; left.length > 0; step++) {
        const [said] = left.splice((dice.next().value as number) % Math.min(left.length, 6), 1);
        const record = stored(said);
        const { version } = record;
        held.table.merge(
          { owner: ANN, from: version - 1, to: version, gc: 0, items: [{ body: record.body, ageMs: 0 }] },
          0,
          null,
        );
        slow.take(record);
        slow.isFilled = step >= filledAfter;
        if (slow.isFilled) held.table.fill(LARGE, CONTENT);
        assert.deepEqual(seen(held), slow.look());
      }
      held.table.fill(LARGE, CONTENT);
      slow.isFilled = true;
      assert.deepEqual(seen(held), slow.look());
      assert.equal(held.table.heldCount, 0);
      assert.equal(held.table.heldBytes, 0);
    }),
    { numRuns: 400 },
  );
});
