import { equalBytes } from '../core/bytes.ts';
import type { NodeId } from '../core/ids.ts';
import { VALUE_PART_BYTES } from '../core/limits.ts';
import { sample } from '../core/random.ts';
import { decodeLargeValue } from '../data/large-value.ts';
import { type MissingValue, nameOfValue } from '../data/missing-values.ts';
import { isEmpty } from '../data/stored-record.ts';
import type { ValuePart, ValueWant } from '../wire/message.ts';
import type { LargeMark } from '../wire/record.ts';
import { ByteBudget } from './byte-budget.ts';
import { type EngineContext, type Inbound, replyEndpoint } from './context.ts';
import { isProvenPlace } from './echo.ts';
import { ValueFetch, type ValueSource } from './value-fetch.ts';

/** Values fetched at the same time, at most: so much memory they take, times the longest. */
export const FETCHES_MAX = 16;
const FETCHES_MIN = 2;
/** One value at a time for so much that may be asked for in a second. */
const SYNC_BYTES_PER_FETCH = 2_000;
/** One owner's values take no more than this share of the places, so that others' get theirs. */
const OWNER_SHARE = 0.25;
/** Parts that one question asks for, and draws. */
const PARTS_PER_QUESTION = 4;
/** A source that doesn't answer is asked again so soon, later and later, and so often; then another one is. */
const AGAIN_MS = 200;
const TRIES_MAX = 3;
/** So long one source may take, whatever it sends. */
const SOURCE_MS_MAX = 30_000;
/** After so many sources the value waits, longer each time: whoever has it may be away, or nobody has it. */
const TURNS_MAX = 5;
const REST_MS_MIN = 1_000;
const REST_MS_MAX = 60_000;
/** A value that is none, though its hash is right, will never be one. */
const HOPELESS_MS = 3_600_000;
/** Who sent what was wrong isn't asked for it again so soon. */
const DISTRUST_MS = 60_000;
/** A value that nobody had so often isn't looked for at its owner first: a lie in the owner's name must not bring all to it for ever. */
const OWNER_REST_MS_MAX = 8_000;
/** Who said that it has a value, and who lied about it: for so many values. */
const NOTES_MAX = 256;
/** Questions for one owner's values that bring nothing: so many a second and at once. Those that bring something are free. */
const QUESTIONS = { perSecond: 2, burst: 24 } as const;
/** Owners whose questions are counted. */
const ALLOWANCES_MAX = 1_024;
/** Bytes of a question, its datagram's share included. */
const QUESTION_BYTES = 96;
/** Parts leave only while so much of the budget for records is left: they never starve what is short. */
const LEVEL_MIN = 0.5;
const PART_BYTES = VALUE_PART_BYTES + 160;
/** Members among which somebody is looked for who may have it. */
const CANDIDATES = 3;

/** What is remembered of a value beyond one attempt. */
interface Note {
  teller: ValueSource | undefined;
  readonly distrusted: Map<NodeId, number>;
}

/**
 * Fetches values that travel apart from their records, from whoever has them, and hands out those that are here [P-5.44]. Nobody sees
 * anything of a value before all of it has the right hash.
 */
export class ValueCourier {
  readonly #ctx: EngineContext;
  readonly #sha256: (data: Uint8Array) => Uint8Array;
  readonly #fetches = new Map<string, ValueFetch>();
  readonly #notes = new Map<string, Note>();
  readonly #allowances = new Map<NodeId, ByteBudget>();
  readonly #fetchesMax: number;

  constructor(ctx: EngineContext, sha256: (data: Uint8Array) => Uint8Array) {
    this.#ctx = ctx;
    this.#sha256 = sha256;
    const places = Math.floor(ctx.settings.syncBytesPerSecond / SYNC_BYTES_PER_FETCH);
    this.#fetchesMax = Math.min(Math.max(FETCHES_MIN, places), FETCHES_MAX);
  }

  /** Values on their way. */
  get fetchCount(): number {
    return this.#fetches.size;
  }

