import { type Endpoint, isNamed } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import type { Version } from '../core/version.ts';
import type { MemberState } from '../core/views.ts';
import { Arrivals } from './arrivals.ts';
import type { NodeFacts } from './node-facts.ts';
import { Paths } from './paths.ts';
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
  /** Where its last authenticated unicast datagram by UDP came from. */
  observed: Endpoint | null = null;
  /** The same by HTTP: where it was called, or the session that it opened. */
  observedHttp: Endpoint | null = null;
  /** Which of its places work; undefined where there is nothing to choose. */
  paths: Paths | undefined;
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

  /** Where to send to: the cheapest way that works, where it was last heard from before what it advertises; null: this node can't by itself. */
  get endpoint(): Endpoint | null {
    if (this.paths !== undefined) return this.paths.best;
    return this.observed ?? this.facts.endpoints[0] ?? null;
  }

  /** Whether it was last heard from there. */
  isObservedAt({ transport, address, port }: Endpoint): boolean {
    const known = transport === 'udp' ? this.observed : this.observedHttp;
    return known?.address === address && known.port === port;
  }

  /** Takes up where it may be reached by now. @param dials the transports by which this node can call others. */
  choosePaths(dials: readonly Endpoint['transport'][]): void {
    const { observed, observedHttp, facts } = this;
    // By UDP alone there is nothing to choose, however many addresses it has: it is where it was last heard from.
    const isByUdp = observedHttp === null && facts.endpoints.every(({ transport }) => transport === 'udp');
    if (this.paths === undefined && isByUdp && dials.includes('udp')) return;
    this.paths ??= new Paths();
    for (const place of [observed, observedHttp]) if (place !== null) this.paths.noteHeard(place);
    const said = facts.endpoints.filter(({ transport }) => dials.includes(transport));
    const places = said.filter((place) => isLikely(place, said, { observed, observedHttp }));
    const heard = [observed, observedHttp].filter((place) => place !== null);
    this.paths.setPlaces([...heard, ...places], said);
  }

  /** Whether it can be asked if it lives: by this node, or by others, whom it names or who can call it. */
  get askable(): boolean {
    const { endpoints, relays } = this.facts;
    return this.endpoint !== null || endpoints.length > 0 || relays !== undefined;
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

/**
 * Whether this node is likely to reach it there: by the family by which it hears the member, where it does. It may have no address of the
 * other one, and each try there would be a fault. Of a listener that is known by its name the family isn't known.
 */
function isLikely(
  place: Endpoint,
  said: readonly Endpoint[],
  heard: { readonly observed: Endpoint | null; readonly observedHttp: Endpoint | null },
): boolean {
  const own = withFamily(place.transport === 'udp' ? heard.observed : heard.observedHttp);
  const known = own ?? withFamily(heard.observed) ?? withFamily(heard.observedHttp);
  if (known === null || familyOf(place) === familyOf(known)) return true;
  if (own !== null) return false;
  return !said.some((other) => other.transport === place.transport && familyOf(other) === familyOf(known));
}

function withFamily(endpoint: Endpoint | null): Endpoint | null {
  return endpoint === null || isNamed(endpoint) ? null : endpoint;
}

function familyOf({ address }: Endpoint): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
