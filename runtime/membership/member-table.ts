import { type Endpoint, endpointKey, isDialable } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import type { Version } from '../core/version.ts';
import { bootOf } from '../core/version.ts';
import type { MemberState } from '../core/views.ts';
import { Member, UNHEARD } from './member.ts';
import type { NodeFacts } from './node-facts.ts';
import type { Accusation } from './suspicion.ts';

/** Told of each change of a member's state, after it took place. */
export type StateListener = (member: Member, from: MemberState | undefined, nowMs: number) => void;

/**
 * The membership view: one state per member out of what it declares, who accuses it, and whether it stayed unrefuted. It holds
 * the transition rules; who sends what is decided elsewhere.
 */
export class MemberTable {
  readonly #members = new Map<NodeId, Member>();
  readonly #byEndpoint = new Map<string, NodeId>();
  readonly #onState: StateListener;
  readonly #dials: readonly Endpoint['transport'][];
  #presentList: readonly Member[] | undefined;

  /** @param dials the transports by which this node can call others. */
  constructor(onState: StateListener, dials: readonly Endpoint['transport'][] = ['udp', 'http']) {
    this.#onState = onState;
    this.#dials = dials;
  }

  /** Members that take part, this node not counted. */
  get presentCount(): number {
    return this.present().length;
  }

  get size(): number {
    return this.#members.size;
  }

  get(id: NodeId): Member | undefined {
    return this.#members.get(id);
  }

  all(): IterableIterator<Member> {
    return this.#members.values();
  }

  /** Members that take part, in no particular order. The list is made anew when one comes or goes. */
  present(): readonly Member[] {
    this.#presentList ??= [...this.#members.values()].filter((member) => member.present);
    return this.#presentList;
  }

  /** Of them, those that this node can send to by itself; the others hear through others. */
  reachable(): readonly Member[] {
    return this.present().filter(({ endpoint }) => endpoint !== null);
  }