  /** A record came whose value may be missing; whoever told of it may have that. */
  noteRecord(owner: NodeId, key: string, from: Inbound): void {
    const record = this.#ctx.table.owner(owner)?.get(key);
    if (record?.large === undefined || !isEmpty(record)) return;
    if (!isProvenPlace(from)) {
      // What may be long ago makes nothing be asked sooner than it would be anyway [P-7.11].
      this.#ctx.timers.setEarlier('value', from.nowMs + this.#ctx.settings.digestIntervalMs);
      return;
    }
    const note = this.#noteOf(record.large);
    note.teller = { peer: from.sender, endpoint: replyEndpoint(from.path) };
    this.#ctx.timers.setEarlier('value', from.nowMs);
  }

  /** The turn of those that wait: the next question, another source, or the next value. */
  onTurn(nowMs: number): void {
    const { missing } = this.#ctx.table.values;
    for (const [name, fetch] of this.#fetches) {
      if (!missing.has(name)) this.#fetches.delete(name);
      else if (fetch.againMs <= nowMs) this.#goOn(name, fetch, nowMs);
    }
    this.#beginMore(nowMs);
    let nextMs = missing.nextMs(nowMs);
    for (const { againMs } of this.#fetches.values()) nextMs = Math.min(nextMs, againMs);
    if (nextMs < Number.POSITIVE_INFINITY) this.#ctx.timers.set('value', Math.max(nextMs, nowMs + 1));
  }

  /** Owners take turns. What finds no place gets it once another has left its own. */
  #beginMore(nowMs: number): void {
    if (this.#fetches.size >= this.#fetchesMax) return;
    const { missing } = this.#ctx.table.values;
    const ofOwnerMax = Math.max(1, Math.floor(OWNER_SHARE * this.#fetchesMax));
    const isFetched = (name: string) => this.#fetches.has(name);
    // One of each owner, then a second one, and so on.
    for (let owners = missing.inTurn(nowMs); owners.length > 0; )
      owners = owners.filter((owner) => {
        if (this.#fetches.size >= this.#fetchesMax || this.#countOf(owner) >= ofOwnerMax) return false;
        const value = missing.find(owner, nowMs, isFetched);
        if (value === undefined) return false;
        const hasBegun = this.#begin(value, nowMs);
        if (hasBegun) missing.serve(owner);
        else missing.pause(owner, nowMs);
        return hasBegun;
      });
  }

  /** How many values are fetched for an owner. */
  #countOf(owner: NodeId): number {
    let count = 0;
    for (const { value } of this.#fetches.values()) if (value.owner === owner) count++;
    return count;
  }

  /** Somebody wants parts of a value. */
  onWant({ hash, parts }: ValueWant, from: Inbound): void {
    if (!isProvenPlace(from)) {
      this.#ctx.joiner.prove(from);
      return;
    }
    const content = this.#ctx.table.values.find(hash);
    const to = { kind: 'unicast' as const, endpoint: replyEndpoint(from.path) };
    const { data } = this.#ctx.budgets;
    let left = PARTS_PER_QUESTION;
    for (let part = 0; parts >> part > 0 && left > 0; part++) {
      if ((parts & (1 << part)) === 0) continue;
      left = content === undefined ? 0 : left - 1;
      if (data.level(from.nowMs) < LEVEL_MIN) return;
      const bytes = content?.subarray(part * VALUE_PART_BYTES, (part + 1) * VALUE_PART_BYTES) ?? NO_BYTES;
      this.#ctx.outbox.stage(to, from.sender, { type: 'value-part', hash, part, bytes }, 'data');
      data.spend(bytes.length === 0 ? PART_BYTES - VALUE_PART_BYTES : PART_BYTES, from.nowMs);
    }
  }

  /** An earlier life had this value, and so the room for it: records that were taken back and name it have it again. */
  takeBack(content: Uint8Array): void {
    const large = { length: content.length, hash: this.#sha256(content) };
    const { table } = this.#ctx;
    if (table.values.missing.has(nameOfValue(large)) && decodeLargeValue(content) !== undefined)
      table.fill(large, content);
  }

  /** A part came, or word that there is none. */
  onPart({ hash, part, bytes }: ValuePart, from: Inbound): void {
    const found = [...this.#fetches].filter(
      ([, { large, asked }]) => equalBytes(large.hash, hash) && asked.has(from.sender),
    );
    if (found.length === 0) this.#ctx.counters.drops.unsolicited++;
    // Of several lengths of one hash all but one are lies, and nobody knows which.
    for (const [name, fetch] of found)
      if (bytes.length > 0) this.#take(name, fetch, { part, bytes, from });
      else if (fetch.source?.peer === from.sender) this.#turn(name, fetch, from.nowMs);
  }

  #take(
    name: string,
    fetch: ValueFetch,
    { part, bytes, from }: { readonly part: number; readonly bytes: Uint8Array; readonly from: Inbound },
  ): void {
    const { nowMs, sender } = from;
    const outcome = fetch.add(part, bytes, sender);
    if (outcome === 'wait' || outcome === 'more')
      this.#allowanceOf(fetch).spend(-1 / fetch.questionParts, nowMs);
    if (outcome === 'wrong') this.#distrust(name, fetch, sender, nowMs);
    else if (fetch.isComplete) this.#complete(name, fetch, sender, nowMs);
    else if (outcome === 'more') this.#ask(fetch, nowMs);
  }

  /** @returns whether it takes a place now. */
  #begin(value: MissingValue, nowMs: number): boolean {
    const { name, large } = value;
    // It is here, and has another length.
    if (this.#ctx.table.values.find(large.hash) !== undefined) {
      value.untilMs = nowMs + HOPELESS_MS;
      return false;
    }
    const fetch = new ValueFetch(value);
    if (!this.#ctx.table.hasRoomFor(large)) {
      this.#refuse(name, fetch, nowMs);
      return false;
    }
    this.#fetches.set(name, fetch);
    this.#turn(name, fetch, nowMs);
    return this.#fetches.has(name);
  }

  #goOn(name: string, fetch: ValueFetch, nowMs: number): void {
    const isOver = fetch.tries >= TRIES_MAX || nowMs - fetch.sinceMs >= SOURCE_MS_MAX;
    if (isOver) this.#turn(name, fetch, nowMs);
    else this.#ask(fetch, nowMs);
  }

  /** Turns to the next source; without one, or after several, the value rests. */
  #turn(name: string, fetch: ValueFetch, nowMs: number): void {
    const isMissing = this.#ctx.table.values.missing.has(name);
    const source = isMissing && fetch.turns < TURNS_MAX ? this.#chooseSource(name, fetch, nowMs) : undefined;
    if (source === undefined) {
      this.#rest(name, fetch, nowMs);
      return;
    }
    fetch.turnTo(source, nowMs);
    this.#ask(fetch, nowMs);
  }

  #rest(name: string, fetch: ValueFetch, nowMs: number): void {
    const { value } = fetch;
    // While nobody is there, that nobody answers says nothing.
    const isAlone = this.#ctx.members.presentCount === 0;
    value.restMs = isAlone ? REST_MS_MIN : Math.min(Math.max(REST_MS_MIN, 2 * value.restMs), REST_MS_MAX);
    value.untilMs = nowMs + value.restMs;
    const note = this.#notes.get(name);
    if (note !== undefined) note.teller = undefined;
    this.#end(name);
    this.#ctx.timers.setEarlier('value', nowMs + AGAIN_MS);
  }

