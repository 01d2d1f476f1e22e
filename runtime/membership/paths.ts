import { type Endpoint, endpointKey, isDialable } from '../core/endpoint.ts';

/** Pings in a row that nobody answered there, while the member answered elsewhere or by others: it isn't reached there. */
const MISSES_MAX = 3;
/** A cheaper path than the one in use is tried again after so long; each time it stays silent after twice as long. */
const RETRY_MS = 10_000;
const RETRY_MS_MAX = 60_000;
/** A place that falls silent again within this time must answer so often in a row before it counts: else the way changes with each blink. */
const BLINK_MS = 120_000;
const BLINK_ECHOES = 3;
/** Of places where a member was, or said it was, so many are remembered. */
const PLACES_MAX = 16;

/** What a transport costs, compared with the other: a request over TCP takes several times the bytes, and a third party's patience. */
const COSTS: Readonly<Record<Endpoint['transport'], number>> = { udp: 0, http: 1 };

const NO_SPARES: ReadonlySet<string> = new Set();

/** What was seen of one place. */
interface Health {
  okMs: number;
  failedMs: number;
  misses: number;
  /** When it last fell silent after it had worked, and how many answers in a row it owes since, and has given. */
  fellMs: number;
  owed: number;
  given: number;
  /** When it last answered. */
  echoedMs: number;
  /** When it was last tried beside the path in use, and how long until that is done again. */
  triedMs: number;
  gapMs: number;
}

/** How a transport does towards one member: `none` there is no such place, `untried` nothing was seen of it. */
export type PathStanding = 'none' | 'untried' | 'works' | 'silent';

/**
 * The ways to one member that has several: the cheapest that works is in use [P-19.10]. What works is known by echoes, and what doesn't by
 * pings that stayed unanswered while the member was reached otherwise.
 */
export class Paths {
  /** In the order in which they are preferred where nothing is known. */
  #places: readonly Endpoint[] = [];
  /** Of them, those that are tried only where all others are silent. */
  #spares: ReadonlySet<string> = NO_SPARES;
  readonly #health = new Map<string, Health>();
  #best: Endpoint | null = null;

  /** The one in use; null: there is none. */
  get best(): Endpoint | null {
    return this.#best;
  }

  /**
   * Where it may be reached now, the likeliest place of each transport first. What was seen of known ones stays.
   * @param spares places that this node most likely has no route to, so that each try is a fault: for when nothing else is left.
   */
  setPlaces(places: readonly Endpoint[], spares: readonly Endpoint[] = []): void {
    const byKey = new Map(places.map((place) => [endpointKey(place), place]));
    const left = spares.filter((spare) => !byKey.has(endpointKey(spare)));
    this.#spares = left.length === 0 ? NO_SPARES : new Set(left.map(endpointKey));
    for (const spare of left) byKey.set(endpointKey(spare), spare);
    this.#places = [...byKey.values()].sort((a, b) => COSTS[a.transport] - COSTS[b.transport]);
    this.#choose();
  }

