import type { NodeId } from '../core/ids.ts';
import type { VerdictEnd } from '../core/why.ts';
import type { Evidence } from './accusation-record.ts';

/** Suspicions kept of one member, and of all together: the member whose last one began longest ago goes first. */
export const VERDICTS_PER_MEMBER = 4;
export const VERDICTS_MAX = 512;
/** Accusers kept of one suspicion; further ones are counted. */
export const WITNESSES_MAX = 8;

/** Who accused, and what it saw. Times are on this node's clock. */
export interface Witness {
  readonly accuser: NodeId;
  readonly stage: 'suspect' | 'down';
  readonly madeAtMs: number;
  readonly heardAtMs: number;
  readonly evidence: Evidence;
}

interface Life {
  readonly boot: number;
  readonly incarnation: number;
}

/** One suspicion of one life of a member. */
export interface Verdict {
  readonly boot: number;
  readonly incarnation: number;
  readonly startedMs: number;
  downMs: number | null;
  endedMs: number | null;
  end: VerdictEnd | null;
  accuserCount: number;
  readonly witnesses: Witness[];
}

/**
 * What was said of members and came of it, so that a person can ask an hour later why one flapped. Bounded; a member that was never
 * accused costs nothing.
 */
export class VerdictLog {
  readonly #verdicts = new Map<NodeId, Verdict[]>();
  #size = 0;

  /** Suspicions kept. */
  get size(): number {
    return this.#size;
  }

  /** The last suspicions of a member, the latest first. */
  of(target: NodeId): readonly Verdict[] {
    return [...(this.#verdicts.get(target) ?? [])].reverse();
  }

  /** Whether the latest suspicion of a member is of this life. */
  isLatest(target: NodeId, life: Life): boolean {
    const latest = this.#verdicts.get(target)?.at(-1);
    return latest?.boot === life.boot && latest.incarnation === life.incarnation;
  }

  /**
   * An accusation of this life of the target was news. It joins the suspicion of the same life, where that stands or was refuted; one of
   * a later life shows that the one before was.
   */
  noteAccused(target: NodeId, life: Life, witness: Witness): void {
    const latest = this.#verdicts.get(target)?.at(-1);
    if (latest !== undefined && this.isLatest(target, life) && isAnswerable(latest)) {
      addWitness(latest, witness);
      return;
    }
    this.noteEnd(target, endByLife(latest, life), witness.heardAtMs);
    addWitness(this.#begin(target, life, witness.heardAtMs), witness);
  }

  noteDown(target: NodeId, nowMs: number): void {
    const open = this.#open(target);
    if (open !== undefined) open.downMs ??= nowMs;
  }

  /** The suspicion that stands, if any, is over because the member is in this life now. */
  noteAlive(target: NodeId, life: Life, nowMs: number): void {
    this.noteEnd(target, endByLife(this.#open(target), life), nowMs);
  }

  /** The suspicion that stands, if any, is over. */
  noteEnd(target: NodeId, end: VerdictEnd, nowMs: number): void {
    const open = this.#open(target);
    if (open === undefined) return;
    open.end = end;
    open.endedMs = nowMs;
  }

  #open(target: NodeId): Verdict | undefined {
    const last = this.#verdicts.get(target)?.at(-1);
    return last?.endedMs === null ? last : undefined;
  }

  #begin(target: NodeId, life: Life, startedMs: number): Verdict {
    const verdict: Verdict = {
      boot: life.boot,
      incarnation: life.incarnation,
      startedMs,
      downMs: null,
      endedMs: null,
      end: null,
      accuserCount: 0,
      witnesses: [],
    };
    const kept = this.#verdicts.get(target) ?? [];
    kept.push(verdict);
    this.#size++;
    if (kept.length > VERDICTS_PER_MEMBER) {
      kept.shift();
      this.#size--;
    }
    // Put again at the end: the map's order is that of the last suspicion.
    this.#verdicts.delete(target);
    this.#verdicts.set(target, kept);
    while (this.#size > VERDICTS_MAX) this.#dropOldest();
    return verdict;
  }

  #dropOldest(): void {
    const [oldest] = this.#verdicts;
    if (oldest === undefined) return;
    this.#verdicts.delete(oldest[0]);
    this.#size -= oldest[1].length;
  }
}

/** Whether a further accusation of the same life belongs to it. */
function isAnswerable({ end }: Verdict): boolean {
  return end === null || end === 'refuted' || end === 'restarted';
}

function endByLife(verdict: Verdict | undefined, life: Life): VerdictEnd {
  if (verdict === undefined || life.boot > verdict.boot) return 'restarted';
  if (life.incarnation > verdict.incarnation) return 'refuted';
  return verdict.downMs === null ? 'withdrawn' : 'answered';
}

/** An accuser that says more than before (first suspect, then down) keeps its place and the time of its first word. */
function addWitness(verdict: Verdict, witness: Witness): void {
  const at = verdict.witnesses.findIndex(({ accuser }) => accuser === witness.accuser);
  if (at >= 0) {
    const { madeAtMs, heardAtMs } = verdict.witnesses[at];
    verdict.witnesses[at] = { ...witness, madeAtMs, heardAtMs };
    return;
  }
  // Who isn't kept is counted by its first word only.
  const isKept = verdict.witnesses.length < WITNESSES_MAX;
  if (isKept) verdict.witnesses.push(witness);
  if (isKept || witness.stage === 'suspect') verdict.accuserCount++;
}
