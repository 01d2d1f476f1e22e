import type { NodeId } from '../../core/ids.ts';
import { jitter, type RandomSource } from '../../core/random.ts';
import type { LeaseAnswer } from '../../wire/message.ts';
import { type NamedRoster, votersOf } from './roster.ts';
import { Round } from './round.ts';
import type { LeaseRules } from './rules.ts';

/** Why a claim came to its end without being released. */
export type ClaimEnd =
  /** Its time was over before a majority renewed it. */
  | 'lapsed'
  /** It could not be had in the time that the caller gave. */
  | 'taken'
  | 'no-majority'
  | 'roster'
  /** Somebody else lives under this identity. */
  | 'twin';

/** What a claim needs of its node. */
export interface ClaimPort {
  /** Sends a question about this claim. */
  ask(
    to: NodeId,
    question: {
      readonly operation: 'claim' | 'release';
      readonly number: number;
      readonly ballot: number;
      readonly roster: NamedRoster;
    },
  ): void;
  /** A number for a question, higher than all before. */
  drawNumber(): number;
  /** The roster that counts now; undefined: none. */
  roster(): NamedRoster | undefined;
  /** The highest ballot that this node has heard of, of whatever lease. */
  topHeard(): number;
  isTwin(): boolean;
  onHeld(): void;
  onOver(end: ClaimEnd): void;
}

export interface ClaimOptions {
  readonly name: string;
  readonly ttlMs: number;
  /** How long to try; Infinity: until it is released. */
  readonly waitMs: number;
  readonly random: RandomSource;
  readonly rules: LeaseRules;
  readonly port: ClaimPort;
}

/** A question is asked again of who didn't answer so often in a round. */
const SENDS_PER_ROUND = 4;
/** A round takes this part of the lease's time, at most a second: so that several fit in before it is lost. */
const ROUND_SHARE = 1 / 6;
const ROUND_MS_MAX = 1_000;
/** A lease is renewed after this part of its time. */
const RENEW_SHARE = 1 / 3;
/** After a round that failed, and again after each further one up to so long. */
const BACK_OFF_MS_MIN = 100;
const BACK_OFF_MS_MAX = 1_000;
/** After the one who has it is through, claimants don't come all at once. */
const SPREAD_MS = 200;
/** So often a ballot is raised at once; after that others are raising theirs as well. */
const RAISES_MAX = 4;

/**
 * A lease that this node wants or holds [P-17.8]. It holds it from a majority's answers on until 0.9 of the lease's time after it sent
 * the question, by its own clock alone; each renewal that a majority answers moves that on.
 */
export class Claim {
  readonly name: string;
  readonly ttlMs: number;
  readonly #options: ClaimOptions;
  readonly #giveUpMs: number;
  #round: Round | undefined;
  #ballot = 0;
  #fence = 0;
  #heldUntilMs = Number.NEGATIVE_INFINITY;
  #sends = 0;
  #raises = 0;
  #failures = 0;
  #isOver = false;
  #nextMs: number;
  #lastReason: ClaimEnd = 'no-majority';

  constructor(options: ClaimOptions, nowMs: number) {
    this.name = options.name;
    this.ttlMs = options.ttlMs;
    this.#options = options;
    this.#giveUpMs = nowMs + options.waitMs;
    this.#nextMs = nowMs;
  }

