import type { NodeId } from '#runtime/core/ids.ts';
import type { OwnerRecords } from '#runtime/data/owner-records.ts';
import type { TableChange } from '#runtime/data/reader-view.ts';
import { RecordTable, type TableLimits } from '#runtime/data/record-table.ts';
import { isLive, type StoredRecord, storedRecord } from '#runtime/data/stored-record.ts';
import type { Block } from '#runtime/wire/message.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import { ANN, provider, recordOf } from './wire.ts';

/** A record as a table keeps it. */
export function stored(changes: Partial<RecordBody>, setAtMs = 0): StoredRecord {
  const body = recordOf(changes.deleted ? { value: null, ...changes } : changes);
  return storedRecord(body, encodeRecord(body), { setAtMs, ageBoundMs: 0 });
}

/** A record table whose changes are kept for the test to read. */
export class TestTable {
  readonly changes: TableChange[] = [];
  readonly table: RecordTable;

  constructor(limits: Partial<TableLimits> = {}) {
    this.table = new RecordTable({
      limits: {
        ownersMax: 4,
        recordsPerOwnerMax: 100,
        bytesPerOwnerMax: 10_000,
        tableBytesMax: 1_000_000,
        ...limits,
      },
      sha256: provider.sha256,
      onChange: (change) => this.changes.push(change),
    });
  }

  /** What happened since the last call, as `put soc@5`. */
  takeChanges(): string[] {
    return this.changes
      .splice(0)
      .map(({ change, record }) => `${change} ${record.key}@${sequenceOf(record)}`);
  }

  /** Live records of an owner as `soc@5`, ascending by version. */
  live(owner: NodeId = ANN): string[] {
    return this.#recordsOf(owner)
      .filter(isLive)
      .map((record) => `${record.key}@${sequenceOf(record)}`);
  }

  tombstones(owner: NodeId = ANN): string[] {
    return this.#recordsOf(owner)
      .filter((record) => record.deleted)
      .map((record) => `${record.key}@${sequenceOf(record)}`);
  }

  /** `known gc` of an owner, in sequences of boot 1. */
  lines(owner: NodeId = ANN): string {
    const { known, gc } = this.table.line(owner);
    return `${sequenceOf({ version: known })} ${sequenceOf({ version: gc })}`;
  }

  #recordsOf(owner: NodeId): StoredRecord[] {
    const records: OwnerRecords | undefined = this.table.owner(owner);
    return records === undefined ? [] : [...records.above(0)];
  }
}

/** A version of boot 1. 0 stays 0: before all. */
export function v(sequence: number): number {
  return sequence === 0 ? 0 : 0x1_0000_0000 + sequence;
}

function sequenceOf({ version }: { version: number }): number {
  return version === 0 ? 0 : version - 0x1_0000_0000;
}

/** A block of ANN's: `blockOf(0, 5, 2, ['a', 3], ['-b', 5])`; a minus makes a tombstone. */
export function blockOf(from: number, to: number, gc: number, ...items: [string, number][]): Block {
  return {
    owner: ANN,
    from: v(from),
    to: v(to),
    gc: v(gc),
    items: items.map(([name, sequence]) => ({ body: stored(bodyOf(name, sequence)).body, ageMs: 0 })),
  };
}

function bodyOf(name: string, sequence: number): Partial<RecordBody> {
  const deleted = name.startsWith('-');
  return { key: deleted ? name.slice(1) : name, version: v(sequence), deleted };
}
