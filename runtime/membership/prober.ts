import { type Endpoint, endpointKey, isSameEndpoint } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import { jitter, type RandomSource, sample } from '../core/random.ts';
import type { TimerTable } from '../core/timers.ts';
import type { Evidence } from './accusation-record.ts';
import { chooseHelpers } from './helpers.ts';
import type { LocalHealth } from './local-health.ts';
import type { Member } from './member.ts';
import type { MemberTable } from './member-table.ts';
import { ProbeOrder } from './probe-order.ts';
import { isOutOfSight, relaysOf, relaysToProbe } from './relayed.ts';
import { RoundTrip } from './rtt.ts';
import { SelfDoubt } from './self-doubt.ts';

export interface ProbeSettings {
  readonly probeIntervalMs: number;
  readonly probeTimeoutMinMs: number;
  readonly probeTimeoutMaxMs: number;
  readonly probeHelpers: number;
}

/** What a prober asks of its surroundings. */
export interface ProbePort {
  /** Sends a ping to the target under a fresh number that leads back to `probe`; where it can't, nothing. */
  ping(probe: Probe, nowMs: number): void;
  /** Asks a helper to ping the target, likewise. */
  pingReq(probe: Probe, helper: Member, nowMs: number): void;
  /** Asks the target's host whether anybody listens there [P-6.9]. @returns whether that was sent. */
  touch(target: Member, nowMs: number): boolean;
  /** The target didn't answer anyone. */
  accuse(target: Member, evidence: Evidence, nowMs: number): void;
  /** So many of those asked lately are silent to this node alone: its own link is suspected first. */
  doubtSelf(silent: { silent: number; asked: number }, nowMs: number): void;
}

/** The verdict falls after this share of the probe interval. */
const VERDICT_SHARE = 0.7;
/** Pings of one probe, at most: at 30 % loss each way half of all pings and acks fail. */
const PINGS_MAX = 8;
/** Helpers are asked after so many unanswered pings, and others after each two more. */
const PINGS_BEFORE_HELP = 2;
const PINGS_BETWEEN_HELP = 2;
const HELP_ROUNDS = 3;
/** So many rounds of helpers that all say "nothing heard" are verdict enough before the time is over. */
const EARLY_ROUNDS = 2;
const EARLY_NACKS_MIN = 3;
/** Random probes take each second turn: the other half of the packets is spent on those that this node watches. */
const RANDOM_EVERY = 2;
/** Who is heard but hasn't proven itself is probed in each so many-th turn. */
const PROVE_EVERY = 8;
/** So long an unwell node accuses nobody; after that it speaks all the same: the others may really be gone. */
const UNWELL_MS_MAX = 5_000;

/** A member that says nowhere how it is reached has so long to say so: helpers that don't know either would only say no. */
const UNREACHED_MS = 10_000;

/** Where UDP fails so many members that can be called by HTTP are asked whether they still hear this node by UDP; not more often than this. */
const CALLS_AT_ONCE = 3;
const CALLS_GAP_MS = 500;

/** Touches of one probe, at most: they and their refusals get lost like anything else. */
const TOUCHES_MAX = 3;

/** One probe under way. */
export interface Probe {
  readonly id: number;
  readonly target: NodeId;
  readonly boot: number;
  /** Where the target is pinged first; null: only others reach it. */
  readonly place: Endpoint | null;
  readonly startedMs: number;
  readonly deadlineMs: number;
  readonly timeoutMs: number;
  /** Pings after the first. */
  step: number;
  /** How often helpers were asked. */
  rounds: number;
  readonly asked: Set<NodeId>;
  readonly nackedBy: Set<NodeId>;
  /** Touches sent, and how many of them the target's host refused. */
  touches: number;
  refusals: number;
  /** Helpers that wanted a proof first, and were asked again with it. */
  readonly askedAgain: Set<NodeId>;
}

/**
 * SWIM's probe cycle: ping, the ping again, helpers, verdict at the end of the interval. Time-outs stretch with local health, and a
 * node that is unwell accuses nobody.
 */
export class Prober {
  readonly #settings: ProbeSettings;
  readonly #members: MemberTable;
  readonly #health: LocalHealth;
  readonly #timers: TimerTable;
  readonly #random: RandomSource;
  readonly #port: ProbePort;
  readonly #order: ProbeOrder;
  readonly #probes = new Map<number, Probe>();
  readonly #targets = new Map<NodeId, Probe>();
  #nextId = 1;
  readonly #roundTrip = new RoundTrip();
  readonly #doubt = new SelfDoubt();
  #turn = 0;
  #calledMs = Number.NEGATIVE_INFINITY;
  #unwellSinceMs = Number.POSITIVE_INFINITY;

