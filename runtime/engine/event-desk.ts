import {
  countOf,
  decodeEvent,
  type EventRecord,
  encodeEvent,
  eventKey,
  idOf,
} from '../coordination/events/event-record.ts';
import {
  CHANGES_MAX,
  decodeEventState,
  type EventScope,
  type EventState,
  encodeEventState,
  NO_EVENTS,
} from '../coordination/events/event-state.ts';
import { EventInbox, type TakingOf } from '../coordination/events/inbox.ts';
import { EventRing } from '../coordination/events/outbox-ring.ts';
import type { Question } from '../coordination/events/question.ts';
import type { Arrival, Held } from '../coordination/events/sender-line.ts';
import { GridvineError } from '../core/errors.ts';
import { type EmitOptions, EVENT_WINDOW_MS_DEFAULT, type UserEvent } from '../core/event-views.ts';
import type { NodeId } from '../core/ids.ts';
import { EVENT_BYTES_MAX, EVENT_SLOTS, EVENT_TRACE_MS, EVENT_VALUE_BYTES_MAX } from '../core/limits.ts';
import type { AppValue } from '../core/value.ts';
import { makeVersion } from '../core/version.ts';
import type { StoredRecord } from '../data/stored-record.ts';
import { CERTIFICATE_KEY } from '../trust/certificate-record.ts';
import { encodeValue } from '../wire/cbor.ts';
import type { EngineContext } from './context.ts';
import { EventPace } from './event-pace.ts';
import { checkEvent, EventRights, isBuiltIn } from './event-rights.ts';
import { EventWaiters } from './event-waiters.ts';

/** What a query is to, besides an event. */
export interface Questions {
  /** Whether this node is among those that it asks. */
  asksHere(question: Question): boolean;
  onQuestion(arrival: QuestionArrival, nowMs: number): void;
  /** An own query goes by another number from now on. */
  renumbered(from: number, to: number): void;
}

/** What a node brings to events. */
export interface EventDeskOptions {
  /** What an earlier life kept; absent: nothing, or nobody knows. */
  readonly kept?: Uint8Array;
  /** Nothing is delivered before `release`: whoever acts on events isn't ready yet. */
  readonly held?: boolean;
}

/** A query that came: this node is among those it asks. */
export interface QuestionArrival {
  readonly sender: NodeId;
  readonly event: EventRecord;
  readonly question: Question;
  readonly setAtMs: number;
}

/** A record's version, key and meta, besides its value. */
const RECORD_OVERHEAD_BYTES = 50;
const NEVER = Number.POSITIVE_INFINITY;
/** Own events that may wait for the medium: more are refused. */
const OWN_READY_MAX = 1_024;
/** What the medium refused, and what moved without anything to deliver, is written after so long, unless something is before. */
const AGAIN_MS = 60_000;

/**
 * Where events meet the engine [P-18]: this node's own go into its ring of records, those of others come out of the table in each
 * sender's order. How far this node got is on its medium before anything is delivered: so nothing is delivered twice.
 */
