import { Claim, type ClaimEnd } from '../coordination/lease/claim.ts';
import { problemOfLeaseName } from '../coordination/lease/lease-name.ts';
import { decodeLeaseReport, encodeLeaseReport, leaseKey } from '../coordination/lease/lease-record.ts';
import { LeaseObserver } from '../coordination/lease/observer.ts';
import { type NamedRoster, nameRoster, votersOf } from '../coordination/lease/roster.ts';
import { LEASE_RULES, type LeaseRules } from '../coordination/lease/rules.ts';
import { Voter, type VoterPort } from '../coordination/lease/voter.ts';
import {
  decodeVoterState,
  FRESH_VOTER,
  LOST_VOTER,
  type VoterState,
} from '../coordination/lease/voter-state.ts';
import { GridvineError } from '../core/errors.ts';
import { type NodeId, toHex } from '../core/ids.ts';
import {
  LEASE_TTL_MS_DEFAULT,
  type LeaseEnd,
  type LeaseOptions,
  type OwnLease,
} from '../core/lease-views.ts';
import { BALLOT_MAX, CLAIMS_MAX, LEASE_TTL_MS_MAX, LEASE_TTL_MS_MIN } from '../core/limits.ts';
import { problemOfRoster, type Roster } from '../core/roster.ts';
import type { AppValue } from '../core/value.ts';
import type { Version } from '../core/version.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { Carry, LeaseAnswer, LeaseAsk } from '../wire/message.ts';
import { type EngineContext, type Inbound, replyEndpoint } from './context.ts';

/** What a node brings to leases. */
export interface LeaseDeskOptions {
  /** Who votes, by the configuration; absent: there are no leases unless an earlier life followed a roster. */
  readonly roster?: Roster;
  /**
   * What the medium holds of promises. `fresh`: this node has never lived before. `lost`: it has, and what it promised isn't there or
   * can't be read.
   */
  readonly kept?: Uint8Array | 'fresh' | 'lost';
  /** For tests: rules that are spoiled. */
  readonly rules?: LeaseRules;
}

const CLAIM_BYTES = 8;
const NO_CLAIM = '00'.repeat(CLAIM_BYTES);

interface Held {
  readonly claim: Claim;
  readonly id: string;
}

/** Where leases meet the engine: the node's own vote, its own claims, and what the voters say [P-17]. */
export class LeaseDesk {
  readonly #ctx: EngineContext;
  readonly #provider: CryptoProvider;
  readonly #options: LeaseDeskOptions;
  readonly #rules: LeaseRules;
  readonly #observer = new LeaseObserver();
  readonly #claims = new Map<string, Held>();
  /** Questions and answers of this node to itself: handled when the mutation ends. */
  readonly #toSelf: (LeaseAsk | LeaseAnswer)[] = [];
  #voter: Voter | undefined;
  /** Of the last question; random at first. */
  #number: number | undefined;
  /** Whom the answer goes to that is being made: where the question came from. */
  #replyTo: Inbound | undefined;
  /** Whether the deadline may have moved. */
  #isDirty = false;
  #dueMs = Number.POSITIVE_INFINITY;
  #given: NamedRoster | undefined;

  constructor(parts: {
    readonly ctx: EngineContext;
    readonly provider: CryptoProvider;
    readonly options: LeaseDeskOptions | undefined;
  }) {
    this.#ctx = parts.ctx;
    this.#provider = parts.provider;
    this.#options = parts.options ?? {};
    this.#rules = this.#options.rules ?? LEASE_RULES;
  }

  get voter(): Voter | undefined {
    return this.#voter;
  }

