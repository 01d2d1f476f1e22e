import type { NodeId } from '../core/ids.ts';

/** Whether one that was asked something answered. */
interface Outcome {
  readonly target: NodeId;
  readonly atMs: number;
  readonly answered: boolean;
}

/** How far back outcomes count, in milliseconds, and how many of them. */
const WINDOW_MS = 5_000;
const OUTCOMES_MAX = 128;
/** Fewer silent members than this are no pattern. */
const SILENT_MIN = 3;
/** From this share of silent members on it is more likely this node's own link than all of theirs. */
const SILENT_SHARE = 1 / 3;

/**
 * "A third of them went silent at once, and nobody but me says so": then it is more likely that this node's own link is at fault.
 * It counts the members it asked for something lately, as targets of probes and as helpers, each by the latest outcome.
 */
export class SelfDoubt {
  readonly #outcomes: Outcome[] = [];

  note(outcome: Outcome): void {
    this.#outcomes.push(outcome);
    if (this.#outcomes.length > OUTCOMES_MAX) this.#outcomes.shift();
  }

  /**
   * @param isConfirmed whether somebody else accuses this member too.
   * @returns how many of those asked lately were silent, where that speaks against this node itself.
   */
  silent(
    nowMs: number,
    isConfirmed: (target: NodeId) => boolean,
  ): { silent: number; asked: number } | undefined {
    const latest = new Map<NodeId, boolean>();
    for (const { target, atMs, answered } of this.#outcomes)
      if (nowMs - atMs <= WINDOW_MS) latest.set(target, answered);
    const silent = [...latest].filter(([, answered]) => !answered).map(([target]) => target);
    if (silent.length < SILENT_MIN || silent.length < SILENT_SHARE * latest.size) return undefined;
    return silent.some(isConfirmed) ? undefined : { silent: silent.length, asked: latest.size };
  }
}