  /** Takes a member's own record. Older ones change nothing; a newer one refutes what was said of the life before. */
  applyFacts(id: NodeId, version: Version, facts: NodeFacts, nowMs: number): Member {
    const known = this.#members.get(id);
    const boot = bootOf(version);
    if (known === undefined) {
      const member = new Member(id, { facts, boot, nodeVersion: version, state: facts.state, nowMs });
      this.#members.set(id, member);
      member.choosePaths(this.#dials);
      this.#presentList = undefined;
      this.#onState(member, undefined, nowMs);
      return member;
    }
    if (version <= known.nodeVersion) return known;
    const newLife = boot > known.boot;
    const refuted = newLife || facts.incarnation > known.facts.incarnation;
    if (newLife) {
      known.newcomer = false;
      known.arrivals.reset();
      known.observed = null;
      known.observedHttp = null;
      known.paths?.reset();
      const { vouchedUntilMs, presenceDueMs } = UNHEARD;
      known.heard = { ...known.heard, vouchedUntilMs, presenceDueMs };
    }
    // It has left an address that it had said to be its own. (One behind a NAT never says where it seems to be.)
    if (known.observed !== null && has(known.facts, known.observed) && !has(facts, known.observed))
      known.observed = null;
    if (
      known.observedHttp !== null &&
      has(known.facts, known.observedHttp) &&
      !has(facts, known.observedHttp)
    )
      known.observedHttp = null;
    known.boot = boot;
    known.nodeVersion = version;
    known.facts = facts;
    known.choosePaths(this.#dials);
    known.suspicion.keepOnly({ boot, incarnation: facts.incarnation });
    this.#settle(known, { refuted, nowMs });
    return known;
  }

  /**
   * Takes an accusation.
   * @returns `news` where it stands and wasn't known, `old` where it was, is refuted, or is of a life that isn't known here, `unknown` for a member nobody heard of (B-28).
   */
  accuse(target: NodeId, accusation: Accusation, nowMs: number): 'news' | 'old' | 'unknown' {
    const member = this.#members.get(target);
    if (member === undefined) return 'unknown';
    if (accusation.boot !== member.boot || accusation.incarnation !== member.facts.incarnation) return 'old';
    if (!member.accuse(accusation)) return 'old';
    this.#settle(member, { refuted: false, nowMs });
    return 'news';
  }

  /** The accuser no longer says so. */
  withdraw(target: NodeId, accuser: NodeId, nowMs: number): void {
    const member = this.#members.get(target);
    if (member?.suspicion.remove(accuser)) this.#settle(member, { refuted: false, nowMs });
  }

  /** The suspicion stayed unrefuted: down; or left, for one that said it was leaving. */
  declareDown(member: Member, nowMs: number): void {
    this.#enter(member, member.facts.state === 'leaving' ? 'left' : 'down', nowMs);
  }

  /** Proof of life of a down member that no accusation stands against any more. */
  revive(member: Member, nowMs: number): void {
    if (member.state === 'down' && member.suspicion.size === 0)
      this.#enter(member, member.facts.state, nowMs);
  }

  /** Nothing of this member counts any more. Listeners find it `left`, and no more in the table. */
  forget(id: NodeId, nowMs: number): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    const from = member.state;
    this.#presentList = undefined;
    this.#members.delete(id);
    member.state = 'left';
    this.#onState(member, from, nowMs);
  }

  /** Notes the address that an authenticated datagram of a member came from. */
  observe(member: Member, endpoint: Endpoint, key: string): void {
    if (endpoint.transport === 'udp') member.observed = endpoint;
    else member.observedHttp = endpoint;
    member.choosePaths(this.#dials);
    this.#byEndpoint.set(key, member.id);
    if (this.#byEndpoint.size > 4 * this.#members.size + 64) this.#reindex();
  }

  /** Who was last heard from at this address. */
  atEndpoint(key: string): Member | undefined {
    const id = this.#byEndpoint.get(key);
    return id === undefined ? undefined : this.#members.get(id);
  }

  /** Nothing listens there, or the session that was there is over. @returns who was last heard from there. */
  noteUnreachable(endpoint: Endpoint, key: string, nowMs: number): Member | undefined {
    const member = this.atEndpoint(key);
    if (member === undefined) return undefined;
    // A session that is over doesn't come back: the next one is another place.
    if (!isDialable(endpoint) && member.isObservedAt(endpoint)) {
      member.observedHttp = null;
      member.choosePaths(this.#dials);
    }
    member.paths?.noteSilent(endpoint, nowMs);
    return member;
  }

  /** Places where members were before are forgotten; where they are is told once only, by `observe`. */
  #reindex(): void {
    this.#byEndpoint.clear();
    for (const { id, observed, observedHttp } of this.#members.values())
      for (const place of [observed, observedHttp])
        if (place !== null) this.#byEndpoint.set(endpointKey(place), id);
  }

  #settle(member: Member, { refuted, nowMs }: { refuted: boolean; nowMs: number }): void {
    this.#enter(member, nextState(member, refuted), nowMs);
  }

  #enter(member: Member, to: MemberState, nowMs: number): void {
    const from = member.state;
    if (from === to) return;
    const wasPresent = member.present;
    member.state = to;
    member.changedAtMs = nowMs;
    if (member.present !== wasPresent) this.#presentList = undefined;
    this.#onState(member, from, nowMs);
  }
}

function has({ endpoints }: NodeFacts, { transport, address, port }: Endpoint): boolean {
  return endpoints.some(
    (endpoint) => endpoint.address === address && endpoint.port === port && endpoint.transport === transport,
  );
}

/** Left outranks everything of the same life; down ends only by a refutation. */
function nextState(member: Member, refuted: boolean): MemberState {
  const declared = member.facts.state;
  if (declared === 'left') return 'left';
  if (!refuted && (member.state === 'down' || member.state === 'left')) return member.state;
  if (declared === 'leaving') return 'leaving';
  return member.suspicion.size > 0 ? 'suspect' : declared;
}