  /** What the application acts under; 0: it never held the lease. It stays the same while it is held. */
  get fence(): number {
    return this.#fence;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Until when it is held; before now: it isn't. */
  get heldUntilMs(): number {
    return this.#heldUntilMs;
  }

  /** Whether it is held at this moment, whatever timers have run. */
  isHeld(nowMs: number): boolean {
    const untilMs = this.#heldUntilMs;
    return !this.#isOver && this.#fence > 0 && !this.#options.rules.isOver({ nowMs, untilMs });
  }

  get nextDueMs(): number {
    if (this.#isOver) return Number.POSITIVE_INFINITY;
    return Math.min(this.#nextMs, this.#fence > 0 ? this.#heldUntilMs : this.#giveUpMs);
  }

  /** The time has come for something, or may have: extra calls are harmless. */
  onDue(nowMs: number): void {
    if (this.#isOver) return;
    if (this.#options.port.isTwin()) this.#end('twin');
    else if (this.#fence > 0 && !this.isHeld(nowMs)) this.#end('lapsed');
    else if (this.#fence === 0 && nowMs >= this.#giveUpMs) this.#giveUp();
    else if (nowMs >= this.#nextMs) this.#turn(nowMs);
  }

  onAnswer(from: NodeId, answer: LeaseAnswer, nowMs: number): void {
    // What came too late for the claim comes to nothing.
    this.onDue(nowMs);
    const round = this.#round;
    if (this.#isOver || round === undefined || answer.number !== round.number) return;
    round.note(from, answer);
    if (round.state === 'won') this.#win(round, nowMs);
    else if (round.state === 'lost' || this.#isTooLow(round)) this.#fail(round, nowMs);
  }

  /** The holder stops first, then lets others have it. */
  release(): void {
    this.#isOver = true;
    this.#letGoAll();
  }

  #turn(nowMs: number): void {
    const round = this.#round;
    if (round === undefined) this.#begin(nowMs);
    else if (
      nowMs - round.sentMs >= this.#roundMs ||
      this.#sends >= SENDS_PER_ROUND ||
      this.#isOutdone(round)
    )
      this.#fail(round, nowMs);
    else this.#send(round, nowMs);
  }

  /** A voter that would vote for a higher ballot is asked again at once: those that are silent may be down. */
  #isTooLow(round: Round): boolean {
    return this.#fence === 0 && round.failsByBallot;
  }

  /**
   * Two claimants that each have a part of the votes, while other voters are silent, would keep each other from a majority: the one with
   * the lower ballot lets go, the other one asks again and has it.
   */
  #isOutdone(round: Round): boolean {
    if (this.#fence > 0 || round.rivalTop === 0) return false;
    return (
      round.rivalTop > round.ballot || (round.rivalTop === round.ballot && this.#options.random.next() < 0.5)
    );
  }

  #begin(nowMs: number): void {
    const { port } = this.#options;
    const roster = port.roster();
    if (roster === undefined) {
      this.#lastReason = 'roster';
      this.#nextMs = nowMs + BACK_OFF_MS_MAX;
      return;
    }
    if (this.#ballot === 0) this.#ballot = port.topHeard() + 1;
    const number = port.drawNumber();
    this.#round = new Round({ number, ballot: this.#ballot, sentMs: nowMs, roster }, this.#options.rules);
    this.#sends = 0;
    this.#send(this.#round, nowMs);
  }

  #send(round: Round, nowMs: number): void {
    this.#sends++;
    this.#nextMs = nowMs + this.#roundMs / SENDS_PER_ROUND;
    const { number, ballot, roster } = round;
    for (const id of round.silent) this.#options.port.ask(id, { operation: 'claim', number, ballot, roster });
  }

  get #roundMs(): number {
    return Math.min(ROUND_MS_MAX, this.ttlMs * ROUND_SHARE);
  }

  #win(round: Round, nowMs: number): void {
    const { rules, port } = this.#options;
    const { sentMs } = round;
    const untilMs = rules.heldUntilMs({ sentMs, answeredMs: nowMs, ttlMs: this.ttlMs });
    this.#round = undefined;
    this.#raises = 0;
    this.#failures = 0;
    this.#nextMs = sentMs + this.ttlMs * RENEW_SHARE;
    if (rules.isOver({ nowMs, untilMs })) {
      this.#nextMs = nowMs;
      return;
    }
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
    if (this.#fence > 0) return;
    this.#fence = round.ballot;
    port.onHeld();
  }

  #fail(round: Round, nowMs: number): void {
    this.#round = undefined;
    this.#lastReason = endOf(round);
    if (round.failsByBallot) {
      this.#ballot = round.top + 1;
      if (++this.#raises <= RAISES_MAX) {
        this.#begin(nowMs);
        return;
      }
    }
    this.#raises = 0;
    this.#failures++;
    // Two claimants that each have a part would wait for each other. Who hasn't answered may have promised it all the same.
    if (this.#fence === 0) this.#letGo(round.roster, [...round.granted, ...round.silent]);
    this.#nextMs = nowMs + this.#pauseMs(round);
  }

  #pauseMs(round: Round): number {
    const { random } = this.#options;
    if (this.#fence > 0) return this.#roundMs / SENDS_PER_ROUND;
    const backOffMs = Math.min(BACK_OFF_MS_MAX, BACK_OFF_MS_MIN * 2 ** Math.min(this.#failures, 8));
    if (round.leftMs > 0) {
      // The one who has it may let it go before its time.
      return Math.min(round.leftMs, BACK_OFF_MS_MAX) + random.next() * SPREAD_MS;
    }
    return jitter(random, backOffMs, 0.5);
  }

  #giveUp(): void {
    const round = this.#round;
    if (round !== undefined) this.#lastReason = endOf(round);
    this.#letGoAll();
    this.#end(this.#lastReason);
  }

  #end(end: ClaimEnd): void {
    this.#isOver = true;
    this.#round = undefined;
    this.#options.port.onOver(end);
  }

  #letGoAll(): void {
    const roster = this.#round?.roster ?? this.#options.port.roster();
    this.#round = undefined;
    if (roster !== undefined) this.#letGo(roster, votersOf(roster));
  }

  /** Whoever of them promised something promises it no longer. */
  #letGo(roster: NamedRoster, voters: readonly NodeId[]): void {
    if (voters.length === 0) return;
    const { port } = this.#options;
    const number = port.drawNumber();
    for (const id of voters) port.ask(id, { operation: 'release', number, ballot: this.#ballot, roster });
  }
}

function endOf(round: Round): ClaimEnd {
  const { reason } = round;
  if (reason === 'taken') return 'taken';
  return reason === 'roster-old' || reason === 'roster-unknown' || reason === 'no-voter'
    ? 'roster'
    : 'no-majority';
}