export class EventDesk {
  readonly #ctx: EngineContext;
  readonly #questions: Questions;
  readonly #kept: EventState;
  readonly #pace = new EventPace();
  readonly #rights: EventRights;
  readonly #ring = new EventRing();
  /** Of the ring, by slot. */
  readonly #own = new Map<number, { event: EventRecord; setAtMs: number }>();
  #inbox: EventInbox | undefined;
  /** `new`: before the start. `held`: what comes waits. `stopped`: nothing more is taken, what was is delivered. */
  #phase: 'new' | 'held' | 'open' | 'stopped' = 'new';
  readonly #isHeld: boolean;
  /** The number of this node's last event, queries aside, also of a life before. */
  #last: number;
  /** Of what it sent last, events and queries, in this life: 0 at first. */
  #count = 0;
  /** Events, without queries, that it sent in this life. */
  #told = 0;
  /** Drawn when it sends first. */
  #life: number | undefined;
  /** To be delivered once the medium knows of it. */
  readonly #waiters = new EventWaiters();
  /** Own queries that were sent in this turn. */
  #asked: QuestionArrival[] = [];
  #ticket = 0;
  /** When the medium is told of what is ready, at the latest. */
  #writeMs = NEVER;
  /** Whether that is worth it, whatever was written before. */
  #isGranted = false;
  /** Whether the medium lacks something that changes alone don't tell: at first, and after it refused. */
  #lacksAll = true;
  /** When to look again, at the latest. */
  #dueMs = NEVER;
  /** Whose events wait for that, because they were too many. */
  #slowed: { readonly sender: NodeId | null } | null = null;
  /** Whether it got further than the medium knows, without anything to deliver. */
  #isAhead = false;
  readonly #taking: TakingOf = {
    held: (owner) => this.#heldOf(owner),
    room: (sender) => this.#waiters.roomOf(sender),
    maySend: (sender, event) => this.#rights.mayTell(sender, event),
  };

  constructor(parts: {
    readonly ctx: EngineContext;
    readonly options: EventDeskOptions | undefined;
    readonly questions: Questions;
  }) {
    this.#ctx = parts.ctx;
    this.#questions = parts.questions;
    this.#rights = new EventRights(parts.ctx);
    this.#isHeld = parts.options?.held === true;
    const kept = parts.options?.kept;
    this.#kept = (kept && decodeEventState(kept)) ?? NO_EVENTS;
    this.#last = this.#kept.last;
  }

  /** Senders that it remembers, and events that wait: for elder ones, or for the medium. */
  get size(): number {
    return (this.#inbox?.size ?? 0) + (this.#inbox?.waiting ?? 0) + this.#waiters.size;
  }

  /** Events that were taken and not delivered yet. */
  get unsettled(): number {
    return this.#waiters.size;
  }

  /** Own events that are within their windows. */
  live(nowMs: number): number {
    return this.#ring.live(nowMs);
  }

  /** Sends an event, or a query. @returns its number. @throws GridvineError; the state is unchanged then. */
  emit(
    name: string,
    payload: AppValue,
    options: EmitOptions & { readonly question?: Question | undefined },
    nowMs: number,
  ): number {
    const { windowMs = EVENT_WINDOW_MS_DEFAULT, priority = 'normal', question } = options;
    const what = question === undefined ? 'event' : 'query';
    checkEvent(what, { name, payload, windowMs });
    this.#rights.checkOwn({ name, question });
    const event: EventRecord = {
      number: this.#numberOf(this.#count + 1),
      life: this.#lifeNow(),
      told: this.#told,
      before: this.#beforeOf(this.#count + 1),
      windowMs,
      name,
      payload,
      question,
    };
    const value = encodeEvent(event);
    const bytes = encodeValue(value).length;
    if (bytes > EVENT_VALUE_BYTES_MAX)
      throw new GridvineError(
        'E_VALUE_TOO_LARGE',
        `${what} ${name}: expected at most ${EVENT_VALUE_BYTES_MAX} bytes of name, payload and filter; got ${bytes}. Put the data into a record and send its key.`,
      );
    if (this.#waiters.countOf(this.#ctx.id) >= OWN_READY_MAX)
      throw new GridvineError(
        'E_QUOTA',
        `${what} ${name}: ${OWN_READY_MAX} events of this node wait until its data directory knows of them: that doesn't answer (health item events-held), or they are more than may be written (events-slowed). Send fewer, or check the storage medium.`,
      );
    const place = this.#ring.place(bytes + RECORD_OVERHEAD_BYTES, nowMs);
    if ('full' in place)
      throw new GridvineError(
        'E_QUOTA',
        `${what} ${name}: this node has ${place.full === 'slots' ? `${EVENT_SLOTS} events` : `events of ${EVENT_BYTES_MAX} bytes`} in their windows, the most it may have: members that come late still get those. Wait ${place.waitMs} ms, or send with shorter windows.`,
      );
    for (const slot of place.emptied) this.#empty(slot, nowMs);
    this.#put(place.slot, event, { setAtMs: nowMs, priority }, nowMs);
    this.#count++;
    if (question === undefined) {
      this.#told++;
      this.#last = event.number;
    }
    const sender = this.#ctx.id;
    if (question === undefined) this.#addReady({ kind: 'event', sender, event, setAtMs: nowMs }, nowMs);
    else this.#asked.push({ sender, event, question, setAtMs: nowMs });
    this.#ctx.counters.eventsSent++;
    return event.number;
  }

  /** Takes an own event back: who hasn't got it yet never will. */
  withdraw(number: number, nowMs: number): void {
    for (const [slot, { event }] of this.#own)
      if (countOf(event.number) === countOf(number)) this.#empty(slot, nowMs);
  }

  start(nowMs: number): void {
    this.#inboxAt(nowMs);
    this.#phase = this.#isHeld ? 'held' : 'open';
  }

  /** Whoever acts on events is ready. */
  release(): void {
    if (this.#phase === 'held') this.#phase = 'open';
  }

  /** Nothing more is taken: it comes again in the next life, if it comes in time. What was taken is delivered, without waiting for others. */
  stop(nowMs: number): void {
    this.#phase = 'stopped';
    if (this.#waiters.readyCount > 0 || this.#isAhead) this.#writeAt(nowMs, { granted: true });
  }

  /** A record of another's ring came. */
  onRecord(owner: NodeId, record: StoredRecord, nowMs: number): void {
    if (owner === this.#ctx.id) return;
    const event = decodeEvent(record.value, record.version);
    // Also before the start: what an earlier life held and didn't deliver.
    if (event === undefined) {
      this.#ctx.counters.drops.malformed++;
      return;
    }
    const maySend = (each: EventRecord) => this.#rights.mayTell(owner, each);
    if (this.#inboxAt(nowMs).add(owner, event, record, { nowMs, maySend })) this.#isAhead = true;
  }

  /** The node goes on under a higher boot: others may know numbers of it above those of this life, so its events get that boot; life and count stay. */
  rolledBack(nowMs: number): void {
    const was = this.#last;
    const own = [...this.#own].sort(([, a], [, b]) => a.event.number - b.event.number);
    for (const [slot, { event, setAtMs }] of own) {
      if (setAtMs + event.windowMs + EVENT_TRACE_MS <= nowMs) {
        this.#own.delete(slot);
        continue;
      }
      const count = countOf(event.number);
      const renumbered = { ...event, number: this.#numberOf(count), before: this.#beforeOf(count) };
      this.#put(slot, renumbered, { setAtMs, priority: 'normal' }, nowMs);
      if (event.question === undefined) this.#last = renumbered.number;
      else this.#questions.renumbered(event.number, renumbered.number);
    }
    if (this.#last === was) return;
    // Else its next life would name a number that nobody took.
    this.#isAhead = true;
    this.#writeAt(nowMs + AGAIN_MS);
  }

  /** A mutation ends: what can be delivered goes to the medium first. */
  settle(nowMs: number): void {
    const inbox = this.#inbox;
    if (inbox === undefined || this.#phase === 'new' || this.#phase === 'held') return;
    for (const asked of this.#asked.splice(0)) this.#onQuestion(asked, nowMs);
    if (!inbox.isPending && this.#dueMs === NEVER && this.#writeMs === NEVER) return;
    if (this.#phase === 'open')
      for (const arrival of inbox.take(nowMs, this.#taking)) this.#sort(arrival, nowMs);
    if (!this.#waiters.isFlying && nowMs >= this.#writeMs) {
      const waitMs = this.#isGranted ? 0 : this.#pace.waitMs(nowMs);
      if (waitMs > 0) this.#writeMs = nowMs + waitMs;
      else this.#write(inbox, nowMs);
    }
    this.#arm(inbox);
  }

  /** What waits for the medium is looked at when that has answered. */
  #arm(inbox: EventInbox): void {
    this.#dueMs = Math.min(
      this.#phase === 'open' ? inbox.nextDueMs : NEVER,
      this.#waiters.isFlying ? NEVER : this.#writeMs,
    );
    if (this.#dueMs === NEVER) this.#ctx.timers.clear('event');
    else this.#ctx.timers.set('event', this.#dueMs);
  }

  /** What nobody here may or will act on costs no write: it is found so again where it comes again. */
  #sort(arrival: Arrival, nowMs: number): void {
    if (arrival.kind === 'event') {
      const { sender, event, setAtMs } = arrival;
      const { question } = event;
      this.#isAhead = true;
      if (!this.#rights.maySend(sender, event)) {
        this.#ctx.counters.drops['not-allowed']++;
        return;
      }
      if (question !== undefined) {
        if (this.#questions.asksHere(question)) this.#onQuestion({ sender, event, question, setAtMs }, nowMs);
        return;
      }
    }
    this.#addReady(arrival, nowMs);
  }

  /** Nothing is written for a query: it comes behind what its sender sent before, and what the node answers itself at once. */
  #onQuestion(asked: QuestionArrival, nowMs: number): void {
    const { sender, event, setAtMs } = asked;
    if (isBuiltIn(event.name) || !this.#waiters.has(sender)) this.#questions.onQuestion(asked, nowMs);
    else this.#waiters.add({ kind: 'event', sender, event, setAtMs });
  }

  #addReady(arrival: Arrival, nowMs: number): void {
    this.#waiters.add(arrival);
    if (this.#isGranted && this.#writeMs <= nowMs) return;
    const { atMs, isOverShare } = this.#pace.take(arrival.sender, nowMs);
    if (atMs > nowMs) this.#slowed ??= { sender: isOverShare ? arrival.sender : null };
    this.#writeAt(atMs, { granted: atMs <= nowMs });
  }

  /** @param granted whether it is worth that, whatever was written before. */
  #writeAt(atMs: number, { granted = false }: { readonly granted?: boolean } = {}): void {
    if (granted) this.#isGranted = true;
    this.#writeMs = Math.min(this.#writeMs, atMs);
  }

  #write(inbox: EventInbox, nowMs: number): void {
    this.#waiters.fly();
    this.#isAhead = false;
    const scope: EventScope = this.#lacksAll || inbox.changedCount > CHANGES_MAX ? 'all' : 'changes';
    const isThere = (owner: NodeId) => this.#ctx.table.owner(owner) !== undefined;
    const cursors = scope === 'all' ? inbox.cursors(nowMs, isThere) : inbox.changes();
    const kept = encodeEventState({ last: this.#last, cursors });
    this.#lacksAll = false;
    this.#pace.spend({ scope, bytes: kept.length }, nowMs);
    this.#ctx.outbox.keepEvents({ ticket: ++this.#ticket, kept, scope, slowed: this.#slowed });
    this.#writeMs = NEVER;
    this.#isGranted = false;
    this.#slowed = null;
  }

  /** After the output `keep-events`. Where the medium refused they are delivered all the same: twice, perhaps, after a restart. */
  kept(ticket: number, outcome: 'kept' | 'failed', nowMs: number): void {
    if (ticket !== this.#ticket || !this.#waiters.isFlying) return;
    for (const arrival of this.#waiters.land()) this.#deliver(arrival, nowMs);
    if (outcome === 'kept') return;
    this.#lacksAll = true;
    this.#isAhead = true;
    this.#writeAt(nowMs + AGAIN_MS);
  }

  #deliver(arrival: Arrival, nowMs: number): void {
    const ctx = this.#ctx;
    const { sender } = arrival;
    const senderName = nameOf(ctx, sender);
    if (arrival.kind === 'gap') {
      if (!this.#rights.mayTell(sender, arrival.shownBy)) return;
      ctx.counters.eventsMissed += arrival.missed ?? 1;
      ctx.outbox.event({ type: 'event-gap', gap: { sender, senderName, missed: arrival.missed } });
      return;
    }
    const { event, setAtMs } = arrival;
    const { name, payload, number, question } = event;
    // Once more: it may have been revoked while the medium was told.
    if (!this.#rights.maySend(sender, event)) {
      ctx.counters.drops['not-allowed']++;
      return;
    }
    if (question !== undefined) {
      this.#questions.onQuestion({ sender, event, question, setAtMs }, nowMs);
      return;
    }
    ctx.counters.eventsDelivered++;
    const ageMs = Math.max(0, Math.round(nowMs - setAtMs));
    const delivered: UserEvent = { name, payload, sender, senderName, number, id: idOf(event), ageMs };
    ctx.outbox.event({ type: 'user-event', event: delivered });
  }

  #lifeNow(): number {
    this.#life ??= new DataView(this.#ctx.random.bytes(4).buffer).getUint32(0);
    return this.#life;
  }

  #numberOf(count: number): number {
    return makeVersion(this.#ctx.own.boot, count);
  }

  /** Of what was sent before; a boot that was lost may be below that of the last event of an earlier life. */
  #beforeOf(count: number): number {
    if (count > 1) return this.#numberOf(count - 1);
    return this.#kept.last < this.#numberOf(1) ? this.#kept.last : 0;
  }

  #put(
    slot: number,
    event: EventRecord,
    about: { readonly setAtMs: number; readonly priority: 'urgent' | 'normal' },
    nowMs: number,
  ): void {
    const { own, spreader, id } = this.#ctx;
    const { setAtMs, priority } = about;
    const key = eventKey(slot);
    const ttlMs = event.windowMs + EVENT_TRACE_MS;
    const record = own.putReserved(key, encodeEvent(event), nowMs, { ttlMs, priority, setAtMs });
    this.#own.set(slot, { event, setAtMs });
    this.#ring.note(slot, { bytes: record.body.length, endMs: setAtMs + event.windowMs });
    spreader.add(id, key, { urgent: priority === 'urgent', nowMs });
  }

  #empty(slot: number, nowMs: number): void {
    this.#ctx.own.deleteReserved(eventKey(slot), nowMs);
    this.#own.delete(slot);
    this.#ring.empty(slot);
  }

  #heldOf(owner: NodeId): Held {
    const records = this.#ctx.table.owner(owner);
    const known = records === undefined || records.resetting ? 0 : records.known;
    return { known, renewed: records?.get(CERTIFICATE_KEY)?.version ?? 0 };
  }

  #inboxAt(nowMs: number): EventInbox {
    this.#inbox ??= new EventInbox(this.#kept.cursors, nowMs);
    return this.#inbox;
  }
}

/** How people call a node: by its id while its name isn't known. */
export function nameOf(ctx: EngineContext, id: NodeId): string {
  return id === ctx.id ? ctx.self.name : (ctx.members.get(id)?.facts.name ?? id);
}
