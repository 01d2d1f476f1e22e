import type { NodeId } from '../../core/ids.ts';
import { BALLOT_JUMP_MAX } from '../../core/limits.ts';
import { bootOf, type Version } from '../../core/version.ts';
import type { LeaseAnswer, LeaseAsk, LeaseVerdict } from '../../wire/message.ts';
import { type Adoption, adoptionOf } from './adoption.ts';
import { Learning } from './learning.ts';
import { Ledger } from './ledger.ts';
import { PromiseBook } from './promise-book.ts';
import { type NamedRoster, votersOf } from './roster.ts';
import { LEASE_RULES, type LeaseRules } from './rules.ts';
import { encodeVoterState, type VoterState } from './voter-state.ts';

/** Who speaks: a node in one of its lives. */
export interface Speaker {
  readonly id: NodeId;
  readonly boot: number;
}

/** Why a voter votes or doesn't. */
export type VoterStanding =
  | 'votes'
  | 'no-roster'
  | 'no-voter'
  /** The roster names it, and the root's policy gives its certificate no vote. */
  | 'not-entitled'
  | 'twin'
  | 'unsaved'
  | 'roster-conflict'
  /** Its storage was lost: promises that it has forgotten may still stand. */
  | 'waits'
  /** They don't any more; it asks the others how far the ballots are. */
  | 'learns';

/** What a voter needs of its node. */
export interface VoterPort {
  answer(to: Speaker, answer: Omit<LeaseAnswer, 'type' | 'mac'>): void;
  /** Asks a voter how far it is. @returns nothing; the answer comes by `onRead`. */
  read(to: NodeId, question: { readonly number: number; readonly roster: NamedRoster }): void;
  /** A number for a question, higher than all before. */
  drawNumber(): number;
  /** Has this kept; `kept` or `failed` follows. */
  keep(ticket: number, content: Uint8Array): void;
  /** A promise was made, ended or dropped. */
  onPromise(name: string, nowMs: number): void;
  isTwin(id: NodeId): boolean;
  /** Whether it is entitled to. */
  mayVote(): boolean;
  /** This node's boot, and the last version that it made. */
  boot(): number;
  line(): Version;
}

const READ_EVERY_MS = 1_000;

/**
 * One voter [P-17.4]: promises a lease to one claim at a time, for its whole time by this voter's own clock, and answers only once its
 * medium holds what it says. What it may have forgotten it waits out and learns from the others before it votes.
 */
export class Voter {
  readonly #self: NodeId;
  readonly #rules: LeaseRules;
  readonly #port: VoterPort;
  readonly #ledger: Ledger;
  #book: PromiseBook;
  #roster: NamedRoster | undefined;
  #settled: boolean;
  #intact: boolean;
  #adoption: Adoption = 'stays';
  /** The roster that was given and isn't followed yet. */
  #given: NamedRoster | undefined;
  #learning: Learning | undefined;
  #readMs = Number.POSITIVE_INFINITY;
  #waitUntilMs = Number.POSITIVE_INFINITY;
  #settleMs = Number.POSITIVE_INFINITY;

