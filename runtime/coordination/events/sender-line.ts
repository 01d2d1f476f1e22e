import type { NodeId } from '../../core/ids.ts';
import { bootOf, makeVersion, type Version } from '../../core/version.ts';
import { countOf, type EventRecord } from './event-record.ts';
import type { EventCursor } from './event-state.ts';

/** What the holder knows of a sender's records. */
export interface Held {
  /** Up to which version every live one is here. */
  readonly known: Version;
  /** What is below this was sent again above it, because its sender's certificate was renewed [P-18.4]; 0: nothing was. */
  readonly renewed: Version;
}

/** What came of a sender, in the order in which it was sent. */
export type Arrival =
  | { readonly kind: 'event'; readonly sender: NodeId; readonly event: EventRecord; readonly setAtMs: number }
  /** So many events were missed, at least; null: some, of another life of the sender. `shownBy` is what showed it. */
  | {
      readonly kind: 'gap';
      readonly sender: NodeId;
      readonly missed: number | null;
      readonly shownBy: EventRecord;
    };

/** What is taken now. */
export interface Taking {
  readonly nowMs: number;
  readonly held: Held;
  /** So many events may be taken; the rest waits here. */
  readonly room: number;
  /** Whether its sender may send such an event: what it may not tells of no gap. */
  readonly maySend: (event: EventRecord) => boolean;
}

interface Waiting {
  readonly event: EventRecord;
  readonly version: Version;
  readonly setAtMs: number;
  /** It came after its window: it is passed, not delivered. */
  readonly late: boolean;
}

/** How far a node got with one sender's events, and what waits for its elders. */
export class SenderLine {
  /** Until when something that was taken may come again. */
  untilMs: number;
  readonly #startedMs: number;
  readonly #waiting = new Map<string, Waiting>();
  #cursor: EventCursor | undefined;
  /** Whether anything of it was ever heard of: who knows nothing of a sender has missed nothing. */
  #known: boolean;
  /** The first of those that wait. */
  #first: Waiting | undefined;
  /** A life whose events stay away, because others of a higher number were taken; and whether that is still to be told. */
  #staleLife: number | undefined;
  #staleUntold: EventRecord | undefined;
  /** Missed, and still to be told: at the next event that its sender may send. */
  #missed: number | null = 0;
  /** Whether there was no room for what could be taken. */
  #isBlocked = false;

  constructor(options: {
    readonly cursor?: EventCursor;
    readonly startedMs: number;
    readonly untilMs: number;
  }) {
    this.#cursor = options.cursor;
    this.#known = options.cursor !== undefined;
    this.#startedMs = options.startedMs;
    this.untilMs = options.untilMs;
  }

  /** Of the last event that was delivered, or passed; undefined: none yet. */
  get cursor(): EventCursor | undefined {
    return this.#cursor;
  }

  /** Its sender took a higher boot in the same life, and so what was taken of it goes by that. @returns whether it was new. */
  raise({ life, number }: EventRecord): boolean {
    const cursor = this.#cursor;
    if (cursor?.life !== life || bootOf(number) <= bootOf(cursor.number)) return false;
    this.#cursor = { ...cursor, number: makeVersion(bootOf(number), countOf(cursor.number)) };
    return true;
  }

  /** Events that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** When the first that waits goes without its elder: the others wait for it. */
  get dueMs(): number {
    return this.#first === undefined ? Number.POSITIVE_INFINITY : endOf(this.#first);
  }

