import { type Endpoint, isDialable } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import { ENDPOINTS_PER_NODE_MAX } from '../core/limits.ts';
import type { Member } from '../membership/member.ts';
import { fitEndpoints } from '../membership/node-facts.ts';
import type { Paths } from '../membership/paths.ts';
import type { EngineContext } from './context.ts';

/** So many relays are named: one may die, and another be about to. */
const RELAYS_MAX = 3;
const TURN_MS = 2_000;
/** Soon, because nobody else knows how to reach this node before. */
const FIRST_TURN_MS = 300;
/** A relay that hasn't proven its life for so long is probed: nobody else would miss this node's way in. */
const PROBE_MS = 8_000;
/** A direct proof of life by UDP counts so long. */
const UDP_MS = 60_000;
/** While others may still send into the void news go by the relays: so long digests make sure that they get there and come from there. */
const GREET_MS = 20_000;
/** What it says of its ways in it says for so long after it needed them last: each change is a record for everybody. */
const KEEP_MS = 60_000;
/** UDP that fails again within this time comes and goes. */
const BLINK_MS = 300_000;

/**
 * Where a member is reached by HTTP and not by UDP this node names a few members that it holds HTTP sessions to: others may be cut off from
 * it likewise, and ask those after it [P-19.11]. Where nobody is reached by UDP it leaves out its addresses for UDP, so that nobody sends
 * into the void. It keeps these sessions in use.
 */
export class RelayKeeper {
  readonly #ctx: EngineContext;
  #named: readonly NodeId[] = [];
  #runs = false;
  /** Whether its addresses for UDP are left out, and since when. */
  #isCutOff = false;
  #cutOffMs = Number.NEGATIVE_INFINITY;
  /** Since when nobody answers by UDP. */
  #silentSinceMs = Number.NEGATIVE_INFINITY;
  /** Since when relays are named. */
  #sinceMs = Number.NEGATIVE_INFINITY;
  /** Of those that are named, until when they are at least. */
  readonly #untilMs = new Map<NodeId, number>();

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
  }

  /** Through whom this node says that it is reached; empty: others reach it by themselves. */
  get named(): readonly NodeId[] {
    return this.#named;
  }

  /** What it says of where it can be reached: of addresses where nothing reaches it, nothing. */
  get endpoints(): readonly Endpoint[] {
    if (this.#named.length === 0) return this.#ctx.endpoints;
    const of = (wanted: Endpoint['transport']) =>
      this.#ctx.endpoints.filter(({ transport }) => transport === wanted);
    const room = ENDPOINTS_PER_NODE_MAX - this.#named.length;
    return fitEndpoints(this.#isCutOff ? [] : of('udp'), of('http'), room).kept;
  }

  /** Who passes something on to a member that this node can't call: one that it names, else one that this node is reached through. */
  towards(id: NodeId): Member | undefined {
    const { members } = this.#ctx;
    const named = [...(members.get(id)?.facts.relays ?? []), ...this.#named];
    return named
      .flatMap((relay) => members.get(relay) ?? [])
      .find((relay) => relay.present && relay.endpoint !== null && relay.id !== id);
  }

  /** Somebody answered by HTTP: from now on there may be relays. */
  noteHttp(nowMs: number): void {
    if (this.#runs) return;
    this.#runs = true;
    this.#ctx.timers.set('relays', nowMs + FIRST_TURN_MS);
  }

  onTurn(nowMs: number): void {
    const { members, prober, timers, self } = this.#ctx;
    const called = members.present().filter(isCalled);
    const wanted = this.#whomToName(called, nowMs);
    if (this.#named.length === 0 && wanted.length > 0) this.#sinceMs = nowMs;
    const isCutOff = wanted.length > 0 && !this.#isReachedByUdp(nowMs);
    if (!isCutOff) this.#silentSinceMs = nowMs;
    // That UDP works is told at once, that it doesn't again only when it has lasted, where it was said to work not long ago.
    const isBelieved = nowMs - this.#cutOffMs >= BLINK_MS || nowMs - this.#silentSinceMs >= KEEP_MS;
    const isToldOtherwise = isCutOff !== this.#isCutOff && (!isCutOff || isBelieved);
    if (wanted.join() !== this.#named.join() || isToldOtherwise) {
      if (isToldOtherwise) {
        this.#isCutOff = isCutOff;
        this.#cutOffMs = nowMs;
      }
      this.#named = wanted;
      self.publish(nowMs);
    }
    for (const member of called) {
      if (!wanted.includes(member.id)) continue;
      if (nowMs - member.provedAtMs > PROBE_MS) prober.probe(member, nowMs);
      if (nowMs - this.#sinceMs < GREET_MS) this.#ctx.sync.greet(member, nowMs);
    }
    // Whether UDP gets there is seen at the first probe: until then nobody else knows how this node is reached.
    const untried = called.filter(({ paths }) => paths?.standing('udp') === 'untried');
    for (const member of untried) prober.probe(member, nowMs);
    this.#runs = called.length > 0 || wanted.length > 0;
    if (this.#runs) timers.set('relays', nowMs + (untried.length > 0 ? FIRST_TURN_MS : TURN_MS));
  }

  /**
   * Those that are named already come first, for as long as they may be needed again: where UDP comes and goes, whom this node calls by HTTP
   * at the moment changes all the time.
   */
  #whomToName(called: readonly Member[], nowMs: number): NodeId[] {
    const until = this.#untilMs;
    // Who is called, and isn't reached by UDP, may be so to others as well.
    const isNeeded = called.some(({ paths }) => isWithoutUdp(paths));
    if (isNeeded) for (const { id } of called) if (until.has(id)) until.set(id, nowMs + KEEP_MS);
    const kept = this.#named.filter(
      (id) => (until.get(id) ?? 0) > nowMs && isCallable(this.#ctx.members.get(id)),
    );
    const wanted = [...new Set([...kept, ...(isNeeded ? called.map(({ id }) => id) : [])])].slice(
      0,
      RELAYS_MAX,
    );
    for (const id of until.keys()) if (!wanted.includes(id)) until.delete(id);
    for (const id of wanted) if (!until.has(id)) until.set(id, nowMs + KEEP_MS);
    return wanted;
  }

  /** Whether UDP is anything to this node at all: somebody answers by it. */
  #isReachedByUdp(nowMs: number): boolean {
    return this.#ctx.members.present().some((member) => isReachedByUdp(member, nowMs));
  }
}

/** Whether it has no place for UDP, or is silent there. */
function isWithoutUdp(paths: Paths | undefined): boolean {
  const standing = paths?.standing('udp') ?? 'none';
  return standing === 'none' || standing === 'silent';
}

/** Whether this node reaches it by a session that it opened itself. */
function isCalled({ endpoint, paths }: Member): boolean {
  return endpoint?.transport === 'http' && isDialable(endpoint) && paths?.standing('http') === 'works';
}

/** Whether this node could go on with the session that it opened to it, as far as it knows. */
function isCallable(member: Member | undefined): boolean {
  const paths = member?.present === true ? member.paths : undefined;
  return paths?.canBeCalled('http') === true && paths.standing('http') !== 'silent';
}

function isReachedByUdp(member: Member, nowMs: number): boolean {
  if (member.paths !== undefined) return member.paths.standing('udp') === 'works';
  // What it answered through a helper says nothing of this node's own way.
  const isDirect = member.endpoint?.transport === 'udp' && member.lastHelper === null;
  return isDirect && nowMs - member.provedAtMs < UDP_MS;
}
