import { playSeed } from '#device/simulation/seed-task.ts';
import type { Outcome } from '#device/simulation/worker-pool.ts';
import type { Violation } from '#runtime/simulator/checkers/checker.ts';
import { replayCommand } from '#runtime/simulator/replay.ts';
import type { DrawnRun } from './draw.ts';

/** What a worker tells of one run. */
export interface Verdict {
  readonly trace: string;
  readonly virtualMs: number;
  readonly deliveries: number;
  readonly violations: readonly Violation[];
  readonly violationCount: number;
}

/** A run that must not be: one line of `failures.jsonl`. */
export interface Failure {
  readonly draw: number;
  readonly seed: number;
  readonly replay: string;
  /** What went wrong, for people; one line each. */
  readonly what: readonly string[];
  /** The run's trace, where it came to its end: the replay has the same. */
  readonly trace?: string;
  /** Of the error, where there was one. */
  readonly stack?: string;
}

/** So many runs are played twice, to see that they are the same. */
const REPEATED_EACH = 25;
const LINES_MAX = 5;

/** Plays one run, in a worker. @throws as a broken engine does, and where the same run isn't the same again. */
export function judge({ draw, options, fast }: DrawnRun): Verdict {
  const play = () => playSeed({ options, fast, extras: {} });
  const result = play();
  if (draw % REPEATED_EACH === 0) {
    const again = play();
    if (again.trace.hash !== result.trace.hash)
      throw new Error(
        `the same run was another the second time: trace ${result.trace.hash}, then ${again.trace.hash}`,
      );
  }
  const { virtualMs, deliveries, violations, violationCount } = result;
  return {
    trace: result.trace.hash,
    virtualMs,
    deliveries,
    violations: violations.slice(0, LINES_MAX),
    violationCount,
  };
}

/** @returns undefined where all is well. */
export function failureOf(run: DrawnRun, outcome: Outcome<Verdict>): Failure | undefined {
  const { draw, options, fast } = run;
  const replay = replayCommand(options, { fast });
  const about = { draw, seed: options.seed, replay };
  if (!outcome.ok) return { ...about, what: [outcome.error.message], stack: outcome.error.stack };
  const { violations, violationCount, trace } = outcome.result;
  if (violationCount === 0) return undefined;
  const lines = violations.map(
    ({ checker, atMs, text }) => `${(atMs / 1000).toFixed(3)} s: ${checker}: ${text}`,
  );
  const more = violationCount - lines.length;
  return { ...about, what: more > 0 ? [...lines, `and ${more} more`] : lines, trace };
}
