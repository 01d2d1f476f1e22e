import type { NodeId } from '../../core/ids.ts';
import { EVENT_SLOTS, EVENT_TRACE_MS, EVENT_WINDOW_MS_MAX } from '../../core/limits.ts';
import type { Version } from '../../core/version.ts';
import type { EventRecord } from './event-record.ts';
import type { EventCursor } from './event-state.ts';
import { type Arrival, type Held, SenderLine } from './sender-line.ts';

/** What was delivered may come again for so long: afterwards nobody needs to remember it. */
const REMEMBER_MS = EVENT_WINDOW_MS_MAX + EVENT_TRACE_MS;
const SENDERS_MAX = 4_096;
/** Events of one sender that wait. */
export const WAITING_MAX = 2 * EVENT_SLOTS;
/** Senders without news that are looked at again in one turn: thousands may wait, and each datagram is a turn. */
const LOOKS_MAX = 64;

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
  #nextDueMs = Number.POSITIVE_INFINITY;

  /** @param cursors how far earlier lives of this node got with each sender. @param nowMs when this life began. */
  constructor(cursors: Iterable<readonly [NodeId, EventCursor]>, nowMs: number) {
    this.#startedMs = nowMs;
    for (const [id, cursor] of cursors)
      this.#senders.set(id, new SenderLine({ cursor, startedMs: nowMs, untilMs: nowMs + REMEMBER_MS }));
  }

  /** Events that wait for elder ones. */
  get waiting(): number {
    let count = 0;
    for (const id of this.#pending) count += this.#senders.get(id)?.size ?? 0;
    return count;
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

  /** A record of an event came: it is taken unless it was before. */
  add(sender: NodeId, event: EventRecord, about: { version: Version; setAtMs: number }, nowMs: number): void {
    const line = this.#lineOf(sender, nowMs);
    // Of a sender that keeps to its ring there are never so many; what is left out is told as a gap.
    if (!line.add(event, about, { nowMs, max: WAITING_MAX })) return;
    this.#pending.add(sender);
    this.#touched.add(sender);
  }

  /** A sender that is put out: nothing of it counts any more. */
  forget(sender: NodeId): void {
    this.#senders.delete(sender);
    this.#pending.delete(sender);
    this.#touched.delete(sender);
  }

  /** What may be delivered now, in order. */
  take(nowMs: number, heldOf: (owner: NodeId) => Held): Arrival[] {
    const arrivals: Arrival[] = [];
    const isDue = nowMs >= this.#nextDueMs;
    const looked = isDue ? [...this.#pending] : this.#nextLooks();
    for (const sender of looked) {
      const line = this.#senders.get(sender);
      const held = heldOf(sender);
      if (line !== undefined && !this.#touched.has(sender) && !line.isReady(nowMs, held)) continue;
      const before = arrivals.length;
      line?.take(sender, { nowMs, held }, arrivals);
      if (arrivals.length > before && line !== undefined) line.untilMs = nowMs + REMEMBER_MS;
      if (line === undefined || line.size === 0) this.#pending.delete(sender);
      else this.#nextDueMs = Math.min(this.#nextDueMs, line.dueMs);
    }
    this.#touched.clear();
    if (isDue || this.#pending.size === 0) this.#findNextDue();
    return arrivals;
  }

  /** How far it got with each sender of which something may still come again, or that is still there. */
  cursors(nowMs: number, isThere: (sender: NodeId) => boolean): [NodeId, EventCursor][] {
    const cursors: [NodeId, EventCursor][] = [];
    for (const [id, line] of this.#senders) {
      if (line.untilMs <= nowMs && line.size === 0 && !isThere(id)) this.#senders.delete(id);
      else if (line.cursor !== undefined) cursors.push([id, line.cursor]);
    }
    return cursors;
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
