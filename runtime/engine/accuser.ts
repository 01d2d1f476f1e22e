import type { NodeId } from '../core/ids.ts';
import { ACCUSE_SLOTS } from '../core/limits.ts';
import { freshBlock } from '../data/delta.ts';
import type { StoredRecord } from '../data/stored-record.ts';
import {
  type AccusationRecord,
  accuseKey,
  decodeAccusation,
  type Evidence,
  encodeAccusation,
} from '../membership/accusation-record.ts';
import type { Member } from '../membership/member.ts';
import { isRefused, type SuspicionTimes, suspicionTimeMs, suspicionTimes } from '../membership/suspicion.ts';
import { VerdictLog, type Witness } from '../membership/verdict-log.ts';
import type { Block } from '../wire/message.ts';
import { peekVersion } from '../wire/record-codec.ts';
import type { EngineContext } from './context.ts';

/** Accusations outlive the longest suspicion by this much, so that a late hearer still counts them. */
const SUSPECT_TTL_MARGIN_MS = 30_000;
/** A verdict is kept this long for newcomers. */
const DOWN_TTL_MS = 3_600_000;

/** Who reached the accused within this time confirms so much more likely than others. */
const REACHED_MS = 30_000;
const REACHED_FACTOR = 4;
/** A refutation is told anew at most so often: whoever wants to can accuse an incarnation that is over. */
const TOLD_AGAIN_MS = 100;

interface Standing {
  readonly accuser: NodeId;
  readonly key: string;
  readonly record: AccusationRecord;
  readonly madeAtMs: number;
  /** When this node heard of it. */
  readonly heardAtMs: number;
}

