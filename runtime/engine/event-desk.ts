import { problemOfEventName } from '../coordination/events/event-name.ts';
import {
  countOf,
  decodeEvent,
  type EventRecord,
  encodeEvent,
  eventKey,
  idOf,
} from '../coordination/events/event-record.ts';
import {
  decodeEventState,
  type EventState,
  encodeEventState,
  NO_EVENTS,
} from '../coordination/events/event-state.ts';
import { EventInbox } from '../coordination/events/inbox.ts';
import { EventRing } from '../coordination/events/outbox-ring.ts';
import type { Question } from '../coordination/events/question.ts';
import type { Arrival, Held } from '../coordination/events/sender-line.ts';
import { GridvineError } from '../core/errors.ts';
import { type EmitOptions, EVENT_WINDOW_MS_DEFAULT, type UserEvent } from '../core/event-views.ts';
import type { NodeId } from '../core/ids.ts';
import {
  EVENT_BYTES_MAX,
  EVENT_SLOTS,
  EVENT_TRACE_MS,
  EVENT_VALUE_BYTES_MAX,
  EVENT_WINDOW_MS_MAX,
  EVENT_WINDOW_MS_MIN,
} from '../core/limits.ts';
import { BUILT_IN_QUERIES } from '../core/query-views.ts';
import type { AppValue } from '../core/value.ts';
import { makeVersion } from '../core/version.ts';
import type { StoredRecord } from '../data/stored-record.ts';
import { CERTIFICATE_KEY } from '../trust/certificate-record.ts';
import { encodeValue } from '../wire/cbor.ts';
import { problemOfValue } from '../wire/value-check.ts';
import type { EngineContext } from './context.ts';
import { EventPace, LATE_MS } from './event-pace.ts';

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
/** Which are answered at once, and cost nothing. */
const BUILT_IN: ReadonlySet<string> = new Set(BUILT_IN_QUERIES);
const NEVER = Number.POSITIVE_INFINITY;
/** Events that may wait for the medium; where it hangs, others wait where they are, and own ones are refused. */
const READY_MAX = 4_096;

/**
 * Where events meet the engine [P-18]: this node's own go into its ring of records, those of others come out of the table in each
 * sender's order. How far this node got is on its medium before anything is delivered: so nothing is delivered twice.
 */
export class EventDesk {
  readonly #ctx: EngineContext;
  readonly #questions: Questions;
  readonly #kept: EventState;
  readonly #pace = new EventPace();
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
  #ready: Arrival[] = [];
  /** What the medium is being told of. */
  #flying: Arrival[] | undefined;
  #ticket = 0;
  /** When the medium is told of what is ready, at the latest. */
  #writeMs = NEVER;
  /** When to look again, at the latest. */
  #dueMs = NEVER;
  /** Whose events wait for that, because they were too many. */
  #slowed: NodeId | null = null;
  /** Whether it got further than the medium knows, without anything to deliver. */
  #isAhead = false;

  constructor(parts: {
    readonly ctx: EngineContext;
    readonly options: EventDeskOptions | undefined;
    readonly questions: Questions;
  }) {
    this.#ctx = parts.ctx;
    this.#questions = parts.questions;
    this.#isHeld = parts.options?.held === true;
    const kept = parts.options?.kept;
    this.#kept = (kept && decodeEventState(kept)) ?? NO_EVENTS;
    this.#last = this.#kept.last;
  }

