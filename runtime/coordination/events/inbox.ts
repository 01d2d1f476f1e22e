import type { NodeId } from '../../core/ids.ts';
import { EVENT_SLOTS, EVENT_TRACE_MS, EVENT_WINDOW_MS_MAX } from '../../core/limits.ts';
import type { Version } from '../../core/version.ts';
import type { EventRecord } from './event-record.ts';
import type { EventCursor } from './event-state.ts';
import { type Arrival, type Held, SenderLine, type Taking } from './sender-line.ts';

/** What was delivered may come again for so long: afterwards nobody needs to remember it. */
const REMEMBER_MS = EVENT_WINDOW_MS_MAX + EVENT_TRACE_MS;
const SENDERS_MAX = 4_096;
/** Events of one sender that wait. */
export const WAITING_MAX = 2 * EVENT_SLOTS;
/** The more wait of all senders, the fewer may of one: so many below each count of all, and one beyond. Together with `SENDERS_MAX` the bound of all. */
const SHARES = [
  { below: 2_048, max: WAITING_MAX },
  { below: 4_096, max: 16 },
  { below: 8_192, max: 2 },
] as const;
/** Senders without news that are looked at again in one turn: thousands may wait, and each datagram is a turn. */
const LOOKS_MAX = 64;

/** What the engine says while events are taken. */
export interface TakingOf {
  readonly held: (owner: NodeId) => Held;
  /** How many events of a sender may be taken now. Default: all. */
  readonly room?: (sender: NodeId) => number;
  /** Whether a sender may send such an event: what it may not tells of no gap. Default: all. */
  readonly maySend?: (sender: NodeId, event: EventRecord) => boolean;
}

/**
 * Delivers each sender's events once and in its order [P-18.4]. One that came before its elder waits: until that is there, until the
 * holder knows that it can't come any more (all that lies below the newer record is here), or until its own window ends.
 */
export class EventInbox {
  readonly #senders = new Map<NodeId, SenderLine>();
  /** Those with something that waits; whose turn it was last is the last. */
  readonly #pending = new Set<NodeId>();
  /** Those of which something came since the last turn. */
  readonly #touched = new Set<NodeId>();
  readonly #startedMs: number;
  /** Whose cursors moved since `changesKept`. */
  readonly #changed = new Set<NodeId>();
  #waiting = 0;
  #nextDueMs = Number.POSITIVE_INFINITY;

  /** @param cursors how far earlier lives of this node got with each sender. @param nowMs when this life began. */
  constructor(cursors: Iterable<readonly [NodeId, EventCursor]>, nowMs: number) {
    this.#startedMs = nowMs;
    for (const [id, cursor] of cursors)
      this.#senders.set(id, new SenderLine({ cursor, startedMs: nowMs, untilMs: nowMs + REMEMBER_MS }));
  }

  /** Events that wait for elder ones. */
  get waiting(): number {
    return this.#waiting;
  }

  /** How many senders' cursors moved since all were kept. */
  get changedCount(): number {
    return this.#changed.size;
  }

  /** Whether anything waits, or is to be told. */
  get isPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Senders that it remembers something of. */
  get size(): number {
    return this.#senders.size;
  }

  /** When the first of those that wait is delivered without its elder, or sooner: it may have gone meanwhile. */
  get nextDueMs(): number {
    return this.#nextDueMs;
  }