  /** It echoed a number that was sent there. */
  noteOk(place: Endpoint, nowMs: number): void {
    const health = this.#healthOf(place);
    health.misses = 0;
    health.gapMs = RETRY_MS;
    health.echoedMs = nowMs;
    health.given++;
    // Where nothing else works there is nothing to wait for.
    if (health.given < health.owed && this.#best !== null && this.#works(this.#best) && !this.#works(place))
      return;
    health.okMs = nowMs;
    if (health.failedMs > nowMs) health.failedMs = nowMs;
    this.#choose();
  }

  /** It was heard from there, and has shown before that it hears there; what was seen since counts more. */
  noteHeard(place: Endpoint): void {
    if (!this.#health.has(endpointKey(place))) this.noteOk(place, 0);
  }

  /** So many pings there stayed unanswered, though the member was reached otherwise. @returns whether it is given up with that. */
  noteMissed(place: Endpoint, pings: number, nowMs: number): boolean {
    const health = this.#healthOf(place);
    health.misses += pings;
    if (health.misses < MISSES_MAX && !this.#failed(place)) return false;
    this.noteSilent(place, nowMs);
    return true;
  }

  /** Nothing reaches it there at present. */
  noteSilent(place: Endpoint, nowMs: number): void {
    const health = this.#healthOf(place);
    if (this.#works(place)) {
      health.owed = nowMs - health.fellMs < BLINK_MS ? BLINK_ECHOES : 0;
      health.fellMs = nowMs;
      health.given = 0;
    }
    // An echo of this very moment came before.
    health.failedMs = Math.max(nowMs, health.okMs + 1);
    health.misses = 0;
    this.#choose();
  }

  /** A new life of the member: nothing that was seen before counts. */
  reset(): void {
    this.#health.clear();
    this.#choose();
  }

  /** Another way than this one, to be tried beside it: one that works, else the one that was silent longest; undefined: there is none. */
  beside(place: Endpoint): Endpoint | undefined {
    const key = endpointKey(place);
    const others = this.#places.filter((other) => endpointKey(other) !== key);
    // Spares come after this one, unless nothing reaches the member there either.
    return this.#preferred(this.#failed(place) ? others : others.filter((other) => !this.#isSpare(other)));
  }

  /** A cheaper way than the one in use whose turn it is to be tried; it counts as silent until it answers. */
  takeRetry(nowMs: number): Endpoint | undefined {
    const best = this.#best;
    if (best === null || COSTS[best.transport] === 0 || !this.#works(best)) return undefined;
    for (const place of this.#places) {
      if (COSTS[place.transport] >= COSTS[best.transport]) return undefined;
      if (this.#isSpare(place)) continue;
      const health = this.#healthOf(place);
      if (nowMs - health.triedMs < health.gapMs) continue;
      if (health.echoedMs < health.triedMs) health.given = 0;
      health.triedMs = nowMs;
      health.gapMs = health.failedMs < 0 ? RETRY_MS : Math.min(2 * health.gapMs, RETRY_MS_MAX);
      this.noteSilent(place, nowMs);
      return place;
    }
    return undefined;
  }

  /** All of them, the cheapest first. */
  all(): { endpoint: Endpoint; standing: Exclude<PathStanding, 'none'> }[] {
    return this.#places.map((endpoint) => {
      const standing = this.#works(endpoint) ? 'works' : this.#failed(endpoint) ? 'silent' : 'untried';
      return { endpoint, standing };
    });
  }

  /** Whether there is a place by this transport that this node can send to of itself. */
  canBeCalled(transport: Endpoint['transport']): boolean {
    return this.#places.some((place) => place.transport === transport && isDialable(place));
  }

  /** How a transport does towards this member. */
  standing(transport: Endpoint['transport']): PathStanding {
    const places = this.#places.filter((place) => place.transport === transport && !this.#isSpare(place));
    if (places.length === 0) return 'none';
    if (places.some((place) => this.#works(place))) return 'works';
    return places.some((place) => !this.#failed(place)) ? 'untried' : 'silent';
  }

  #choose(): void {
    this.#best = this.#preferred(this.#places) ?? null;
  }

  #preferred(places: readonly Endpoint[]): Endpoint | undefined {
    const untried = places.filter((place) => !this.#failed(place));
    const known =
      places.find((place) => this.#works(place)) ??
      untried.find((place) => !this.#isSpare(place)) ??
      untried[0];
    if (known !== undefined) return known;
    let longest: Endpoint | undefined;
    for (const place of places)
      if (longest === undefined || this.#failedMs(place) < this.#failedMs(longest)) longest = place;
    return longest;
  }

  /** One that was reached is as good as any. */
  #isSpare(place: Endpoint): boolean {
    return this.#spares.has(endpointKey(place)) && !this.#works(place);
  }

  #works(place: Endpoint): boolean {
    const health = this.#health.get(endpointKey(place));
    return health !== undefined && health.okMs >= 0 && health.okMs >= health.failedMs;
  }

  #failed(place: Endpoint): boolean {
    const health = this.#health.get(endpointKey(place));
    return health !== undefined && health.failedMs > health.okMs;
  }

  #failedMs(place: Endpoint): number {
    return this.#health.get(endpointKey(place))?.failedMs ?? Number.NEGATIVE_INFINITY;
  }

  #healthOf(place: Endpoint): Health {
    const key = endpointKey(place);
    const known = this.#health.get(key);
    if (known !== undefined) return known;
    const never = Number.NEGATIVE_INFINITY;
    const seen = { okMs: never, failedMs: never, fellMs: never, echoedMs: never, triedMs: never };
    const health = { ...seen, misses: 0, owed: 0, given: 0, gapMs: RETRY_MS };
    if (this.#health.size >= PLACES_MAX) this.#health.delete(this.#health.keys().next().value as string);
    this.#health.set(key, health);
    return health;
  }
}
