import { fromHex, NODE_ID_BYTES, type NodeId, toHex } from '../../core/ids.ts';
import { OWNERS_MAX } from '../../core/limits.ts';
import { decodeCbor, encodeValue } from '../../wire/cbor.ts';
import { asArray, asBytes, asUint, VERSION_MAX } from '../../wire/schema.ts';
import { asEventNumber } from './event-record.ts';

/** What a node keeps of events on its medium, so that none is delivered again after a restart. */
export interface EventState {
  /** The number of its own last one, queries aside; 0: none. */
  readonly last: number;
  /** How far it got with each sender. */
  readonly cursors: readonly (readonly [NodeId, EventCursor])[];
}

/** How far a node got with one sender. */
export interface EventCursor {
  /** Of the last event that was delivered, or passed. */
  readonly number: number;
  /** The sender's life that it is of. */
  readonly life: number;
  /** Events of that life, without queries, up to it. */
  readonly told: number;
}

/** All of a state, or what changed since all was kept last. */
export type EventScope = 'all' | 'changes';

/** So many cursors at most are changes: they fit into one block of a medium. */
export const CHANGES_MAX = 72;

const FORMAT = 1;
const UINT32_MAX = 0xffff_ffff;
/** Senders in one list: a list of all would have more items than CBOR may have here. */
const CHUNK = 500;

/** Of a node that never heard of an event. */
export const NO_EVENTS: EventState = { last: 0, cursors: [] };

/** Chunks, one after the other, each with its length in front: `uint32 length | [ format, last, [ * [ sender, number, life, told ] ] ]`. */
export function encodeEventState({ last, cursors }: EventState): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (let i = 0; i === 0 || i < cursors.length; i += CHUNK) {
    const part = cursors
      .slice(i, i + CHUNK)
      .map(([id, { number, life, told }]) => [fromHex(id), number, life, told]);
    chunks.push(encodeValue([FORMAT, last, part]));
  }
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + 4 + chunk.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const chunk of chunks) {
    view.setUint32(at, chunk.length);
    bytes.set(chunk, at + 4);
    at += 4 + chunk.length;
  }
  return bytes;
}

/** What a node kept, and what changed since. @returns what was kept where the changes are none, or too many. */
export function withChanges(kept: Uint8Array, changes: Uint8Array): Uint8Array {
  const base = decodeEventState(kept);
  const later = decodeEventState(changes);
  if (base === undefined || later === undefined) return kept;
  const cursors = new Map([...base.cursors, ...later.cursors]);
  return cursors.size > OWNERS_MAX ? kept : encodeEventState({ last: later.last, cursors: [...cursors] });
}

/** @returns undefined where these bytes are no such state. */
export function decodeEventState(bytes: Uint8Array): EventState | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cursors: [NodeId, EventCursor][] = [];
  let last = 0;
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return undefined;
    const length = view.getUint32(at);
    const chunk = chunkOf(bytes.subarray(at + 4, at + 4 + length), length);
    if (chunk === undefined || cursors.length + chunk.cursors.length > OWNERS_MAX) return undefined;
    cursors.push(...chunk.cursors);
    last = chunk.last;
    at += 4 + length;
  }
  return { last, cursors };
}

function chunkOf(
  bytes: Uint8Array,
  length: number,
): { last: number; cursors: [NodeId, EventCursor][] } | undefined {
  if (bytes.length !== length) return undefined;
  const decoded = decodeCbor(bytes);
  const fields = 'value' in decoded ? asArray(decoded.value) : undefined;
  const last = asUint(fields?.[1], VERSION_MAX);
  const rows = asArray(fields?.[2]);
  if (fields?.[0] !== FORMAT || last === undefined || rows === undefined) return undefined;
  const cursors: [NodeId, EventCursor][] = [];
  for (const row of rows) {
    const [rawId, rawNumber, rawLife, rawTold] = asArray(row) ?? [];
    const id = asBytes(rawId, NODE_ID_BYTES);
    const number = asEventNumber(rawNumber);
    const life = asUint(rawLife, UINT32_MAX);
    const told = asUint(rawTold, UINT32_MAX);
    if (id === undefined || number === undefined || life === undefined || told === undefined)
      return undefined;
    cursors.push([toHex(id), { number, life: life + 0, told: told + 0 }]);
  }
  return { last, cursors };
}
