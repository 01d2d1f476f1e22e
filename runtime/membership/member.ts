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

/** What was heard of a member by multicast. */
export interface Heard {
  /** The link on which its presence is heard, and until when that counts: what we multicast there reaches it. */
  readonly segment: string | null;
  readonly segmentUntilMs: number;
  /** Until when its presence, in a session that was proven fresh, stands for a probe. */
  readonly vouchedUntilMs: number;
  /** When its next presence is due, by what it announced; Infinity once it answered a probe instead. */
  readonly presenceDueMs: number;
  /** How long after the one before that one was to come. */
  readonly presenceGapMs: number;
}

/** So it is of all members where there is no multicast, and there may be thousands. */
export const UNHEARD: Heard = {
  segment: null,
  segmentUntilMs: Number.NEGATIVE_INFINITY,
  vouchedUntilMs: Number.NEGATIVE_INFINITY,
  presenceDueMs: Number.POSITIVE_INFINITY,
  presenceGapMs: 0,
};

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
  /** Of its presences; a new one is put in the place of the old. */
  heard = UNHEARD;
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
    if (this.heard.presenceDueMs <= nowMs)
      this.heard = { ...this.heard, presenceDueMs: Number.POSITIVE_INFINITY };
  }

  heardByMulticast(nowMs: number): boolean {
    return this.heard.segment !== null && this.heard.segmentUntilMs > nowMs;
  }
}
