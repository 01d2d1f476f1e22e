import { equalBytes } from '../core/bytes.ts';
import type { NodeId } from '../core/ids.ts';
import { VALUE_PART_BYTES } from '../core/limits.ts';
import { sample } from '../core/random.ts';
import { isEmpty } from '../data/held-back.ts';
import { decodeLargeValue } from '../data/large-value.ts';
import { type MissingValue, nameOfValue } from '../data/value-shelf.ts';
import type { ValuePart, ValueWant } from '../wire/message.ts';
import type { LargeMark } from '../wire/record.ts';
import { type EngineContext, type Inbound, replyEndpoint } from './context.ts';
import { isProvenPlace } from './echo.ts';
import { ValueFetch, type ValueSource } from './value-fetch.ts';

/** Values fetched at the same time: so much memory they take, at most, times the longest. */
export const FETCHES_MAX = 16;
/** Parts that one question asks for, and draws. */
const PARTS_PER_QUESTION = 4;
/** A source that doesn't answer is asked again so soon, later and later, and so often; then another one is. */
const AGAIN_MS = 200;
const TRIES_MAX = 3;
/** After so many sources the value waits, longer each time: whoever has it may be away, or nobody has it. */
const TURNS_MAX = 5;
const REST_MS_MIN = 1_000;
const REST_MS_MAX = 60_000;
/** A value that is none, though its hash is right, will never be one. */
const HOPELESS_MS = 3_600_000;
/** Who sent what was wrong isn't asked for it again so soon. */
const DISTRUST_MS = 60_000;
/** Who said that it has a value, and how long others rest: for so many values. */
const NOTES_MAX = 256;
/** Parts leave only while so much of the budget for records is left: they never starve what is short. */
const LEVEL_MIN = 0.5;
const PART_BYTES = VALUE_PART_BYTES + 160;
/** Members among which somebody is looked for who may have it. */
const CANDIDATES = 3;

/** What is remembered of a value beyond one attempt. */
interface Note {
  teller: ValueSource | undefined;
  restMs: number;
  untilMs: number;
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

