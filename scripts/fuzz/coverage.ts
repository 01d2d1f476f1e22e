import { type Profiler, Session } from 'node:inspector';

/** What a number of runs covered: for each function that ran the ranges of its text with their counts, the outer ones first. */
export type Covered = ReadonlyMap<string, readonly Profiler.CoverageRange[]>;
/** Parts of functions: a byte for each character, 1 where it counts. */
export type Parts = ReadonlyMap<string, Uint8Array>;

/** Which code counts: the project's own, not what it uses. */
const OWN = /\/(?:runtime|device|firmware-bridge|board-profiles|test\/support\/fuzz)\//;

/**
 * Tells whether inputs reached code that none before them did, by V8's own block coverage. V8 counts blocks only in functions that
 * it compiles after the start: start it before the code under test is loaded.
 */
export class CoverageGuide {
  readonly #session = new Session();
  readonly #seen = new Map<string, Uint8Array>();
  /** What was seen of a function at once, in short: nearly always it is the same again. */
  readonly #patterns = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  stop(): void {
    this.#post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  /** From now on everything is new again. */
  forget(): void {
    this.take();
    this.#seen.clear();
    this.#patterns.clear();
  }

  /** What ran since the last call. */
  take(): Covered {
    const { result } = this.#post('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType;
    const covered = new Map<string, readonly Profiler.CoverageRange[]>();
    for (const { url, functions } of result) {
      if (!OWN.test(url) || url.includes('/node_modules/')) continue;
      for (const { ranges } of functions) {
        const [{ startOffset, endOffset, count }] = ranges;
        if (count > 0) covered.set(`${url}:${startOffset}:${endOffset}`, ranges);
      }
    }
    return covered;
  }

  /** What of it is new, and from now on known; undefined: nothing. */
  fresh(covered: Covered): Parts | undefined {
    const fresh = new Map<string, Uint8Array>();
    for (const [name, ranges] of covered) {
      const pattern = name + patternOf(ranges);
      if (this.#patterns.has(pattern)) continue;
      this.#patterns.add(pattern);
      const now = paint(ranges);
      const seen = this.#seen.get(name);
      if (seen === undefined) {
        this.#seen.set(name, now.slice());
        fresh.set(name, now);
        continue;
      }
      const added = minus(now, seen);
      if (added === undefined) continue;
      fresh.set(name, added);
      for (let i = 0; i < seen.length; i++) seen[i] |= now[i];
    }
    return fresh.size === 0 ? undefined : fresh;
  }

  #post(method: string, parameters?: object): unknown {
    let answer: unknown;
    this.#session.post(method, parameters, (error, result) => {
      if (error !== null) throw error;
      answer = result;
    });
    return answer;
  }
}

/** Whether something in `covered` is also in `wanted`. */
export function overlaps(covered: Covered, wanted: Parts): boolean {
  for (const [name, want] of wanted) {
    const ranges = covered.get(name);
    if (ranges !== undefined && paint(ranges).some((byte, i) => byte === 1 && want[i] === 1)) return true;
  }
  return false;
}

/** `wanted` without what `covered` has; undefined: nothing is left. */
export function without(wanted: Parts, covered: Covered): Parts | undefined {
  const left = new Map<string, Uint8Array>();
  for (const [name, want] of wanted) {
    const ranges = covered.get(name);
    const rest = ranges === undefined ? want : minus(want, paint(ranges));
    if (rest !== undefined) left.set(name, rest);
  }
  return left.size === 0 ? undefined : left;
}

function patternOf(ranges: readonly Profiler.CoverageRange[]): string {
  let pattern = '';
  for (const { startOffset, endOffset, count } of ranges)
    pattern += ` ${startOffset}${count > 0 ? '+' : '-'}${endOffset}`;
  return pattern;
}

/** A byte for each character of the function, 1 where it ran. Ranges are nested, the outer ones first. */
function paint(ranges: readonly Profiler.CoverageRange[]): Uint8Array {
  const [{ startOffset, endOffset }] = ranges;
  const painted = new Uint8Array(endOffset - startOffset);
  for (const range of ranges)
    painted.fill(range.count > 0 ? 1 : 0, range.startOffset - startOffset, range.endOffset - startOffset);
  return painted;
}

function minus(a: Uint8Array, b: Uint8Array): Uint8Array | undefined {
  let rest: Uint8Array | undefined;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === 0 || b[i] === 1) continue;
    rest ??= new Uint8Array(a.length);
    rest[i] = 1;
  }
  return rest;
}