  #drawNumber(): number {
    this.#number = (this.#number ?? this.#ctx.random.uint32()) + 1;
    return this.#number;
  }

  get observer(): LeaseObserver {
    return this.#observer;
  }

  /** What this node was given last, whether it follows it or not. */
  get given(): NamedRoster | undefined {
    return this.#given;
  }

  get roster(): NamedRoster | undefined {
    return this.#voter?.roster;
  }

  /** Claims of this node, and promises: they grow with what applications and peers ask. */
  get size(): number {
    return this.#claims.size + (this.#voter?.book.promises().length ?? 0);
  }

  names(): string[] {
    return [...new Set([...this.#observer.names(), ...this.#claims.keys()])].sort();
  }

  start(nowMs: number): void {
    this.#isDirty = true;
    const state = this.#stateKept();
    const roster = state.roster && nameRoster(this.#provider, state.roster);
    const { id } = this.#ctx;
    this.#voter = new Voter(
      { self: id, port: this.#voterPort(), state: { ...state, roster }, rules: this.#rules },
      nowMs,
    );
    this.#voter.start(nowMs);
    const given = this.#given ?? this.#options.roster;
    if (given !== undefined) this.setRoster(given, nowMs);
    for (const { name } of this.#voter.book.promises()) this.#tell(name, nowMs);
  }

  setRoster(roster: Roster, nowMs: number): void {
    this.#isDirty = true;
    const problem = problemOfRoster(roster);
    if (problem !== undefined) throw new GridvineError('E_LEASE', `roster.${problem}`);
    this.#given = nameRoster(this.#provider, roster);
    this.#voter?.setRoster(this.#given, nowMs);
  }

  acquire(name: string, { ttlMs = LEASE_TTL_MS_DEFAULT, waitMs }: LeaseOptions, nowMs: number): string {
    const problem = problemOfLeaseName(name);
    if (problem !== undefined) throw new GridvineError('E_LEASE', problem);
    if (!(Number.isInteger(ttlMs) && ttlMs >= LEASE_TTL_MS_MIN && ttlMs <= LEASE_TTL_MS_MAX))
      throw new GridvineError(
        'E_LEASE',
        `lease ${name}: expected a time of ${LEASE_TTL_MS_MIN} to ${LEASE_TTL_MS_MAX} ms; got ${ttlMs}`,
      );
    // A node that nobody has let in yet follows its roster from then on.
    if ((this.roster ?? this.#given ?? this.#options.roster) === undefined)
      throw new GridvineError(
        'E_LEASE',
        `lease ${name}: ${this.#ctx.warden === undefined ? 'nobody votes on leases here; name the voters under leases in the configuration of each node' : 'the root has named nobody who votes on leases: gridvine ca roster NAME..., then gridvine ca publish'}`,
      );
    const present = this.#claims.get(name);
    if (present !== undefined)
      throw new GridvineError(
        'E_LEASE',
        `lease ${name}: this node ${present.claim.isHeld(nowMs) ? 'holds it' : 'asks for it'} already; release it first`,
      );
    if (this.#claims.size >= CLAIMS_MAX)
      throw new GridvineError(
        'E_QUOTA',
        `lease ${name}: this node has ${CLAIMS_MAX} leases, the most it may have`,
      );
    const { random } = this.#ctx;
    const id = toHex(random.bytes(CLAIM_BYTES));
    const options = { name, ttlMs, waitMs: waitMs ?? Number.POSITIVE_INFINITY, random, rules: this.#rules };
    const claim = new Claim({ ...options, port: this.#claimPort(name, id) }, nowMs);
    this.#claims.set(name, { claim, id });
    this.#isDirty = true;
    return id;
  }

  release(name: string): void {
    this.#isDirty = true;
    const held = this.#claims.get(name);
    if (held === undefined)
      throw new GridvineError('E_NOT_FOUND', `lease ${name}: this node neither holds it nor asks for it`);
    held.claim.release();
    this.#over(name, 'released');
  }

  /** This node says goodbye: whoever waits for its leases need not wait for their time. */
  releaseAll(): void {
    for (const name of [...this.#claims.keys()]) this.release(name);
  }

  own(name: string, nowMs: number): OwnLease | undefined {
    const claim = this.#claims.get(name)?.claim;
    if (claim === undefined) return undefined;
    const { ttlMs, fence, heldUntilMs } = claim;
    if (claim.isHeld(nowMs)) return { state: 'held', fence, ttlMs, leftMs: Math.max(0, heldUntilMs - nowMs) };
    // Lost, though the engine hasn't been called since.
    return fence > 0 ? undefined : { state: 'asking', fence: null, ttlMs, leftMs: null };
  }

  recover(fenceAbove: number, nowMs: number): void {
    this.#isDirty = true;
    if (!(Number.isInteger(fenceAbove) && fenceAbove >= 0 && fenceAbove < BALLOT_MAX))
      throw new GridvineError(
        'E_LEASE',
        `fence: expected a whole number from 0 to ${BALLOT_MAX - 1}; got ${fenceAbove}`,
      );
    if (this.#voter?.isVoter !== true)
      throw new GridvineError('E_LEASE', 'this node is no voter: run it on those that are');
    this.#voter.recover(fenceAbove, nowMs);
  }

  /** This node's identity lives twice, or no longer does: whether it votes and holds has changed. */
  noteTwin(): void {
    this.#isDirty = true;
  }

  /** This node goes on under a higher boot because peers knew more of it than it did. */
  rolledBack(nowMs: number): void {
    this.#isDirty = true;
    this.#voter?.rolledBack(nowMs);
  }

  kept(ticket: number, outcome: 'kept' | 'failed', nowMs: number): void {
    this.#isDirty = true;
    if (outcome === 'kept') this.#voter?.kept(ticket, nowMs);
    else this.#voter?.failed(ticket, nowMs);
  }

  onAsk(ask: LeaseAsk, from: Inbound): void {
    this.#isDirty = true;
    if (!this.#isProven(ask, from)) return;
    this.#replyTo = from;
    this.#voter?.onAsk(ask, { id: from.sender, boot: from.boot }, from.nowMs);
    this.#replyTo = undefined;
  }

  /** A question or an answer came through a relay [P-19.13]: the way back is another one's to find. */
  onCarried({ from: sender, boot, message }: Carry, nowMs: number): void {
    if (message.type === 'lease-answer') {
      this.onAnswer(message, { sender, boot, nowMs });
      return;
    }
    this.#isDirty = true;
    if (this.#isProven(message, { sender, boot })) this.#voter?.onAsk(message, { id: sender, boot }, nowMs);
  }

  onAnswer(answer: LeaseAnswer, from: Pick<Inbound, 'sender' | 'boot' | 'nowMs'>): void {
    this.#isDirty = true;
    if (!this.#isProven(answer, from)) return;
    if (this.#mayVote(from.sender)) this.#take(answer, from.sender, from.nowMs);
    else this.#ctx.counters.drops['not-allowed']++;
  }

  /** A voter's record about a lease came, changed or went. */
  onReport(voter: NodeId, name: string, value: AppValue | undefined): void {
    const { roster } = this;
    if (roster !== undefined && !votersOf(roster).includes(voter)) return;
    if (!this.#mayVote(voter)) return;
    const report = value === undefined ? undefined : decodeLeaseReport(value);
    if (value !== undefined && report === undefined) this.#ctx.counters.drops.malformed++;
    this.#observer.note(voter, name, report);
  }

  onTimer(nowMs: number): void {
    this.#isDirty = true;
    this.#voter?.onDue(nowMs);
    this.#lookAtClaims(nowMs);
  }

  /** A mutation ends: claims whose time is over are lost now, whatever timer is late, and the next deadline is set. */
  settle(nowMs: number): void {
    if (!this.#isDirty && nowMs < this.#dueMs) return;
    this.#isDirty = false;
    this.#lookAtClaims(nowMs);
    for (let message = this.#toSelf.shift(); message !== undefined; message = this.#toSelf.shift()) {
      const self = { id: this.#ctx.id, boot: this.#ctx.own.boot };
      if (message.type === 'lease-ask') this.#voter?.onAsk(message, self, nowMs);
      else this.#take(message, self.id, nowMs);
    }
    let dueMs = this.#voter?.nextDueMs ?? Number.POSITIVE_INFINITY;
    for (const { claim } of this.#claims.values()) dueMs = Math.min(dueMs, claim.nextDueMs);
    this.#dueMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) this.#ctx.timers.clear('lease');
    else this.#ctx.timers.set('lease', dueMs);
  }

  #lookAtClaims(nowMs: number): void {
    for (const { claim } of this.#claims.values()) if (claim.nextDueMs <= nowMs) claim.onDue(nowMs);
  }

  #take(answer: LeaseAnswer, from: NodeId, nowMs: number): void {
    this.#voter?.onRead(answer, from, nowMs);
    for (const { claim } of this.#claims.values()) claim.onAnswer(from, answer, nowMs);
  }

  #stateKept(): VoterState {
    const { kept = 'fresh' } = this.#options;
    if (kept === 'fresh') return FRESH_VOTER;
    return kept === 'lost' ? LOST_VOTER : (decodeVoterState(kept) ?? LOST_VOTER);
  }

  #voterPort(): VoterPort {
    const { id, own, outbox, table } = this.#ctx;
    return {
      answer: (to, answer) => this.#send(to, { type: 'lease-answer', ...answer }),
      read: (to, { number, roster }) =>
        this.#ask(
          to,
          { number, operation: 'read', name: '', claim: NO_CLAIM, ballot: 0, fence: 0, ttlMs: 0 },
          roster,
        ),
      drawNumber: () => this.#drawNumber(),
      keep: (ticket, content) => outbox.keepLeases(ticket, content),
      onPromise: (name, nowMs) => this.#tell(name, nowMs),
      isTwin: (node) => this.#isTwin(node),
      mayVote: () => this.#mayVote(id),
      boot: () => own.boot,
      line: () => table.line(id).known,
    };
  }

  #claimPort(name: string, id: string) {
    return {
      ask: (
        to: NodeId,
        question: {
          readonly operation: 'claim' | 'release';
          readonly number: number;
          readonly ballot: number;
          readonly roster: NamedRoster;
        },
      ) => {
        const { roster, ...rest } = question;
        const claim = this.#claims.get(name)?.claim;
        if (claim === undefined) return;
        this.#ask(to, { ...rest, name, claim: id, fence: claim.fence, ttlMs: claim.ttlMs }, roster);
      },
      drawNumber: () => this.#drawNumber(),
      roster: () => this.roster,
      topHeard: () => Math.max(this.#observer.top, this.#voter?.book.top ?? 0),
      isTwin: () => this.#isTwin(this.#ctx.id),
      onHeld: () => this.#onHeld(name),
      onOver: (end: ClaimEnd) => this.#over(name, end),
    };
  }

  #onHeld(name: string): void {
    const held = this.#claims.get(name);
    if (held === undefined) return;
    const { claim, id } = held;
    this.#ctx.outbox.event({ type: 'lease', name, claim: id, state: 'held', fence: claim.fence, end: null });
  }

  #over(name: string, end: LeaseEnd): void {
    const held = this.#claims.get(name);
    if (held === undefined) return;
    this.#claims.delete(name);
    const fence = held.claim.fence === 0 ? null : held.claim.fence;
    this.#ctx.outbox.event({ type: 'lease', name, claim: held.id, state: 'over', fence, end });
  }

  /** What this voter promises, for everybody to see. */
  #tell(name: string, nowMs: number): void {
    const { own, spreader, id } = this.#ctx;
    const promise = this.#voter?.book.get(name)?.promise;
    const key = leaseKey(name);
    if (promise === undefined) return;
    own.putReserved(key, encodeLeaseReport(promise, this.roster?.version ?? 0), nowMs, {
      priority: 'normal',
    });
    spreader.add(id, key, { urgent: false, nowMs });
  }

  #ask(
    to: NodeId,
    question: Omit<LeaseAsk, 'type' | 'rosterVersion' | 'rosterMark' | 'dest' | 'mac'>,
    roster: NamedRoster,
  ): void {
    const dest = this.#destOf(to);
    if (dest === undefined) return;
    const rosterName = { rosterVersion: roster.version, rosterMark: roster.mark };
    this.#send({ id: to }, { type: 'lease-ask', ...question, ...rosterName, dest });
  }

  /** The voter as this node knows it: it is asked as this one life, at this version or later. */
  #destOf(to: NodeId): Version | undefined {
    const { id, table, members } = this.#ctx;
    if (to === id) return table.line(id).known;
    const member = members.get(to);
    return member === undefined ? undefined : Math.max(table.line(to).known, member.nodeVersion);
  }

  #send(to: { readonly id: NodeId }, bare: LeaseAsk | LeaseAnswer): void {
    const { id, own, outbox, members, life, relays } = this.#ctx;
    if (to.id === id) {
      this.#toSelf.push(bare);
      return;
    }
    const endpoint =
      this.#replyTo?.sender === to.id ? replyEndpoint(this.#replyTo.path) : members.get(to.id)?.endpoint;
    const relay = endpoint == null ? relays.towards(to.id) : undefined;
    const place = endpoint ?? relay?.endpoint;
    if (place == null) return;
    const mac = life.proveLease(to.id, bare);
    if (life.demanded && mac === undefined) return;
    const message = mac === undefined ? bare : { ...bare, mac };
    const destination = { kind: 'unicast' as const, endpoint: place };
    if (relay === undefined) outbox.stage(destination, to.id, message, 'membership');
    else
      outbox.stage(
        destination,
        relay.id,
        { type: 'carry', from: id, boot: own.boot, to: to.id, message },
        'membership',
      );
  }

  /** Where lives are proven, so are questions and answers about leases [P-17.7]. */
  #isProven(message: LeaseAsk | LeaseAnswer, from: Pick<Inbound, 'sender' | 'boot'>): boolean {
    const verdict = this.#ctx.life.checkLease(message, from);
    if (verdict === 'wrong') this.#ctx.counters.drops['bad-proof']++;
    else if (verdict === 'unknown') this.#ctx.counters.drops['no-certificate']++;
    return verdict === 'valid';
  }

  /** In a cluster of certificates the root's policy says whose votes count [P-17.14]. */
  #mayVote(node: NodeId): boolean {
    return this.#ctx.warden?.mayVote(node) ?? true;
  }

  /** Whether an identity is known to live twice: it neither votes nor holds. */
  #isTwin(node: NodeId): boolean {
    return this.#ctx.twins.isTwin(node);
  }
}
