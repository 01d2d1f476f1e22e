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
/** What it says of its ways in it says for so long, though they are better again: each change is a record for everybody. */
const KEEP_MS = 60_000;

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
  /** Since when relays are named, and until when. */
  #sinceMs = Number.NEGATIVE_INFINITY;
  #untilMs = Number.NEGATIVE_INFINITY;

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
    const ids = called.map(({ id }) => id);
    const kept = this.#named.filter((id) => ids.includes(id));
    // Who is called, and isn't reached by UDP, may be so to others as well.
    if (called.some(({ paths }) => isWithoutUdp(paths))) this.#untilMs = nowMs + KEEP_MS;
    const wanted = nowMs < this.#untilMs ? [...new Set([...kept, ...ids])].slice(0, RELAYS_MAX) : [];
    if (this.#named.length === 0 && wanted.length > 0) this.#sinceMs = nowMs;
    const isCutOff = wanted.length > 0 && !this.#isReachedByUdp(nowMs);
    // That UDP works is told at once, that it doesn't only some time after it was said to.
    const isToldOtherwise = isCutOff !== this.#isCutOff && (!isCutOff || nowMs - this.#cutOffMs >= KEEP_MS);
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

function isReachedByUdp(member: Member, nowMs: number): boolean {
  if (member.paths !== undefined) return member.paths.standing('udp') === 'works';
  // What it answered through a helper says nothing of this node's own way.
  const isDirect = member.endpoint?.transport === 'udp' && member.lastHelper === null;
  return isDirect && nowMs - member.provedAtMs < UDP_MS;
}
