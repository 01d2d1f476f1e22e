import type { DropReason } from '../core/counters.ts';
import { bootOf, makeVersion, type Version } from '../core/version.ts';
import type { Block } from '../wire/message.ts';
import { decodeRecord } from '../wire/record-codec.ts';
import { type MergePlan, planMerge, readItems } from './merge-plan.ts';
import type { OwnerRecords } from './owner-records.ts';
import { PassedOver } from './passed-over.ts';
import type { AgeJudge } from './record-age.ts';
import type { RecordGuard } from './record-guard.ts';
import type { RecordReader } from './record-reader.ts';
import type { StoredRecord } from './stored-record.ts';

/** What of a block may be taken, and how. */
export interface Incoming {
  readonly plan: MergePlan;
  readonly records: readonly StoredRecord[];
  /** Records that were known already, and so weren't read. */
  readonly repeated: number;
  /** `not-allowed`: some were passed over. */
  readonly refused: DropReason | undefined;
}

/**
 * Reads a block against what is held of its owner. Where owners sign, each new version is put before the guard, and one that fails
 * spoils the whole block: its sender made it up, or lacks as much as this node does.
 * @returns the reason where nothing of the block is taken; `records` is unchanged then, but for what its owner vouched for.
 */
export function readIncoming(
  records: OwnerRecords,
  block: Block,
  how: {
    guard: RecordGuard;
    read: RecordReader;
    nowMs: number;
    ageBoundMs: number | null;
    ages?: AgeJudge | undefined;
  },
): Incoming | DropReason {
  const { guard } = how;
  if (guard.signs) takeProof(records, block, guard);
  const plan = planMerge(records, block);
  // From the start on, a block may turn out to be a reset: by what its own items prove.
  const all = plan.complete || (guard.signs && block.from === 0);
  const { passedOver } = records;
  const read = readItems(block, { ...how, passedOver, skipUpTo: all ? 0 : plan.known });
  if (read === undefined) return 'malformed';
  const repeated = block.items.length - read.length;
  if (!guard.signs) return { plan, records: read.map(({ record }) => record), repeated, refused: undefined };
  const taken: StoredRecord[] = [];
  const passed: StoredRecord[] = [];
  for (const { record, gcSequence } of read) {
    if (record.version > (records.get(record.key)?.version ?? 0)) {
      const refusal = guard.refusal(block.owner, record);
      if (refusal !== undefined && refusal !== 'not-allowed') return refusal;
      // Unsigned by permission: it shows nothing of its owner's lives.
      if (record.signature !== undefined) prove(records, record.version, gcSequence);
      else if (bootOf(record.version) !== bootOf(records.provenTo)) return 'unsigned';
      else records.prove({ provenTo: record.version, provenGc: 0 });
      if (refusal !== undefined) {
        passed.push(record);
        continue;
      }
    }
    taken.push(record);
  }
  // What was vouched for just now may be what the line waited for.
  const after = planMerge(records, block);
  const refused = passed.length > 0 ? 'not-allowed' : undefined;
  const result = all || after.complete === plan.complete ? after : plan;
  // A reset tells all anew.
  if (result.reset) records.passedOver = undefined;
  for (const { key, version } of passed) {
    records.passedOver ??= new PassedOver();
    records.passedOver.note(key, version);
  }
  return { plan: result, records: taken, repeated, refused };
}

/** A block whose gc line its receiver may not have heard of brings its owner's word for it [P-5.22]. */
function takeProof(records: OwnerRecords, { owner, gc, proof }: Block, guard: RecordGuard): void {
  if (proof === undefined || gc <= records.provenGc) return;
  const body = decodeRecord(proof.body);
  if (body === undefined || proof.signature === undefined) return;
  const record = { key: body.key, body: proof.body, signature: proof.signature };
  if (guard.refusal(owner, record) === undefined) prove(records, body.version, body.gcSequence);
}

/** A version that its owner signed shows that all of earlier lives is forgotten [P-5.6], and more where it says so. */
function prove(records: OwnerRecords, version: Version, gcSequence = 0): void {
  records.prove({ provenTo: version, provenGc: makeVersion(bootOf(version), gcSequence) });
}