  constructor(parts: {
    settings: ProbeSettings;
    members: MemberTable;
    health: LocalHealth;
    timers: TimerTable;
    random: RandomSource;
    port: ProbePort;
  }) {
    this.#settings = parts.settings;
    this.#members = parts.members;
    this.#health = parts.health;
    this.#timers = parts.timers;
    this.#random = parts.random;
    this.#port = parts.port;
    this.#order = new ProbeOrder(parts.random);
  }

  get underWay(): number {
    return this.#probes.size;
  }

  start(nowMs: number): void {
    this.#timers.set('probe', nowMs + this.#random.next() * this.#settings.probeIntervalMs);
  }

  /** Keeps the probe list in step with a member's state. */
  noteState(member: Member): void {
    if (member.present) this.#order.add(member.id);
    else {
      this.#order.remove(member.id);
      this.cancel(member.id);
    }
  }

  /**
   * The interval's turn: every second one probes the next member in random order that isn't vouched for by its multicast presence. The
   * packets of the others are spent on watched members.
   */
  onInterval(nowMs: number): void {
    this.#timers.set('probe', nowMs + jitter(this.#random, this.#settings.probeIntervalMs, 0.05));
    const turn = this.#turn++;
    if (turn % RANDOM_EVERY !== 0) return;
    const toProve = turn % PROVE_EVERY === 0;
    const id = this.#order.next((candidate) => this.#needsProbe(candidate, { toProve, nowMs }));
    const target = id === undefined ? undefined : this.#members.get(id);
    if (target !== undefined) this.probe(target, nowMs);
  }

