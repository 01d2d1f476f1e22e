import type { Endpoint } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import type { Version } from '../core/version.ts';
import type { MemberState } from '../core/views.ts';
import { Arrivals } from './arrivals.ts';
import type { NodeFacts } from './node-facts.ts';
import { RoundTrip } from './rtt.ts';
import { type Accusation, Suspicion } from './suspicion.ts';

/** Stands for that of each member that nobody ever accused: most are never, and there may be thousands. Stays empty. */
const UNACCUSED = new Suspicion();

/** One member as this node sees it: what it says of itself, what others say of it, and what was seen of it. */
export class Member {
  readonly id: NodeId;
  facts: NodeFacts;
  boot: number;
  nodeVersion: Version;
  state: MemberState;
  #suspicion = UNACCUSED;
  /** Made when they are first asked for: with most members of a large cluster a node hasn't spoken yet. */
  #roundTrip: RoundTrip | undefined;
  #arrivals: Arrivals | undefined;
  /** How its last datagram that is evidence of life came. */
  heardBy: 'unicast' | 'multicast' | null = null;
  /** When it was last called because it is down. */
  calledAtMs: number | null = null;
  /** Where its last authenticated unicast datagram came from. */
  observed: Endpoint | null = null;
  /** The link on which its presence is heard, and until when that counts: what we multicast there reaches it. */
  segment: string | null = null;
  segmentUntilMs = Number.NEGATIVE_INFINITY;
  /** Until when its presence, in a session that was proven fresh, stands for a probe. */
  vouchedUntilMs = Number.NEGATIVE_INFINITY;
  /** When its next presence is due, by what it announced; Infinity once it answered a probe instead. */
  presenceDueMs = Number.POSITIVE_INFINITY;
  /** How long after the one before that one was to come. */
  presenceGapMs = 0;
  /** When it last proved that it lives, by answering a probe or by a presence that vouches. */
  provedAtMs = Number.NEGATIVE_INFINITY;
  /** Who reached it last when we could not: asked first the next time. */
  lastHelper: NodeId | null = null;
  /** In the first life of it that this node knows of: what it says refutes nothing. */
  newcomer = true;
  /** When its state last changed, on this node's clock. */
  changedAtMs: number;
  /** When it was last spared a verdict because it had been heard since it was accused. */
  sparedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    id: NodeId,
    about: { facts: NodeFacts; boot: number; nodeVersion: Version; state: MemberState; nowMs: number },
  ) {
    this.id = id;
    this.facts = about.facts;
    this.boot = about.boot;
    this.nodeVersion = about.nodeVersion;
    this.state = about.state;
    this.changedAtMs = about.nowMs;
  }

  /** The accusations that stand against it; `accuse` adds to them. */
  get suspicion(): Omit<Suspicion, 'add'> {
    return this.#suspicion;
  }

  /** @returns whether it changed anything. */
  accuse(accusation: Accusation): boolean {
    if (this.#suspicion === UNACCUSED) this.#suspicion = new Suspicion();
    return this.#suspicion.add(accusation);
  }

  get roundTrip(): RoundTrip {
    this.#roundTrip ??= new RoundTrip();
    return this.#roundTrip;
  }

  get arrivals(): Arrivals {
    this.#arrivals ??= new Arrivals();
    return this.#arrivals;
  }

  /** Where to send to: where it was last heard from, else what it advertises. */
  get endpoint(): Endpoint | null {
    return this.observed ?? this.facts.endpoints[0] ?? null;
  }

  /** Whether it takes part: it can be probed and told news. */
  get present(): boolean {
    return (
      this.state === 'joining' ||
      this.state === 'alive' ||
      this.state === 'suspect' ||
      this.state === 'leaving'
    );
  }

  /** It answered a probe: that its presence was overdue meant nothing. */
  noteAnswer(nowMs: number): void {
    this.provedAtMs = nowMs;
    if (this.presenceDueMs <= nowMs) this.presenceDueMs = Number.POSITIVE_INFINITY;
  }

  heardByMulticast(nowMs: number): boolean {
    return this.segment !== null && this.segmentUntilMs > nowMs;
  }
}