  /** A record of an event came: it is taken unless it was before. @returns whether a cursor moved by it already. */
  add(
    sender: NodeId,
    event: EventRecord,
    about: { readonly version: Version; readonly setAtMs: number },
    { nowMs, maySend = () => true }: { readonly nowMs: number; readonly maySend?: Taking['maySend'] },
  ): boolean {
    const line = this.#lineOf(sender, nowMs);
    const isRaised = line.raise(event);
    if (isRaised) this.#changed.add(sender);
    const before = line.size;
    // Of a sender that keeps to its ring there are never so many; what is left out is told as a gap.
    const isNew = line.add(event, about, { nowMs, max: this.#shareNow(), maySend });
    this.#waiting += line.size - before;
    if (!isNew) return isRaised;
    this.#pending.add(sender);
    this.#touched.add(sender);
    return isRaised;
  }

  /** A sender that is put out: nothing of it counts any more. */
  forget(sender: NodeId): void {
    this.#waiting -= this.#senders.get(sender)?.size ?? 0;
    this.#changed.delete(sender);
    this.#senders.delete(sender);
    this.#pending.delete(sender);
    this.#touched.delete(sender);
  }

  /** What may be delivered now, in order. */
  take(
    nowMs: number,
    { held: heldOf, room: roomOf = () => Number.POSITIVE_INFINITY, maySend = () => true }: TakingOf,
  ): Arrival[] {
    const arrivals: Arrival[] = [];
    const isDue = nowMs >= this.#nextDueMs;
    const looked = isDue ? [...this.#pending] : this.#nextLooks();
    for (const sender of looked) {
      const line = this.#senders.get(sender);
      const held = heldOf(sender);
      if (line === undefined) {
        this.#pending.delete(sender);
        continue;
      }
      if (!this.#touched.has(sender) && !line.isReady(nowMs, held)) continue;
      const room = roomOf(sender);
      if (room <= 0) {
        line.block();
        continue;
      }
      const before = arrivals.length;
      const { size, cursor } = line;
      line.take(
        sender,
        { nowMs, held, room, maySend: (event: EventRecord) => maySend(sender, event) },
        arrivals,
      );
      this.#waiting += line.size - size;
      if (line.cursor !== cursor) this.#changed.add(sender);
      if (arrivals.length > before) line.untilMs = nowMs + REMEMBER_MS;
      if (line.size === 0) this.#pending.delete(sender);
      else this.#nextDueMs = Math.min(this.#nextDueMs, line.dueMs);
    }
    this.#touched.clear();
    if (isDue || this.#pending.size === 0) this.#findNextDue();
    return arrivals;
  }

  /** Those that moved since `cursors` was called last. */
  changes(): [NodeId, EventCursor][] {
    return [...this.#changed].flatMap((id): [NodeId, EventCursor][] => {
      const cursor = this.#senders.get(id)?.cursor;
      return cursor === undefined ? [] : [[id, cursor]];
    });
  }

  /** How far it got with each sender of which something may still come again, or that is still there. */
  cursors(nowMs: number, isThere: (sender: NodeId) => boolean): [NodeId, EventCursor][] {
    const cursors: [NodeId, EventCursor][] = [];
    this.#changed.clear();
    for (const [id, line] of this.#senders) {
      if (line.untilMs <= nowMs && line.size === 0 && !isThere(id)) this.#senders.delete(id);
      else if (line.cursor !== undefined) cursors.push([id, line.cursor]);
    }
    return cursors;
  }

  /** How many of one sender may wait, by how many wait of all. */
  #shareNow(): number {
    return SHARES.find(({ below }) => this.#waiting < below)?.max ?? 1;
  }

  /** Those with news, and some of the others in turn: their lines may have moved. */
  #nextLooks(): NodeId[] {
    const looks = [...this.#touched];
    let left = LOOKS_MAX;
    for (const id of this.#pending) {
      if (left-- === 0) break;
      if (!this.#touched.has(id)) looks.push(id);
    }
    if (this.#pending.size > LOOKS_MAX)
      for (const id of looks) {
        this.#pending.delete(id);
        this.#pending.add(id);
      }
    return looks;
  }

  #findNextDue(): void {
    this.#nextDueMs = Number.POSITIVE_INFINITY;
    for (const id of this.#pending)
      this.#nextDueMs = Math.min(this.#nextDueMs, this.#senders.get(id)?.dueMs ?? this.#nextDueMs);
  }

  #lineOf(sender: NodeId, nowMs: number): SenderLine {
    let line = this.#senders.get(sender);
    if (line === undefined) {
      if (this.#senders.size >= SENDERS_MAX) this.#dropOldest();
      line = new SenderLine({ startedMs: this.#startedMs, untilMs: nowMs + REMEMBER_MS });
      this.#senders.set(sender, line);
    }
    return line;
  }

  /** More senders than a table holds owners: those that were silent longest go. */
  #dropOldest(): void {
    let oldest: NodeId | undefined;
    let untilMs = Number.POSITIVE_INFINITY;
    for (const [id, line] of this.#senders)
      if (line.untilMs < untilMs) {
        oldest = id;
        untilMs = line.untilMs;
      }
    if (oldest !== undefined) this.forget(oldest);
  }
}