  #end(name: string): void {
    this.#fetches.delete(name);
    this.#ctx.table.values.missing.look(name);
  }

  #ask(fetch: ValueFetch, nowMs: number): void {
    const { source } = fetch;
    if (source === undefined) return;
    const allowance = this.#allowanceOf(fetch);
    const { sync } = this.#ctx.budgets;
    if (allowance.left(nowMs) < 1 || sync.level(nowMs) < LEVEL_MIN) {
      fetch.againMs = nowMs + AGAIN_MS;
      // That nothing may be asked isn't the source's fault.
      fetch.sinceMs += AGAIN_MS;
      this.#ctx.timers.setEarlier('value', fetch.againMs);
      return;
    }
    allowance.spend(1, nowMs);
    sync.spend(QUESTION_BYTES, nowMs);
    const parts = fetch.nextParts(PARTS_PER_QUESTION);
    const to = { kind: 'unicast' as const, endpoint: source.endpoint };
    this.#ctx.outbox.stage(
      to,
      source.peer,
      { type: 'value-want', hash: fetch.large.hash, parts },
      'membership',
    );
    // On a slow link an answer takes longer: asked again too soon, it would come twice.
    const highMs = this.#ctx.members.get(source.peer)?.roundTrip.highMs ?? 0;
    fetch.againMs = nowMs + Math.max(AGAIN_MS, 1.5 * highMs) * 2 ** fetch.tries;
    fetch.tries++;
    this.#ctx.timers.setEarlier('value', fetch.againMs);
  }

  /** What may be asked in vain for the values of one owner: nobody's take what others need. */
  #allowanceOf({ value: { owner } }: ValueFetch): ByteBudget {
    const present = this.#allowances.get(owner);
    if (present !== undefined) return present;
    for (const [oldest] of this.#allowances) {
      if (this.#allowances.size < ALLOWANCES_MAX) break;
      this.#allowances.delete(oldest);
    }
    const allowance = new ByteBudget(QUESTIONS);
    this.#allowances.set(owner, allowance);
    return allowance;
  }

  #complete(name: string, fetch: ValueFetch, giver: NodeId, nowMs: number): void {
    if (!equalBytes(this.#sha256(fetch.bytes), fetch.large.hash)) {
      if (fetch.isStrict || fetch.giverCount === 1) {
        this.#distrust(name, fetch, giver, nowMs);
        return;
      }
      // Somebody of several lied: now each alone.
      this.#ctx.counters.drops['bad-value']++;
      fetch.isStrict = true;
      fetch.clear();
      this.#turn(name, fetch, nowMs);
      return;
    }
    if (!this.#ctx.table.hasRoomFor(fetch.large)) this.#refuse(name, fetch, nowMs);
    else if (decodeLargeValue(fetch.bytes) === undefined) {
      this.#ctx.counters.drops.malformed++;
      fetch.value.untilMs = nowMs + HOPELESS_MS;
      this.#end(name);
    } else {
      this.#fetches.delete(name);
      this.#notes.delete(name);
      this.#ctx.table.fill(fetch.large, fetch.bytes);
    }
    this.#ctx.timers.setEarlier('value', nowMs);
  }

  /** There is no room for it now. */
  #refuse(name: string, fetch: ValueFetch, nowMs: number): void {
    this.#ctx.counters.drops['table-full']++;
    this.#rest(name, fetch, nowMs);
  }

  /** It sent what is wrong: nothing of it is kept, and others are asked. */
  #distrust(name: string, fetch: ValueFetch, peer: NodeId, nowMs: number): void {
    this.#ctx.counters.drops['bad-value']++;
    this.#noteOf(fetch.large).distrusted.set(peer, nowMs + DISTRUST_MS);
    fetch.isStrict = true;
    fetch.clear();
    this.#turn(name, fetch, nowMs);
  }

  /** Who told of it, then its owner, then anybody. */
  #chooseSource(name: string, fetch: ValueFetch, nowMs: number): ValueSource | undefined {
    const { value } = fetch;
    const note = this.#notes.get(name);
    const isGood = (peer: NodeId) =>
      (note?.distrusted.get(peer) ?? 0) <= nowMs && (fetch.turns === 0 || fetch.source?.peer !== peer);
    if (fetch.turns === 0 && note?.teller !== undefined && isGood(note.teller.peer)) return note.teller;
    const owner = this.#ctx.members.get(value.owner);
    const others = sample(this.#ctx.random, this.#ctx.members.present(), CANDIDATES);
    const candidates =
      fetch.turns < 2 && owner?.present && value.restMs < OWNER_REST_MS_MAX ? [owner, ...others] : others;
    const chosen = candidates.find((member) => member.endpoint !== null && isGood(member.id));
    return chosen === undefined ? undefined : { peer: chosen.id, endpoint: chosen.endpoint! };
  }

  #noteOf(large: LargeMark): Note {
    const name = nameOfValue(large);
    const present = this.#notes.get(name);
    if (present !== undefined) return present;
    for (const [oldest] of this.#notes) {
      if (this.#notes.size < NOTES_MAX) break;
      this.#notes.delete(oldest);
    }
    const note: Note = { teller: undefined, distrusted: new Map() };
    this.#notes.set(name, note);
    return note;
  }
}

const NO_BYTES = new Uint8Array(0);