  /** Starts a probe of this member unless one is under way. */
  probe(target: Member, nowMs: number): void {
    if (this.#targets.has(target.id) || !isAskable(target, nowMs)) return;
    const timeoutMs = this.timeoutFor(target);
    const intervalMs = Math.max(this.#settings.probeIntervalMs, 4 * timeoutMs) * this.#health.multiplier;
    const probe: Probe = {
      id: this.#nextId++,
      target: target.id,
      boot: target.boot,
      place: target.endpoint,
      startedMs: nowMs,
      deadlineMs: nowMs + VERDICT_SHARE * intervalMs,
      timeoutMs: timeoutMs * this.#health.multiplier,
      step: 0,
      rounds: 0,
      asked: new Set(),
      nackedBy: new Set(),
      touches: 0,
      refusals: 0,
      askedAgain: new Set(),
    };
    this.#probes.set(probe.id, probe);
    this.#targets.set(target.id, probe);
    this.#port.ping(probe, nowMs);
    if (probe.place === null) this.#askHelpers(probe, target, { nowMs, isInTurn: true });
    for (const relay of relaysToProbe(target, this.#members, nowMs)) this.probe(relay, nowMs);
    this.#schedule(probe, nowMs);
  }

  /** A probe's ack came after so long: what other members' time-outs go by until they are measured themselves. */
  noteRoundTrip(sampleMs: number): void {
    this.#roundTrip.add(sampleMs);
  }

  /** How long to wait for this member's ack before asking again, in milliseconds. */
  timeoutFor(member: Member): number {
    const { probeTimeoutMinMs, probeTimeoutMaxMs } = this.#settings;
    const highMs = member.roundTrip.highMs ?? this.#roundTrip.highMs;
    return highMs === null
      ? 2 * probeTimeoutMinMs
      : Math.min(Math.max(4 * highMs, probeTimeoutMinMs), probeTimeoutMaxMs);
  }

  /** A probe's next step is due. */
  onStep(probeId: number, nowMs: number): void {
    const probe = this.#probes.get(probeId);
    if (probe === undefined) return;
    const target = this.#members.get(probe.target);
    if (target === undefined || !target.present || target.boot !== probe.boot) {
      this.#end(probe);
      return;
    }
    if (nowMs >= probe.deadlineMs) {
      // A stall ate the interval: nobody was asked, so nothing is known (B-14).
      if (probe.step < PINGS_BEFORE_HELP) this.#end(probe);
      else this.#fail(probe, target, nowMs);
      return;
    }
    if (probe.refusals > 0) {
      this.#end(probe);
      this.#port.accuse(target, this.#evidence(probe, nowMs), nowMs);
      return;
    }
    probe.step++;
    this.#port.ping(probe, nowMs);
    if (probe.place?.transport === 'udp') this.#tryHttp(probe.target, nowMs);
    if (probe.touches < TOUCHES_MAX && this.#port.touch(target, nowMs)) probe.touches++;
    if (probe.step >= PINGS_BEFORE_HELP + PINGS_BETWEEN_HELP * probe.rounds)
      this.#askHelpers(probe, target, { nowMs, isInTurn: true });
    this.#schedule(probe, nowMs);
  }

  /** An ack came for this probe, directly or by a helper (B-4: once). */
  onAck(
    probeId: number,
    { nowMs, helper, place }: { nowMs: number; helper?: NodeId; place?: Endpoint },
  ): void {
    const probe = this.#probes.get(probeId);
    if (probe === undefined) return;
    const target = this.#members.get(probe.target);
    if (target !== undefined) {
      target.lastHelper = helper ?? null;
      target.noteAnswer(nowMs);
    }
    this.#doubt.note({ target: probe.target, atMs: nowMs, answered: true });
    this.#end(probe);
    this.#health.change(-1);
    if (target !== undefined && probe.place !== null && (helper !== undefined || isElsewhere(probe, place)))
      this.#noteMissed(target, probe.place, { pings: probe.step + 1, nowMs });
  }

  /**
   * The target's host says that nobody listens. That may be forged, a firewall's, or over in a moment: helpers are asked at once, and if
   * nobody reached the target until the next step, it is accused. How well this node is itself doesn't matter for that.
   * @param endpoint its key. @returns whether a touch of ours was under way there.
   */
  onRefused(endpoint: string, nowMs: number): boolean {
    let expected = false;
    for (const probe of this.#probes.values()) {
      const target = this.#members.get(probe.target);
      if (target?.endpoint == null || probe.refusals >= probe.touches) continue;
      if (endpointKey(target.endpoint) !== endpoint) continue;
      expected = true;
      probe.refusals++;
      if (probe.asked.size === 0) this.#askHelpers(probe, target, { nowMs, isInTurn: false });
    }
    return expected;
  }

  /** A helper heard nothing either. Once all said so the next ones are asked, and after enough of them the verdict needs no more time. */
  onNack(probeId: number, { nowMs, helper }: { nowMs: number; helper: NodeId }): void {
    const probe = this.#probes.get(probeId);
    if (probe === undefined) return;
    if (probe.asked.has(helper)) probe.nackedBy.add(helper);
    if (probe.nackedBy.size < Math.max(EARLY_NACKS_MIN, probe.asked.size)) return;
    const target = this.#members.get(probe.target);
    if (target === undefined || !target.present || target.boot !== probe.boot) return;
    if (probe.rounds < EARLY_ROUNDS && this.#askHelpers(probe, target, { nowMs, isInTurn: false })) return;
    this.#fail(probe, target, nowMs);
  }

  /** Somebody asks for a proof: a helper that does so has ignored the request, and gets it again behind the answer. */
  onAsked(helper: NodeId, nowMs: number): void {
    for (const probe of this.#probes.values()) {
      if (!probe.asked.has(helper) || probe.nackedBy.has(helper) || probe.askedAgain.has(helper)) continue;
      const member = this.#members.get(helper);
      if (member === undefined) continue;
      probe.askedAgain.add(helper);
      this.#port.pingReq(probe, member, nowMs);
    }
  }

  /** Ends a probe without a verdict (B-13). */
  cancel(target: NodeId): void {
    const probe = this.#targets.get(target);
    if (probe !== undefined) this.#end(probe);
  }

  #needsProbe(id: NodeId, { toProve, nowMs }: { toProve: boolean; nowMs: number }): boolean {
    const member = this.#members.get(id);
    if (member?.present !== true || !isAskable(member, nowMs)) return false;
    if (member.heard.vouchedUntilMs > nowMs || this.#targets.has(id)) return false;
    return toProve || !member.heardByMulticast(nowMs);
  }

  #schedule(probe: Probe, nowMs: number): void {
    const next =
      probe.step < PINGS_MAX ? Math.min(nowMs + probe.timeoutMs, probe.deadlineMs) : probe.deadlineMs;
    this.#timers.set(`step/${probe.id}`, next);
  }

  /** It lives, but didn't answer where it was asked first. Where that may be over it is asked again at once: news go there meanwhile. */
  #noteMissed(target: Member, place: Endpoint, { pings, nowMs }: { pings: number; nowMs: number }): void {
    const { paths } = target;
    if (paths === undefined) return;
    if (paths.noteMissed(place, pings, nowMs)) {
      // What doesn't reach it may reach nobody: the others are asked now, not when their turn comes.
      if (place.transport === 'udp') this.#tryHttp(target.id, nowMs);
      return;
    }
    if (target.present && paths.best !== null && isSameEndpoint(paths.best, place)) this.probe(target, nowMs);
  }

  /**
   * UDP may be dead for all: probes a few members that this node can call by HTTP and still reaches by UDP, as it believes. Each asks both
   * ways from its second ping on, so that sessions are there before others take this node for dead [P-19.10].
   */
  #tryHttp(silent: NodeId, nowMs: number): void {
    if (nowMs - this.#calledMs < CALLS_GAP_MS) return;
    const callable = this.#members.present().filter(({ id, endpoint, paths }) => {
      const isTried = id === silent || this.#targets.has(id) || endpoint?.transport !== 'udp';
      return !isTried && paths?.canBeCalled('http') === true;
    });
    if (callable.length === 0) return;
    this.#calledMs = nowMs;
    for (const member of sample(this.#random, callable, CALLS_AT_ONCE)) this.probe(member, nowMs);
  }

  /** @param about `isInTurn`: whether it is time to ask again, not an answer that hastens it. @returns whether there was anybody left to ask. */
  #askHelpers(
    probe: Probe,
    target: Member,
    { nowMs, isInTurn }: { nowMs: number; isInTurn: boolean },
  ): boolean {
    if (probe.rounds >= HELP_ROUNDS) return false;
    probe.rounds++;
    const relays = relaysOf(target, this.#members);
    const candidates = this.#members.present().filter((member) => {
      const isKnown = member.id === target.id || probe.asked.has(member.id);
      return !isKnown && member.endpoint !== null && (member.state === 'alive' || relays.includes(member));
    });
    const count = this.#settings.probeHelpers;
    const fresh = chooseHelpers(target, candidates, { count, nowMs, random: this.#random });
    // Of a member that only its relays reach each of them is asked again in the next round: they lose requests like anybody, and may be busy.
    const again = fresh.length === 0 && probe.place === null && isInTurn ? relays : [];
    const helpers = [...fresh, ...again.filter(({ endpoint }) => endpoint !== null).slice(0, count)];
    for (const helper of helpers) {
      probe.asked.add(helper.id);
      this.#port.pingReq(probe, helper, nowMs);
    }
    return helpers.length > 0;
  }

  /** No answer to anyone: what it says of this node's own health are the helpers that were silent too (B-19). */
  #fail(probe: Probe, target: Member, nowMs: number): void {
    this.#end(probe);
    if (probe.place !== null) target.paths?.noteSilent(probe.place, nowMs);
    const answered = probe.nackedBy;
    if (isOutOfSight(target, { members: this.#members, answered, nowMs })) return;
    const held = this.#mustHold(probe, nowMs);
    const helpers = [...probe.asked].filter((id) => this.#members.get(id)?.state === 'alive').length;
    const nacks = probe.nackedBy.size;
    this.#health.change(helpers === 0 ? 1 : Math.max(0, helpers - nacks));
    if (held) return;
    this.#port.accuse(target, this.#evidence(probe, nowMs), nowMs);
  }

  #evidence(probe: Probe, nowMs: number): Evidence {
    return {
      waitedMs: nowMs - probe.startedMs,
      helpers: probe.asked.size,
      nacks: probe.nackedBy.size,
      localHealth: this.#health.score,
      refusals: probe.refusals,
    };
  }

  /** Unwell, or silence on all sides that nobody else speaks of; and not for so long that it must be the others. */
  #mustHold(probe: Probe, nowMs: number): boolean {
    const silent = this.#silentSides(probe, nowMs);
    if (silent === undefined && !this.#health.unwell) {
      this.#unwellSinceMs = Number.POSITIVE_INFINITY;
      return false;
    }
    this.#unwellSinceMs = Math.min(this.#unwellSinceMs, nowMs);
    const held = nowMs - this.#unwellSinceMs < UNWELL_MS_MAX;
    if (held && silent !== undefined) this.#port.doubtSelf(silent, nowMs);
    return held;
  }

  /** A helper that answers shows that this node's link works, whatever the share. */
  #silentSides(probe: Probe, nowMs: number) {
    this.#doubt.note({ target: probe.target, atMs: nowMs, answered: false });
    for (const helper of probe.asked) {
      const answered = probe.nackedBy.has(helper) || probe.askedAgain.has(helper);
      this.#doubt.note({ target: helper, atMs: nowMs, answered });
    }
    if (probe.nackedBy.size + probe.askedAgain.size > 0) return undefined;
    return this.#doubt.silent(nowMs, (id) => (this.#members.get(id)?.suspicion.size ?? 0) > 0);
  }

  #end(probe: Probe): void {
    this.#probes.delete(probe.id);
    this.#targets.delete(probe.target);
    this.#timers.clear(`step/${probe.id}`);
  }
}

/** Whether the answer came from elsewhere than where the target was asked first. */
function isElsewhere({ place }: Probe, answered: Endpoint | undefined): boolean {
  return place !== null && answered !== undefined && !isSameEndpoint(place, answered);
}

/** Whether a probe could reach it: by this node or by others. Whoever is nowhere to be reached for a while is asked after all the same. */
function isAskable(member: Member, nowMs: number): boolean {
  return member.askable || nowMs - member.changedAtMs > UNREACHED_MS;
}