/** Carries accusations between the record table and the membership view, and keeps this node's own. */
export class Accuser {
  readonly #ctx: EngineContext;
  readonly #byRecord = new Map<string, Standing>();
  readonly #byTarget = new Map<NodeId, Map<string, Standing>>();
  readonly #log = new VerdictLog();
  #holdUntilMs = Number.NEGATIVE_INFINITY;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
  }

  /** What was said of members and came of it. */
  get log(): Pick<VerdictLog, 'of'> {
    return this.#log;
  }

  /** Who accuses a member's present life, each once. */
  witnesses(member: Member): Witness[] {
    const byAccuser = new Map<NodeId, Witness>();
    for (const { accuser, record, ...times } of this.#byTarget.get(member.id)?.values() ?? []) {
      const isPresent = record.boot === member.boot && record.incarnation === member.facts.incarnation;
      if (isPresent && !byAccuser.has(accuser)) byAccuser.set(accuser, witnessOf(accuser, record, times));
    }
    return [...byAccuser.values()];
  }

  /** Accusers beyond the first that suspicion waits for, in a cluster of the present size. */
  get confirmationsWanted(): number {
    return this.#times().confirmations;
  }

  /** When the verdict on a suspect falls. */
  fallsAtMs(member: Member): number {
    return Math.max(deadlineMs(member, this.#times()), this.#holdUntilMs);
  }

  /** Accusations that stand, or wait until their member is known. */
  get standingCount(): number {
    return this.#byRecord.size;
  }

  /** This node can't reach the target: says so, unless enough others do (B-25). */
  accuse(target: Member, evidence: Evidence, nowMs: number): void {
    this.#ctx.counters.probesFailed++;
    const { confirmations, maxMs } = this.#times();
    if (target.suspicion.size > confirmations || target.suspicion.has(this.#ctx.id)) return;
    this.#put(target, { stage: 'suspect', evidence, ttlMs: maxMs + SUSPECT_TTL_MARGIN_MS }, nowMs);
  }

  /** Before a down member is called: there is something for it to refute. */
  ensureStanding(target: Member, nowMs: number): void {
    if (this.#byTarget.has(target.id) && target.suspicion.size > 0) return;
    this.#put(
      target,
      {
        stage: 'down',
        evidence: { waitedMs: 0, helpers: 0, nacks: 0, localHealth: this.#ctx.health.score },
        ttlMs: DOWN_TTL_MS,
      },
      nowMs,
    );
  }

  /** A member's state has changed: the log keeps in step. */
  noteState({ id, state, boot, facts }: Member, nowMs: number): void {
    if (state === 'down') this.#log.noteDown(id, nowMs);
    else if (state === 'leaving' || state === 'left') this.#log.noteEnd(id, 'left', nowMs);
    else if (state !== 'suspect') this.#log.noteAlive(id, { boot, incarnation: facts.incarnation }, nowMs);
  }

  /** The suspicion stayed unrefuted: an accuser turns its own accusation into a verdict. */
  noteDown(target: Member, nowMs: number): void {
    const own = [...(this.#byTarget.get(target.id)?.values() ?? [])].find(
      (standing) => standing.accuser === this.#ctx.id,
    );
    if (own === undefined || own.record.stage === 'down') return;
    this.#put(target, { stage: 'down', evidence: own.record.evidence, ttlMs: DOWN_TTL_MS }, nowMs);
  }

  /** An accusation's record came, changed or went. */
  onRecord(accuser: NodeId, record: StoredRecord, present: boolean, nowMs: number): void {
    const name = `${accuser}/${record.key}`;
    const before = this.#byRecord.get(name);
    const accusation = present ? decodeAccusation(record.value) : undefined;
    if (before !== undefined) this.#forget(name, before, nowMs, accusation?.target === before.record.target);
    if (accusation === undefined || accusation.target === accuser) return;
    const standing = {
      accuser,
      key: record.key,
      record: accusation,
      madeAtMs: record.setAtMs,
      heardAtMs: nowMs,
    };
    this.#byRecord.set(name, standing);
    const ofTarget = this.#byTarget.get(accusation.target) ?? new Map<string, Standing>();
    this.#byTarget.set(accusation.target, ofTarget.set(name, standing));
    if (accusation.target === this.#ctx.id) this.#answer(standing, nowMs);
    else this.#apply(standing, nowMs);
  }

  /** Whoever sends an accusation of this node that was refuted still believes it: the refutation is told again. */
  heardAgain({ owner, items }: Block, nowMs: number): void {
    const ofSelf = this.#byTarget.get(this.#ctx.id);
    if (ofSelf === undefined) return;
    const records = this.#ctx.table.owner(owner);
    const versions = items.map(({ body }) => peekVersion(body));
    for (const { accuser, key, record } of ofSelf.values()) {
      const version = accuser === owner ? records?.get(key)?.version : undefined;
      if (version !== undefined && versions.includes(version) && this.#isOver(record)) this.#tellAgain(nowMs);
    }
  }

  /** A member, or a new life of it, became known: what was said of it before counts now. */
  onMemberChanged(member: Member, nowMs: number): void {
    for (const standing of this.#byTarget.get(member.id)?.values() ?? []) this.#apply(standing, nowMs);
  }

  /** Two accusations that a suspect or down member must hear of, to refute them (B-10, buddy); those that it has refuted tell it nothing. */
  blocksAbout(target: NodeId, nowMs: number): Block[] {
    const { members, table } = this.#ctx;
    const accusers = members.get(target)?.suspicion;
    const blocks: Block[] = [];
    for (const { accuser, key, record } of this.#byTarget.get(target)?.values() ?? []) {
      if (accusers?.stands(accuser, record) !== true) continue;
      const records = table.owner(accuser);
      const stored = records?.get(key);
      if (records !== undefined && stored !== undefined) blocks.push(freshBlock(records, stored, nowMs));
      if (blocks.length === 2) break;
    }
    return blocks;
  }

  /** The host was stalled: verdicts wait until what came meanwhile was heard. */
  hold(untilMs: number): void {
    this.#holdUntilMs = Math.max(this.#holdUntilMs, untilMs);
  }

  /** The verdict's time: by the age of the accusation, but never before the accused had the least time to answer here. */
  schedule(member: Member, nowMs: number): void {
    if (member.suspicion.size === 0) return;
    const times = this.#times();
    this.#ctx.timers.set(`suspicion/${member.id}`, Math.max(nowMs, deadlineMs(member, times)));
  }

  /** A suspicion's time is over: down, unless this node itself heard from the member since. */
  onDeadline(id: NodeId, nowMs: number): void {
    const member = this.#ctx.members.get(id);
    if (member === undefined || !(member.state === 'suspect' || member.state === 'leaving')) return;
    if (nowMs < this.#holdUntilMs) {
      this.#ctx.timers.set(`suspicion/${id}`, this.#holdUntilMs);
      return;
    }
    const heardMs = member.arrivals.lastMs ?? Number.NEGATIVE_INFINITY;
    if (heardMs > Math.max(member.suspicion.startMs, member.sparedAtMs)) {
      member.sparedAtMs = nowMs;
      this.schedule(member, nowMs);
      this.#ctx.prober.probe(member, nowMs);
      return;
    }
    this.#ctx.members.declareDown(member, nowMs);
  }

  #times() {
    return suspicionTimes(this.#ctx.members.presentCount + 1, this.#ctx.settings);
  }

  /**
   * Somebody can't reach this node: refutes it, and keeps who said so. Who accuses an incarnation that is over hasn't heard the refutation:
   * it may have been lost on all its ways, and is told anew (B-30).
   */
  #answer({ accuser, record, madeAtMs, heardAtMs }: Standing, nowMs: number): void {
    const { id } = this.#ctx;
    const refuted = this.#ctx.self.refute(record, nowMs);
    if (refuted) this.#toldMs = nowMs;
    else if (this.#isOver(record)) this.#tellAgain(nowMs);
    // Late ones join what was refuted; made-up ones of other lives don't push it out.
    if (!refuted && !this.#log.isLatest(id, record)) return;
    this.#log.noteAccused(id, record, witnessOf(accuser, record, { madeAtMs, heardAtMs }));
    if (refuted) this.#log.noteEnd(id, 'refuted', nowMs);
  }

  #tellAgain(nowMs: number): void {
    if (nowMs - this.#toldMs < TOLD_AGAIN_MS) return;
    this.#toldMs = nowMs;
    this.#ctx.self.announce(nowMs);
  }

  #isOver({ boot, incarnation }: AccusationRecord): boolean {
    const { own, self } = this.#ctx;
    return boot < own.boot || (boot === own.boot && incarnation < self.incarnation);
  }

  /** Heard of is what counts: an accusation that came before the life that it speaks of begins to run only now. */
  #apply({ accuser, record, madeAtMs, heardAtMs }: Standing, nowMs: number): void {
    const { target, boot, incarnation, stage, evidence } = record;
    const refused = (evidence.refusals ?? 0) > 0;
    const accusation = { accuser, boot, incarnation, stage, madeAtMs, heardAtMs: nowMs, refused };
    if (this.#ctx.members.accuse(target, accusation, nowMs) !== 'news') return;
    this.#log.noteAccused(target, record, witnessOf(accuser, record, { madeAtMs, heardAtMs }));
    const member = this.#ctx.members.get(target);
    if (member?.state !== 'suspect' && member?.state !== 'leaving') return;
    this.schedule(member, nowMs);
    if (accuser !== this.#ctx.id) this.#confirmSoon(member, nowMs);
  }

  /** About twice as many as are expected to confirm look for themselves at once, so that a true suspicion ends early. */
  #confirmSoon(member: Member, nowMs: number): void {
    const { confirmations } = this.#times();
    if (member.suspicion.size > confirmations) return;
    const share = (2 * (confirmations + 1)) / Math.max(1, this.#ctx.members.presentCount);
    // Who reached it lately may be one of few that do: its probe tells the accused, too.
    const reached = !member.heardByMulticast(nowMs) && nowMs - member.provedAtMs < REACHED_MS;
    if (this.#ctx.random.next() < (reached ? REACHED_FACTOR * share : share))
      this.#ctx.prober.probe(member, nowMs);
  }

  #forget(name: string, { accuser, record }: Standing, nowMs: number, sameTarget: boolean): void {
    this.#byRecord.delete(name);
    const ofTarget = this.#byTarget.get(record.target);
    ofTarget?.delete(name);
    if (ofTarget?.size === 0) this.#byTarget.delete(record.target);
    if (!sameTarget) this.#ctx.members.withdraw(record.target, accuser, nowMs);
  }

  #put(
    target: Member,
    about: { stage: 'suspect' | 'down'; evidence: Evidence; ttlMs: number },
    nowMs: number,
  ): void {
    const key = accuseKey(this.#slotFor(target.id));
    const value = encodeAccusation({
      target: target.id,
      boot: target.boot,
      incarnation: target.facts.incarnation,
      stage: about.stage,
      evidence: about.evidence,
    });
    // Everybody comes to the verdict alone: its record is for those who come later, and in no hurry.
    const urgent = about.stage === 'suspect';
    const ttlMs = Math.round(about.ttlMs);
    this.#ctx.own.putReserved(key, value, nowMs, { ttlMs, priority: urgent ? 'urgent' : 'normal' });
    this.#ctx.spreader.add(this.#ctx.id, key, { urgent, nowMs });
  }

  /** The target's slot, else a free one, else the one that was used longest ago. */
  #slotFor(target: NodeId): number {
    let oldest = 0;
    let oldestMs = Number.POSITIVE_INFINITY;
    let free: number | undefined;
    for (let slot = 0; slot < ACCUSE_SLOTS; slot++) {
      const standing = this.#byRecord.get(`${this.#ctx.id}/${accuseKey(slot)}`);
      if (standing?.record.target === target) return slot;
      if (standing === undefined) free ??= slot;
      else if (standing.madeAtMs < oldestMs) {
        oldest = slot;
        oldestMs = standing.madeAtMs;
      }
    }
    return free ?? oldest;
  }
}

function deadlineMs({ suspicion, sparedAtMs }: Member, times: SuspicionTimes): number {
  const startMs = Math.max(suspicion.startMs, sparedAtMs);
  if (isRefused(times, suspicion.refusedBy)) return Math.max(startMs, suspicion.heardAtMs) + times.refusedMs;
  return Math.max(startMs + suspicionTimeMs(times, suspicion.size - 1), suspicion.heardAtMs + times.minMs);
}

function witnessOf(
  accuser: NodeId,
  { stage, evidence }: AccusationRecord,
  { madeAtMs, heardAtMs }: { readonly madeAtMs: number; readonly heardAtMs: number },
): Witness {
  return { accuser, stage, evidence, madeAtMs, heardAtMs };
}
