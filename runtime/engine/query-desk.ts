import { type FilteredNode, passes } from '../coordination/events/filter.ts';
import { OpenQuery } from '../coordination/events/open-query.ts';
import { problemOfFilter, type Question } from '../coordination/events/question.ts';
import { type Replying, ReplyResender } from '../coordination/events/reply-resender.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { GridvineError } from '../core/errors.ts';
import type { NodeId } from '../core/ids.ts';
import {
  ANSWER_BYTES_MAX,
  ANSWERS_BYTES_MAX,
  OPEN_QUERIES_MAX,
  OWNERS_MAX,
  REPLYING_MAX,
} from '../core/limits.ts';
import {
  type AnswerKind,
  type AskOptions,
  QUERY_TIMEOUT_MS_DEFAULT,
  type QueryEnd,
} from '../core/query-views.ts';
import { sample } from '../core/random.ts';
import type { AppValue } from '../core/value.ts';
import type { Member } from '../membership/member.ts';
import { encodeValue } from '../wire/cbor.ts';
import type { QueryGot, QueryReply } from '../wire/message.ts';
import { problemOfValue } from '../wire/value-check.ts';
import { ByteBudget } from './byte-budget.ts';
import { type EngineContext, type Inbound, replyEndpoint } from './context.ts';
import { nameOf, type QuestionArrival } from './event-desk.ts';

/** Bytes of all answers of a query, unless its asker says otherwise. */
const BYTES_MAX_DEFAULT = 1_048_576;
/** Bytes of replies that this node sends, and of what it passes on for others. */
const SAID = { perSecond: 20_000, burst: 100_000 };
const RELAYED = { perSecond: 50_000, burst: 200_000 };
/** A datagram and a message around a value, about. */
const MESSAGE_BYTES = 150;
/** Others that pass on what an asker didn't get at once. */
const RELAYS = 2;
/** How often it is looked whether an asker has proven where it is; before so long nobody else is asked to pass a reply on. */
const PROOF_LOOK_MS = 50;
const RELAY_AFTER_MS = 500;
/** Where nobody has a proof by then, there is no place to send to. */
const PROOF_MS_MAX = 10_000;
/** How often it is looked whether an asker that was lost is back. */
const AWAY_LOOK_MS = 1_000;
/** All answer at once: they spread over so long for each member, at most a second, so that the asker's socket keeps up. */
const SPREAD_MS_PER_MEMBER = 1;
const SPREAD_MS_MAX = 1_000;
/** Fewer need no spreading. */
const SPREAD_FROM = 32;
const NEVER = Number.POSITIVE_INFINITY;