  constructor(ctx: EngineContext, sha256: (data: Uint8Array) => Uint8Array) {
    this.#ctx = ctx;
    this.#sha256 = sha256;
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
      const value = missing.get(name);
      if (value === undefined) this.#fetches.delete(name);
      else if (fetch.againMs <= nowMs) this.#goOn(name, fetch, nowMs);
    }
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [name, value] of missing) {
      if (this.#fetches.size >= FETCHES_MAX) break;
      if (this.#fetches.has(name)) continue;
      const untilMs = this.#notes.get(name)?.untilMs ?? 0;
      if (untilMs > nowMs) nextMs = Math.min(nextMs, untilMs);
      else this.#begin(name, value, nowMs);
    }
    for (const { againMs } of this.#fetches.values()) nextMs = Math.min(nextMs, againMs);
    if (nextMs < Number.POSITIVE_INFINITY) this.#ctx.timers.set('value', Math.max(nextMs, nowMs + 1));
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

  /** An earlier life had this value: records that were taken back and name it have it again. */
  takeBack(content: Uint8Array): void {
    const large = { length: content.length, hash: this.#sha256(content) };
    const isMissing = this.#ctx.table.values.missing.has(nameOfValue(large));
    if (isMissing && decodeLargeValue(content) !== undefined) this.#ctx.table.fill(large, content);
  }

  /** A part came, or word that there is none. */
  onPart({ hash, part, bytes }: ValuePart, from: Inbound): void {
    const found = this.#fetchOf(hash);
    if (found === undefined || !found.fetch.asked.has(from.sender)) {
      this.#ctx.counters.drops.unsolicited++;
      return;
    }
    const { name, fetch } = found;
    const { nowMs } = from;
    if (bytes.length === 0) {
      if (fetch.source?.peer === from.sender) this.#turn(name, fetch, nowMs);
      return;
    }
    const outcome = fetch.add(part, bytes, from.sender);
    if (outcome === 'wrong') this.#distrust(name, fetch, from.sender, nowMs);
    else if (fetch.isComplete) this.#complete(name, fetch, from.sender, nowMs);
    else if (outcome === 'more') this.#ask(fetch, nowMs);
  }

  #fetchOf(hash: Uint8Array): { name: string; fetch: ValueFetch } | undefined {
    for (const [name, fetch] of this.#fetches) if (equalBytes(fetch.large.hash, hash)) return { name, fetch };
    return undefined;
  }

  #begin(name: string, { large }: MissingValue, nowMs: number): void {
    // One hash at a time: of two lengths one is a lie.
    if (this.#fetchOf(large.hash) !== undefined) return;
    const fetch = new ValueFetch(large);
    this.#fetches.set(name, fetch);
    this.#turn(name, fetch, nowMs);
  }

  #goOn(name: string, fetch: ValueFetch, nowMs: number): void {
    if (fetch.tries >= TRIES_MAX) this.#turn(name, fetch, nowMs);
    else this.#ask(fetch, nowMs);
  }

  /** Turns to the next source; without one, or after several, the value rests. */
  #turn(name: string, fetch: ValueFetch, nowMs: number): void {
    const value = this.#ctx.table.values.missing.get(name);
    const source =
      value && fetch.turns < TURNS_MAX ? this.#chooseSource(name, fetch, value, nowMs) : undefined;
    if (source === undefined) {
      this.#rest(name, fetch, nowMs);
      return;
    }
    fetch.turnTo(source);
    this.#ask(fetch, nowMs);
  }

  #rest(name: string, fetch: ValueFetch, nowMs: number): void {
    const note = this.#noteOf(fetch.large);
    // While nobody is there, that nobody answers says nothing.
    const isAlone = this.#ctx.members.presentCount === 0;
    note.restMs = isAlone ? REST_MS_MIN : Math.min(Math.max(REST_MS_MIN, 2 * note.restMs), REST_MS_MAX);
    note.untilMs = nowMs + note.restMs;
    note.teller = undefined;
    this.#fetches.delete(name);
    this.#ctx.timers.setEarlier('value', note.untilMs);
  }

  #ask(fetch: ValueFetch, nowMs: number): void {
    const { source } = fetch;
    if (source === undefined) return;
    const parts = fetch.nextParts(PARTS_PER_QUESTION);
    const to = { kind: 'unicast' as const, endpoint: source.endpoint };
    this.#ctx.outbox.stage(
      to,
      source.peer,
      { type: 'value-want', hash: fetch.large.hash, parts },
      'membership',
    );
    fetch.againMs = nowMs + AGAIN_MS * 2 ** fetch.tries;
    fetch.tries++;
    this.#ctx.timers.setEarlier('value', fetch.againMs);
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
    this.#fetches.delete(name);
    if (decodeLargeValue(fetch.bytes) === undefined) {
      this.#ctx.counters.drops.malformed++;
      this.#noteOf(fetch.large).untilMs = nowMs + HOPELESS_MS;
    } else {
      this.#notes.delete(name);
      this.#ctx.table.fill(fetch.large, fetch.bytes);
    }
    this.#ctx.timers.setEarlier('value', nowMs);
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
  #chooseSource(
    name: string,
    fetch: ValueFetch,
    value: MissingValue,
    nowMs: number,
  ): ValueSource | undefined {
    const note = this.#notes.get(name);
    const isGood = (peer: NodeId) =>
      (note?.distrusted.get(peer) ?? 0) <= nowMs && (fetch.turns === 0 || fetch.source?.peer !== peer);
    if (fetch.turns === 0 && note?.teller !== undefined && isGood(note.teller.peer)) return note.teller;
    const owner = this.#ctx.members.get(value.owner);
    const others = sample(this.#ctx.random, this.#ctx.members.present(), CANDIDATES);
    const candidates = fetch.turns < 2 && owner?.present ? [owner, ...others] : others;
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
    const note: Note = { teller: undefined, restMs: 0, untilMs: 0, distrusted: new Map() };
    this.#notes.set(name, note);
    return note;
  }
}

const NO_BYTES = new Uint8Array(0);