  /** Senders that it remembers, and events that wait: for elder ones, at most 128 of each owner, or for the medium, at most 4096 and one batch. */
  get size(): number {
    return (this.#inbox?.size ?? 0) + (this.#inbox?.waiting ?? 0) + this.#ready.length;
  }

  /** Events that were taken and not delivered yet. */
  get unsettled(): number {
    return this.#ready.length + (this.#flying?.length ?? 0);
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
    this.#check(what, name, payload, windowMs);
    this.#checkRight(`${what}/${name}`);
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
    if (this.#ready.length >= READY_MAX)
      throw new GridvineError(
        'E_QUOTA',
        `${what} ${name}: ${READY_MAX} events wait for this node's data directory, which doesn't answer; check its storage medium`,
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
    this.#addReady({ kind: 'event', sender: this.#ctx.id, event, setAtMs: nowMs }, nowMs);
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
    if (this.#ready.length > 0 || this.#isAhead) this.#writeMs = nowMs;
  }

  /** A record of another's ring came. */
  onRecord(owner: NodeId, record: StoredRecord, nowMs: number): void {
    if (owner === this.#ctx.id) return;
    const event = decodeEvent(record.value, record.version);
    // Also before the start: what an earlier life held and didn't deliver.
    if (event === undefined) this.#ctx.counters.drops.malformed++;
    else this.#inboxAt(nowMs).add(owner, event, record, nowMs);
  }

  /** The node goes on under a higher boot: others may know numbers of it above those of this life, so its events get that boot; life and count stay. */
  rolledBack(nowMs: number): void {
    const own = [...this.#own].sort(([, a], [, b]) => a.event.number - b.event.number);
    for (const [slot, { event, setAtMs }] of own) {
      const count = countOf(event.number);
      const renumbered = { ...event, number: this.#numberOf(count), before: this.#beforeOf(count) };
      this.#put(slot, renumbered, { setAtMs, priority: 'normal' }, nowMs);
      if (event.question === undefined) this.#last = renumbered.number;
      else this.#questions.renumbered(event.number, renumbered.number);
    }
  }

  /** A mutation ends: what can be delivered goes to the medium first. */
  settle(nowMs: number): void {
    const inbox = this.#inbox;
    if (inbox === undefined || this.#phase === 'new' || this.#phase === 'held') return;
    if (!inbox.isPending && this.#dueMs === NEVER && this.#writeMs === NEVER) return;
    if (this.#phase === 'open' && this.#ready.length < READY_MAX)
      for (const arrival of inbox.take(nowMs, (owner) => this.#heldOf(owner))) this.#sort(arrival, nowMs);
    if (this.#flying === undefined && nowMs >= this.#writeMs) this.#write(inbox, nowMs);
    this.#arm(inbox);
  }

  /** What waits for the medium is looked at when that has answered. */
  #arm(inbox: EventInbox): void {
    const takes = this.#phase === 'open' && this.#ready.length < READY_MAX;
    this.#dueMs = Math.min(
      takes ? inbox.nextDueMs : NEVER,
      this.#flying === undefined ? this.#writeMs : NEVER,
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
      if (!this.#maySend(sender, keyOf(event))) {
        this.#ctx.counters.drops['not-allowed']++;
        return;
      }
      if (question !== undefined && !this.#questions.asksHere(question)) return;
      if (question !== undefined && BUILT_IN.has(event.name)) {
        this.#questions.onQuestion({ sender, event, question, setAtMs }, nowMs);
        return;
      }
    }
    this.#addReady(arrival, nowMs);
  }

  #addReady(arrival: Arrival, nowMs: number): void {
    this.#ready.push(arrival);
    if (this.#writeMs <= nowMs) return;
    if (this.#pace.take(arrival.sender, nowMs)) {
      this.#writeMs = nowMs;
      return;
    }
    this.#slowed ??= arrival.sender;
    this.#writeMs = Math.min(this.#writeMs, nowMs + LATE_MS);
  }

  #write(inbox: EventInbox, nowMs: number): void {
    this.#flying = this.#ready;
    this.#ready = [];
    this.#isAhead = false;
    const cursors = inbox.cursors(nowMs, (owner) => this.#ctx.table.owner(owner) !== undefined);
    const kept = encodeEventState({ last: this.#last, cursors });
    this.#pace.spend(kept.length, nowMs);
    this.#ctx.outbox.keepEvents(++this.#ticket, kept, this.#slowed);
    this.#writeMs = NEVER;
    this.#slowed = null;
  }

  /** After the output `keep-events`. Where the medium refused they are delivered all the same: twice, perhaps, after a restart. */
  kept(ticket: number, nowMs: number): void {
    if (ticket !== this.#ticket || this.#flying === undefined) return;
    const arrivals = this.#flying;
    this.#flying = undefined;
    for (const arrival of arrivals) this.#deliver(arrival, nowMs);
  }

  #deliver(arrival: Arrival, nowMs: number): void {
    const ctx = this.#ctx;
    const { sender } = arrival;
    const senderName = nameOf(ctx, sender);
    if (arrival.kind === 'gap') {
      ctx.counters.eventsMissed += arrival.missed ?? 1;
      ctx.outbox.event({ type: 'event-gap', gap: { sender, senderName, missed: arrival.missed } });
      return;
    }
    const { event, setAtMs } = arrival;
    const { name, payload, number, question } = event;
    // Once more: it may have been revoked while the medium was told.
    if (!this.#maySend(sender, keyOf(event))) {
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

  #maySend(sender: NodeId, key: string): boolean {
    return isOpenToAll(key) || this.#ctx.warden?.maySend(sender, key) !== false;
  }

  #checkRight(key: string): void {
    const { id, warden } = this.#ctx;
    if (warden?.knows(id) !== true || this.#maySend(id, key)) return;
    throw new GridvineError(
      'E_NOT_ALLOWED',
      `${key}: this node's certificate names no group that may send it. Without a rule for it those groups may that have the right command. See \`gridvine ca policy\`.`,
    );
  }

  #check(what: string, name: string, payload: AppValue, windowMs: number): void {
    const problem = problemOfEventName(name);
    if (problem !== undefined) throw new GridvineError('E_EVENT', `${what} name: ${problem}`);
    if (!(Number.isInteger(windowMs) && windowMs >= EVENT_WINDOW_MS_MIN && windowMs <= EVENT_WINDOW_MS_MAX))
      throw new GridvineError(
        'E_EVENT',
        `${what} ${name}: expected a ${what === 'query' ? 'timeout' : 'window'} of ${EVENT_WINDOW_MS_MIN} to ${EVENT_WINDOW_MS_MAX} ms; got ${windowMs}`,
      );
    // One deeper than it is: it stands in an array.
    const wrong = problemOfValue([payload], 'payload')?.replace('payload[0]', 'payload');
    if (wrong !== undefined) throw new GridvineError('E_VALUE_INVALID', `${what} ${name}: ${wrong}`);
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

/** What a policy goes by. */
function keyOf({ name, question }: EventRecord): string {
  return `${question === undefined ? 'event' : 'query'}/${name}`;
}

/** What every member may ask: it tells nothing that members don't see anyway. */
function isOpenToAll(key: string): boolean {
  return key.startsWith('query/') && BUILT_IN.has(key.slice('query/'.length));
}

/** How people call a node: by its id while its name isn't known. */
export function nameOf(ctx: EngineContext, id: NodeId): string {
  return id === ctx.id ? ctx.self.name : (ctx.members.get(id)?.facts.name ?? id);
}
