import { AGE_MS_MAX } from '../core/limits.ts';
import { bootOf, makeVersion, type Version } from '../core/version.ts';
import type { Block, Item, Line } from '../wire/message.ts';
import type { OwnerRecords } from './owner-records.ts';
import { isAgeUnknown, type StoredRecord } from './stored-record.ts';

/** The record in which an owner states what it says of itself. */
export const STATEMENT_KEY = 'node';

/** How many bytes an item takes on the wire. */
export type SizeOfItem = (item: Item) => number;

/** A record as it leaves now: its age includes the time that it was held here [P-5.7]. */
export function itemOf(record: StoredRecord, nowMs: number): Item {
  const heldMs = isAgeUnknown(record) ? AGE_MS_MAX : Math.round(nowMs - record.setAtMs);
  const ageMs = Math.min(Math.max(0, heldMs), AGE_MS_MAX);
  return record.signature === undefined
    ? { body: record.body, ageMs }
    : { body: record.body, ageMs, signature: record.signature };
}

/**
 * What a peer with this line lacks, as the longest prefix by version that fits `room` bytes of items [P-5.8]. A peer behind the
 * tombstone line starts again from 0 [P-5.5]. @returns undefined where it lacks nothing, or not even one item fits.
 */
export function deltaFor(
  records: OwnerRecords,
  peer: Line,
  nowMs: number,
  room: number,
  sizeOfItem: SizeOfItem,
): Block | undefined {
  if (!isAhead(records, peer)) return undefined;
  const from = startOfDelta(records, peer);
  const items: Item[] = [];
  const proof = from === 0 ? proofOfGc(records, nowMs) : undefined;
  let left = room - (proof === undefined ? 0 : sizeOfItem(proof));
  let to: Version = from;
  let whole = true;
  for (const record of records.above(from)) {
    if (record.version > records.known) break;
    const item = itemOf(record, nowMs);
    left -= sizeOfItem(item);
    if (left < 0) {
      whole = false;
      break;
    }
    items.push(item);
    to = record.version;
  }
  if (whole) to = Math.max(to, records.known);
  else if (items.length === 0) return undefined;
  const block = { owner: records.owner, from, to, gc: records.gc, items };
  return proof === undefined ? block : { ...block, proof };
}

/** Whether a holder has something that a peer with this line lacks. */
export function isAhead(records: OwnerRecords, peer: Line): boolean {
  if (records.resetting) return false;
  return records.known > peer.known || (records.known === peer.known && records.gc > peer.gc);
}

/** Whether a holder lacks something that a peer with this line has. */
export function isBehind(records: OwnerRecords | undefined, peer: Line): boolean {
  if (records === undefined) return peer.known > 0;
  return peer.known > records.known || (peer.known === records.known && peer.gc > records.gc);
}

/**
 * One fresh record as a block of its own, claiming as much as is known here: that nothing live lies between it and the next
 * older record; or, where this holder has a gap itself, nothing.
 */
export function freshBlock(records: OwnerRecords, record: StoredRecord, nowMs: number): Block {
  const from =
    record.version <= records.known && !records.resetting
      ? records.versionBelow(record.version)
      : record.version - 1;
  return {
    owner: records.owner,
    from,
    to: record.version,
    gc: Math.min(records.gc, record.version),
    items: [itemOf(record, nowMs)],
  };
}

/** The owner's word for its gc line: in its signed record `node`, where the line lies within its present boot [P-5.22]. */
function proofOfGc(records: OwnerRecords, nowMs: number): Item | undefined {
  if (records.gc === makeVersion(bootOf(records.gc), 0)) return undefined;
  const statement = records.get(STATEMENT_KEY);
  return statement?.signature === undefined ? undefined : itemOf(statement, nowMs);
}

function startOfDelta(records: OwnerRecords, peer: Line): Version {
  const mustReset = peer.known < records.gc && peer.gc !== records.gc;
  return mustReset ? 0 : peer.known;
}