  /** Whether `take` may find something, though nothing came. */
  isReady(nowMs: number, { known }: Held): boolean {
    if (this.#isBlocked) return true;
    return this.#first !== undefined && (known >= this.#first.version || nowMs >= endOf(this.#first));
  }

  /** There is no room for what could be taken: it is looked at again when there is. */
  block(): void {
    this.#isBlocked = true;
    this.#first = undefined;
  }

  /** @param max so many may wait: of more, the newest are left out. @returns whether there is something new to take. */
  add(
    event: EventRecord,
    about: { readonly version: Version; readonly setAtMs: number },
    {
      nowMs,
      max,
      maySend,
    }: { readonly nowMs: number; readonly max: number; readonly maySend: Taking['maySend'] },
  ): boolean {
    if (this.#isStale(event, nowMs)) {
      if (this.#staleLife === event.life || !maySend(event)) return false;
      this.#staleLife = event.life;
      this.#staleUntold = event;
      return true;
    }
    if (this.#wasTaken(event)) return false;
    const place = `${event.life}/${countOf(event.number)}`;
    const held = this.#waiting.get(place);
    if (held !== undefined && held.version >= about.version) return false;
    if (held === undefined && this.#waiting.size >= max && !this.#makeRoom(event)) return false;
    const late = held?.late ?? about.setAtMs + event.windowMs <= nowMs;
    this.#waiting.set(place, { event, ...about, late });
    return true;
  }

  /** Takes what may be taken now, in order. */
  take(sender: NodeId, { nowMs, held, room, maySend }: Taking, arrivals: Arrival[]): void {
    let shownBy = this.#staleUntold;
    if (shownBy !== undefined) this.#missed = null;
    this.#staleUntold = undefined;
    const tellMissed = () => {
      if (shownBy === undefined) return;
      if (this.#missed !== 0) arrivals.push({ kind: 'gap', sender, missed: this.#missed, shownBy });
      this.#missed = 0;
      shownBy = undefined;
    };
    const ordered = [...this.#waiting].sort(([, a], [, b]) => compare(a.event, b.event));
    this.#first = undefined;
    this.#isBlocked = false;
    let left = room;
    for (const [place, next] of ordered) {
      const { event, setAtMs, late } = next;
      if (!this.#isNext(event) && nowMs < endOf(next) && !this.#isComplete(next, held)) {
        this.#first = next;
        break;
      }
      if (left === 0) {
        this.#isBlocked = true;
        break;
      }
      this.#waiting.delete(place);
      // Another of its life may have been sent again under a number below this one.
      if (this.#wasTaken(event)) continue;
      if (this.#known) this.#missed = sumOf(this.#missed, this.#missedBefore(event));
      this.#pass(event);
      const isAllowed = maySend(event);
      if (isAllowed) shownBy = event;
      if (!late) {
        tellMissed();
        arrivals.push({ kind: 'event', sender, event, setAtMs });
        if (isAllowed) left--;
      } else if (isAllowed && event.question === undefined && (this.#known || setAtMs >= this.#startedMs))
        this.#missed = sumOf(this.#missed, 1);
      this.#known = true;
    }
    tellMissed();
  }

  /** What is newer than all that wait is left out; else the newest of them is. */
  #makeRoom(event: EventRecord): boolean {
    const [newest] = [...this.#waiting].sort(([, a], [, b]) => compare(b.event, a.event));
    if (newest === undefined || compare(newest[1].event, event) <= 0) return false;
    this.#waiting.delete(newest[0]);
    return true;
  }

  /** Whether it is of a life that counts as over: of one whose boot counter was lost, unless so long ago that nothing can come again. */
  #isStale(event: EventRecord, nowMs: number): boolean {
    const cursor = this.#cursor;
    if (cursor === undefined || event.life === cursor.life || event.number > cursor.number) return false;
    if (nowMs < this.untilMs) return true;
    this.#cursor = undefined;
    return false;
  }

  #wasTaken({ life, number }: EventRecord): boolean {
    const cursor = this.#cursor;
    if (cursor === undefined) return false;
    return life === cursor.life ? countOf(number) <= countOf(cursor.number) : number <= cursor.number;
  }

  #isNext({ life, before }: EventRecord): boolean {
    const cursor = this.#cursor;
    if (cursor === undefined) return before === 0;
    return life === cursor.life ? countOf(before) <= countOf(cursor.number) : before <= cursor.number;
  }

  /** Whether nothing elder can come any more. */
  #isComplete({ event, version }: Waiting, { known, renewed }: Held): boolean {
    if (known < version) return false;
    // It comes again, behind its elders: what lies below it now needn't be all of them.
    if (version < renewed && bootOf(version) === bootOf(renewed)) return false;
    // Its sender took a higher boot, under which all comes again; or it ended, and what another life of it says shows that.
    if (bootOf(known) === bootOf(version)) return true;
    for (const { event: other } of this.#waiting.values()) if (other.life !== event.life) return true;
    return false;
  }

  #missedBefore(event: EventRecord): number | null {
    const cursor = this.#cursor;
    if (cursor?.life === event.life) return Math.max(0, event.told - cursor.told);
    return this.#isNext(event) ? event.told : null;
  }

  #pass({ number, life, told, question }: EventRecord): void {
    const cursor = this.#cursor;
    const toldNow = question === undefined ? told + 1 : told;
    const boot = cursor?.life === life ? Math.max(bootOf(cursor.number), bootOf(number)) : bootOf(number);
    this.#cursor = { number: makeVersion(boot, countOf(number)), life, told: toldNow };
  }
}

/** Of one life by their counts, however often they were sent again; else by their boots. */
function compare(a: EventRecord, b: EventRecord): number {
  return a.life === b.life ? countOf(a.number) - countOf(b.number) : a.number - b.number;
}

function endOf({ event, setAtMs }: Waiting): number {
  return setAtMs + event.windowMs;
}

function sumOf(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}