/** Where queries meet the engine [P-18]: what this node asks, what it is asked, and what it passes on for others. */
export class QueryDesk {
  readonly #ctx: EngineContext;
  /** By each number that it ever went by. */
  readonly #open = new Map<number, OpenQuery>();
  readonly #replies = new ReplyResender(REPLYING_MAX);
  readonly #said = new ByteBudget(SAID);
  readonly #relayed = new ByteBudget(RELAYED);
  /** When something is to be sent again, or is over. */
  #dueMs = NEVER;

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
  }

  /** Own queries under way, and those that are being answered. */
  get size(): number {
    return this.#openQueries().length + this.#replies.size;
  }

  /** Asks. @returns the query's number. @throws GridvineError; the state is unchanged then. */
  ask(name: string, payload: AppValue, options: AskOptions, nowMs: number): number {
    const { timeoutMs = QUERY_TIMEOUT_MS_DEFAULT, ack = false } = options;
    const { answersMax = OWNERS_MAX, bytesMax = BYTES_MAX_DEFAULT } = options;
    const question = this.#questionOf(name, options);
    check(name, 'answersMax', answersMax, OWNERS_MAX);
    check(name, 'bytesMax', bytesMax, ANSWERS_BYTES_MAX);
    if (this.#openQueries().length >= OPEN_QUERIES_MAX)
      throw new GridvineError(
        'E_QUOTA',
        `query ${name}: this node waits for the answers of ${OPEN_QUERIES_MAX} queries, the most it may; wait until one is over`,
      );
    const number = this.#ctx.events.emit(
      name,
      payload,
      { windowMs: timeoutMs, priority: 'urgent', question },
      nowMs,
    );
    const expected = this.#nodes()
      .filter((node) => passes(question, node))
      .map(({ id }) => id);
    const limits = { answersMax, bytesMax };
    const query = new OpenQuery({ number, askedMs: nowMs, timeoutMs, ack, expected, ...limits });
    this.#open.set(number, query);
    // It may ask nobody.
    this.#look(query, nowMs);
    return number;
  }

  /** Its asker wants no more answers. */
  cancel(number: number, nowMs: number): void {
    const query = this.#open.get(number);
    if (query !== undefined) this.#over(query, 'cancelled', nowMs);
  }

  /** An own query goes by another number from now on; who heard the one before answers to that [P-18.6]. */
  renumbered(from: number, to: number): void {
    const query = this.#open.get(from);
    if (query !== undefined) this.#open.set(to, query);
  }

  /** Whether this node is among those that are asked. */
  asksHere(question: Question): boolean {
    return passes(question, this.#selfAsNode());
  }

  /** A query came. */
  onQuestion({ sender, event, question, setAtMs }: QuestionArrival, nowMs: number): void {
    const { number, name, payload, windowMs } = event;
    const endMs = setAtMs + windowMs;
    // Looked at again: its tags or groups may have changed while it waited behind an event.
    if (!this.asksHere(question)) return;
    const isThere = (asker: NodeId) =>
      asker === this.#ctx.id || this.#ctx.members.get(asker)?.present === true;
    if (nowMs >= endMs || !this.#replies.begin({ asker: sender, number, name, endMs }, isThere)) {
      this.#ctx.counters.drops.quota++;
      return;
    }
    if (question.ack) this.#say(sender, number, { verdict: 'ack', value: null, cutFrom: 0 }, nowMs);
    const askerName = nameOf(this.#ctx, sender);
    const leftMs = Math.round(endMs - nowMs);
    this.#ctx.outbox.event({
      type: 'query',
      query: { name, payload, asker: sender, askerName, number, leftMs },
    });
  }

  /**
   * This node's one answer to a query. @returns false where nobody waits for it any more. @throws GridvineError `E_VALUE_INVALID`,
   * `E_VALUE_TOO_LARGE`; another answer may be given then.
   */
  answer(
    asker: NodeId,
    number: number,
    { kind, value, cutFrom = null }: { kind: AnswerKind; value: AppValue; cutFrom?: number | null },
    nowMs: number,
  ): boolean {
    const replying = this.#replies.get(asker, number);
    if (replying === undefined || replying.isSettled || nowMs >= replying.endMs) return false;
    const problem = problemOfValue([value], 'answer')?.replace('answer[0]', 'answer');
    if (problem !== undefined)
      throw new GridvineError('E_VALUE_INVALID', `query ${replying.name}: ${problem}`);
    const bytes = encodeValue(value).length;
    if (bytes > ANSWER_BYTES_MAX)
      throw new GridvineError(
        'E_VALUE_TOO_LARGE',
        `query ${replying.name}: expected an answer of at most ${ANSWER_BYTES_MAX} bytes; got ${bytes}. Answer with less, or put it into a record and answer with its key.`,
      );
    this.#ctx.counters.queriesAnswered++;
    this.#say(asker, number, { verdict: kind, value, cutFrom: cutFrom ?? 0 }, nowMs);
    return true;
  }

  onReply(reply: QueryReply, from: Inbound): void {
    if (reply.asker !== this.#ctx.id)
      this.#relay(reply, from, reply.from === from.sender ? reply.asker : undefined);
    else if (this.#isProven(reply, reply.from)) this.#take(reply, from);
  }

  onGot(got: QueryGot, from: Inbound): void {
    if (got.from !== this.#ctx.id) this.#relay(got, from, got.asker === from.sender ? got.from : undefined);
    else if (this.#isProven(got, got.asker)) this.#replies.got(got.asker, got.number, got.verdict);
  }

  onTimer(nowMs: number): void {
    for (const replying of this.#replies.due(nowMs)) this.#send(replying, nowMs);
    for (const query of this.#openQueries()) this.#look(query, nowMs);
  }

  /** A mutation ends. */
  settle(): void {
    if (this.#open.size === 0 && this.#replies.size === 0 && this.#dueMs === NEVER) return;
    let dueMs = this.#replies.nextDueMs;
    for (const { endMs } of this.#open.values()) dueMs = Math.min(dueMs, endMs);
    this.#dueMs = dueMs;
    if (dueMs === NEVER) this.#ctx.timers.clear('query');
    else this.#ctx.timers.set('query', dueMs);
  }

  #questionOf(name: string, { nodes = [], tags = {}, groups = [], ack = false }: AskOptions): Question {
    const pairs = Object.entries(tags);
    const question = { ack, nodes: [...nodes], tags: pairs, groups: [...groups] };
    const problem = problemOfFilter(question);
    if (problem !== undefined) throw new GridvineError('E_EVENT', `query ${name}: ${problem}`);
    if (groups.length > 0 && this.#ctx.warden === undefined)
      throw new GridvineError(
        'E_EVENT',
        `query ${name}: expected no groups in a cluster of a pre-shared key; got ${groups.join(', ')}. Ask by tag instead.`,
      );
    return question;
  }

  #say(
    asker: NodeId,
    number: number,
    said: Pick<QueryReply, 'verdict' | 'value' | 'cutFrom'>,
    nowMs: number,
  ): void {
    const replying = this.#replies.get(asker, number);
    if (replying === undefined) return;
    const { id } = this.#ctx;
    const reply: QueryReply = { type: 'query-reply', asker, number, from: id, ...said };
    if (asker === id) {
      this.#replies.say(replying, reply, nowMs);
      this.#replies.got(id, number, reply.verdict);
      this.#note(reply, { relayed: false, nowMs });
      return;
    }
    this.#replies.say(replying, reply, nowMs + this.#spreadMs(replying.endMs - nowMs));
    this.onTimer(nowMs);
  }

  #spreadMs(leftMs: number): number {
    const { members, random } = this.#ctx;
    const count = members.presentCount;
    if (count < SPREAD_FROM) return 0;
    return Math.round(random.next() * Math.min(SPREAD_MS_MAX, count * SPREAD_MS_PER_MEMBER, leftMs / 4));
  }

  #take(reply: QueryReply, from: Inbound): void {
    const { nowMs } = from;
    this.#note(reply, { relayed: reply.from !== from.sender, nowMs });
    // Also where nobody waits any more: else it would be sent again and again.
    const { asker, number, verdict } = reply;
    const got = this.#proven({ type: 'query-got', asker, number, from: reply.from, verdict }, reply.from);
    if (got !== undefined) this.#stage(replyEndpoint(from.path), from.sender, got);
  }

  #note(reply: QueryReply, { relayed, nowMs }: { relayed: boolean; nowMs: number }): void {
    const query = this.#open.get(reply.number);
    const { from: node, verdict: kind } = reply;
    // An acknowledgement says nothing else, whatever came with it.
    const value = kind === 'ack' ? null : reply.value;
    if (query === undefined || !query.take(node, kind, encodeValue(value).length)) return;
    const afterMs = Math.max(0, Math.round(nowMs - query.askedMs));
    const cutFrom = reply.cutFrom > 0 ? reply.cutFrom : null;
    const answer = { node, name: nameOf(this.#ctx, node), kind, value, cutFrom, afterMs, relayed };
    this.#ctx.outbox.event({ type: 'query-answer', number: query.number, answer });
    this.#look(query, nowMs);
  }

  #look(query: OpenQuery, nowMs: number): void {
    const end = query.endAt(nowMs);
    if (end !== undefined) this.#over(query, end, nowMs);
  }

  #over(query: OpenQuery, end: QueryEnd, nowMs: number): void {
    const { number } = query;
    if (!this.#open.has(number)) return;
    for (const [each, open] of this.#open) if (open === query) this.#open.delete(each);
    // Who has answered doesn't need it, and who hasn't needn't any more.
    if (end !== 'timeout') this.#ctx.events.withdraw(number, nowMs);
    this.#ctx.outbox.event({ type: 'query-over', number, summary: query.summary(end, nowMs) });
  }

  /**
   * Sends a reply to its asker, and from the second try on to others that may reach it where this node can't. Only to places where they
   * have proven to be: an asker may claim any address [P-7.11].
   */
  #send(replying: Replying, nowMs: number): void {
    const { members, joiner } = this.#ctx;
    const asker = members.get(replying.asker);
    const reply = replying.reply && this.#proven(replying.reply, replying.asker);
    if (asker?.present !== true || reply === undefined) {
      this.#replies.wait(replying, nowMs + AWAY_LOOK_MS);
      return;
    }
    const place = this.#placeOf(asker);
    const waitedMs = nowMs - replying.sinceMs;
    if (place === undefined && asker.endpoint !== null)
      joiner.ask(asker.id, asker.endpoint, { destBoot: 0, nowMs });
    // One that can't be called proves nothing here.
    const hasWaited = waitedMs >= RELAY_AFTER_MS || asker.endpoint === null;
    const needsOthers = place === undefined ? hasWaited : replying.tries > 0;
    const others = needsOthers ? this.#othersThan(asker.id) : [];
    const places = place === undefined ? others : [{ id: asker.id, place }, ...others];
    if (places.length === 0) {
      if (waitedMs >= PROOF_MS_MAX) this.#replies.giveUp(replying);
      else this.#replies.wait(replying, nowMs + PROOF_LOOK_MS);
      return;
    }
    const pauseMs = this.#said.waitMs(nowMs);
    if (pauseMs > 0) {
      this.#replies.wait(replying, nowMs + pauseMs);
      return;
    }
    for (const { id, place: to } of places) this.#stage(to, id, reply);
    this.#said.spend(places.length * bytesOf(reply), nowMs);
    this.#replies.sent(replying, nowMs);
  }

  /** Some members that may pass something on. */
  #othersThan(asker: NodeId): { readonly id: NodeId; readonly place: Endpoint }[] {
    const { members, random, relays } = this.#ctx;
    const others = members.present().flatMap((member) => {
      const place = member.id === asker ? undefined : this.#placeOf(member);
      return place === undefined ? [] : [{ id: member.id, place }];
    });
    // Of a member that can't be called some know the way.
    const way = relays.towards(asker)?.id;
    const first = others.filter(({ id }) => id === way);
    const rest = sample(random, others, RELAYS).filter(({ id }) => id !== way);
    return [...first, ...rest].slice(0, RELAYS);
  }

  /** Where a member has proven to be: where it is thought to be, or else where it did so last. */
  #placeOf({ id, endpoint }: Pick<Member, 'id' | 'endpoint'>): Endpoint | undefined {
    return this.#ctx.provenPlace(id, endpoint);
  }

  /** Passes on what its maker sent here itself: nothing goes further than over one other. */
  #relay(message: QueryReply | QueryGot, from: Inbound, to: NodeId | undefined): void {
    const { members, counters, joiner } = this.#ctx;
    const { nowMs } = from;
    const member = to === undefined ? undefined : members.get(to);
    const place = member && this.#placeOf(member);
    if (member !== undefined && place === undefined && member.endpoint !== null && from.session.proven)
      joiner.ask(member.id, member.endpoint, { destBoot: 0, nowMs });
    if (member === undefined || place === undefined || !from.session.proven) counters.drops.unsolicited++;
    else if (this.#relayed.left(nowMs) <= 0) counters.drops.budget++;
    else {
      this.#relayed.spend(bytesOf(message), nowMs);
      this.#stage(place, member.id, message);
    }
  }

  #stage(endpoint: Endpoint, to: NodeId, message: QueryReply | QueryGot): void {
    this.#ctx.outbox.stage({ kind: 'unicast', endpoint }, to, message, 'data');
  }

  /** Where lives are proven, so are replies, for whoever they are meant for [P-18.11]. */
  #proven<M extends QueryReply | QueryGot>(message: M, to: NodeId): M | undefined {
    const { life } = this.#ctx;
    const mac = life.proveReply(to, message);
    if (mac === undefined) return life.demanded ? undefined : message;
    return { ...message, mac };
  }

  #isProven(message: QueryReply | QueryGot, maker: NodeId): boolean {
    const verdict = this.#ctx.life.checkReply(message, maker);
    if (verdict === 'wrong') this.#ctx.counters.drops['bad-proof']++;
    else if (verdict === 'unknown') this.#ctx.counters.drops['no-certificate']++;
    return verdict === 'valid';
  }

  #openQueries(): OpenQuery[] {
    return [...new Set(this.#open.values())];
  }

  /** This node, and members that may be there. */
  #nodes(): FilteredNode[] {
    const others = this.#ctx.members
      .present()
      .map(({ id, facts }) => ({ id, name: facts.name, tags: facts.tags, groups: this.#groupsOf(id) }));
    return [this.#selfAsNode(), ...others];
  }

  #selfAsNode(): FilteredNode {
    const { id, self } = this.#ctx;
    return { id, name: self.name, tags: self.tags, groups: this.#groupsOf(id) };
  }

  #groupsOf(id: NodeId): readonly string[] {
    return this.#ctx.warden?.groupsOf(id) ?? [];
  }
}

/** About what a message takes on its way. */
function bytesOf(message: QueryReply | QueryGot): number {
  return MESSAGE_BYTES + (message.type === 'query-reply' ? encodeValue(message.value).length : 0);
}

function check(name: string, field: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new GridvineError(
    'E_EVENT',
    `query ${name}: ${field}: expected a whole number from 1 to ${max}; got ${value}`,
  );
}