  constructor(
    parts: {
      readonly self: NodeId;
      readonly port: VoterPort;
      readonly state: Omit<VoterState, 'roster'> & { readonly roster: NamedRoster | undefined };
      readonly rules?: LeaseRules;
    },
    nowMs: number,
  ) {
    const { self, port, state, rules = LEASE_RULES } = parts;
    this.#self = self;
    this.#port = port;
    this.#rules = rules;
    this.#book = new PromiseBook(state, nowMs, rules);
    this.#roster = state.roster;
    this.#settled = state.settled;
    this.#intact = state.intact;
    this.#ledger = new Ledger({
      content: () => encodeVoterState(this.#state()),
      keep: (ticket, content) => port.keep(ticket, content),
    });
  }

  get book(): PromiseBook {
    return this.#book;
  }

  /** What it follows. */
  get roster(): NamedRoster | undefined {
    return this.#roster;
  }

  get isSettled(): boolean {
    return this.#settled;
  }

  /** What became of the last roster that it was given. */
  get adoption(): Adoption {
    return this.#adoption;
  }

  get isVoter(): boolean {
    return this.#roster !== undefined && votersOf(this.#roster).includes(this.#self);
  }

  get standing(): VoterStanding {
    if (this.#roster === undefined) return 'no-roster';
    if (!this.isVoter) return 'no-voter';
    if (!this.#port.mayVote()) return 'not-entitled';
    if (this.#port.isTwin(this.#self)) return 'twin';
    if (this.#adoption === 'conflict') return 'roster-conflict';
    if (!this.#intact) return this.#waitUntilMs === Number.POSITIVE_INFINITY ? 'learns' : 'waits';
    return this.#ledger.isFailing ? 'unsaved' : 'votes';
  }

  /** Answers that are missing until it has learnt; 0: it has nothing to learn. */
  get missing(): number {
    return this.#learning?.missing ?? 0;
  }

  /** When it stops waiting out what it has forgotten; Infinity: it doesn't wait. */
  get waitUntilMs(): number {
    return this.#waitUntilMs;
  }

  get nextDueMs(): number {
    if (!this.isVoter) return Number.POSITIVE_INFINITY;
    const { nextEndMs } = this.#book;
    return Math.min(nextEndMs, this.#ledger.nextDueMs, this.#readMs, this.#waitUntilMs, this.#settleMs);
  }

  /** The life begins. */
  start(nowMs: number): void {
    this.#beginLearning(nowMs);
    if (!this.#intact && this.isVoter) this.#ledger.write();
  }

  /** The roster of a configuration, or of whoever signs it. */
  setRoster(given: NamedRoster, nowMs: number): void {
    const followed = { roster: this.#roster, settled: this.#settled };
    this.#adoption = adoptionOf(given, followed, this.#self);
    this.#given = this.#adoption === 'waits' ? given : undefined;
    if (this.#adoption !== 'follows' && this.#adoption !== 'learns') return;
    this.#roster = given;
    this.#settled = given.previous.length === 0;
    if (!this.isVoter) return;
    if (this.#adoption === 'learns') this.#intact = false;
    this.#ledger.write();
    this.#beginLearning(nowMs);
  }

  onAsk(ask: LeaseAsk, from: Speaker, nowMs: number): void {
    const refusal = this.#refusalOf(ask, from, nowMs);
    if (refusal !== undefined) {
      this.#answer(ask, from, refusal);
      return;
    }
    if (ask.operation === 'read') this.#answer(ask, from, 'granted');
    else if (ask.operation === 'release') this.#release(ask, from, nowMs);
    else this.#claim(ask, from, nowMs);
  }

  /** Another voter says how far it is. */
  onRead(answer: LeaseAnswer, from: NodeId, nowMs: number): void {
    const learning = this.#learning;
    if (learning === undefined || answer.number !== learning.number || answer.verdict !== 'granted') return;
    learning.note(from, answer.top);
    if (learning.missing === 0) this.#learnt(learning, nowMs);
  }

  kept(ticket: number, nowMs: number): void {
    this.#ledger.kept(ticket, nowMs);
  }

  failed(ticket: number, nowMs: number): void {
    this.#ledger.failed(ticket, nowMs);
  }

  onDue(nowMs: number): void {
    for (const name of this.#book.end(nowMs)) this.#port.onPromise(name, nowMs);
    this.#ledger.onDue(nowMs);
    if (nowMs >= this.#waitUntilMs) {
      this.#waitUntilMs = Number.POSITIVE_INFINITY;
      if (this.#learning === undefined) this.#settle(nowMs);
      else this.#readMs = nowMs;
    }
    if (nowMs >= this.#readMs) this.#ask(nowMs);
    if (nowMs >= this.#settleMs) this.#settle(nowMs);
  }

  /** Peers know more of this node than it knows itself: its storage is an old one, and may lack promises. */
  rolledBack(nowMs: number): void {
    if (!this.isVoter || !this.#intact) return;
    this.#intact = false;
    this.#ledger.write();
    this.#beginLearning(nowMs);
  }

  /**
   * An operator answers for what a majority has forgotten: ballots up to this one are spent. It doesn't shorten the wait for promises
   * that may still stand.
   */
  recover(fenceAbove: number, nowMs: number): void {
    this.#book.raiseFloor(fenceAbove);
    if (this.#waitUntilMs === Number.POSITIVE_INFINITY) {
      this.#intact = true;
      this.#settled = true;
      this.#stopLearning();
    } else {
      // What it would have learnt is said; the time still has to pass.
      this.#learning = undefined;
    }
    this.#ledger.write();
    this.#followGiven(nowMs);
  }

  #refusalOf(ask: LeaseAsk, from: Speaker, nowMs: number): LeaseVerdict | undefined {
    const roster = this.#roster;
    if (roster === undefined || !this.isVoter) return 'no-voter';
    const asked = { version: ask.rosterVersion, mark: ask.rosterMark };
    const compared = this.#rules.compareRosters(roster, asked);
    if (compared !== 'same') return compared === 'old' ? 'roster-old' : 'roster-unknown';
    if (ask.dest > this.#port.line()) this.rolledBack(nowMs);
    if (this.standing !== 'votes' || this.#port.isTwin(from.id)) return 'abstains';
    return bootOf(ask.dest) === this.#port.boot() ? undefined : 'other-life';
  }

  #claim(ask: LeaseAsk, from: Speaker, nowMs: number): void {
    if (ask.ballot > this.#book.top + BALLOT_JUMP_MAX) {
      this.#answer(ask, from, 'ballot');
      return;
    }
    const { name, claim, ballot, fence, ttlMs, number } = ask;
    const claimant = { holder: from.id, boot: from.boot, claim };
    const outcome = this.#book.claim({ ...claimant, name, ballot, fence, ttlMs, number }, nowMs);
    if (outcome.verdict === 'overtaken') return;
    if (outcome.verdict !== 'granted') {
      this.#answer(ask, from, outcome.verdict, outcome.verdict === 'taken' ? outcome.leftMs : 0);
      return;
    }
    if (!outcome.isNew) {
      // Asked for a moment ago, it may still be on its way to the medium.
      this.#ledger.whenKept((kept) => {
        if (kept === 'kept') this.#answer(ask, from, 'granted');
      }, nowMs);
      return;
    }
    if (!this.#rules.answersWhenKept) this.#answer(ask, from, 'granted');
    this.#ledger.write((kept, keptMs) => {
      if (kept === 'kept') this.#port.onPromise(name, keptMs);
      if (this.#rules.answersWhenKept) this.#answer(ask, from, kept === 'kept' ? 'granted' : 'abstains');
    });
  }

  #release(ask: LeaseAsk, from: Speaker, nowMs: number): void {
    const { name, claim, number } = ask;
    const isNew = this.#book.release({ holder: from.id, boot: from.boot, claim, name, number });
    this.#answer(ask, from, 'granted');
    if (!isNew) return;
    this.#port.onPromise(name, nowMs);
    this.#ledger.write();
  }

  #answer(ask: LeaseAsk, to: Speaker, verdict: LeaseVerdict, leftMs = 0): void {
    const { number } = ask;
    const rosterVersion = this.#roster?.version ?? 0;
    this.#port.answer(to, { number, verdict, top: this.#book.top, leftMs: Math.ceil(leftMs), rosterVersion });
  }

  #beginLearning(nowMs: number): void {
    this.#stopLearning();
    const roster = this.#roster;
    if (roster === undefined || !this.isVoter || (this.#intact && this.#settled)) return;
    this.#learning = new Learning(roster, this.#self, this.#intact ? 'intact' : 'lost');
    if (this.#intact) this.#readMs = nowMs;
    else this.#waitUntilMs = nowMs + this.#rules.abstainMs;
  }

  #stopLearning(): void {
    this.#learning = undefined;
    this.#readMs = Number.POSITIVE_INFINITY;
    this.#waitUntilMs = Number.POSITIVE_INFINITY;
    this.#settleMs = Number.POSITIVE_INFINITY;
  }

  #ask(nowMs: number): void {
    const [learning, roster] = [this.#learning, this.#roster];
    this.#readMs = learning === undefined ? Number.POSITIVE_INFINITY : nowMs + READ_EVERY_MS;
    if (learning === undefined || roster === undefined) return;
    // One number for all questions of one learning: answers to earlier ones count as well.
    if (learning.number === 0) learning.number = this.#port.drawNumber();
    for (const id of learning.others) this.#port.read(id, { number: learning.number, roster });
    if (learning.missing === 0) this.#learnt(learning, nowMs);
  }

  #learnt(learning: Learning, nowMs: number): void {
    this.#book.raiseFloor(learning.top);
    this.#stopLearning();
    this.#intact = true;
    if (!this.#settled) this.#settleMs = nowMs + this.#rules.abstainMs;
    this.#ledger.write();
  }

  /** Nothing that was promised under the roster before can stand any more. */
  #settle(nowMs: number): void {
    this.#settleMs = Number.POSITIVE_INFINITY;
    this.#settled = true;
    this.#intact = true;
    this.#ledger.write();
    this.#followGiven(nowMs);
  }

  #followGiven(nowMs: number): void {
    if (this.#given !== undefined) this.setRoster(this.#given, nowMs);
  }

  #state(): VoterState {
    return {
      roster: this.#roster,
      settled: this.#settled,
      intact: this.#intact,
      floor: this.#book.floor,
      promises: this.#book.promises(),
    };
  }
}
