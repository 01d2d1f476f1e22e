import { performance } from 'node:perf_hooks';
import { SeededRandom } from '#runtime/core/random.ts';
import type { FuzzRun, FuzzTarget } from './contract.ts';
import { Corpus } from './corpus.ts';
import { type CoverageGuide, overlaps, type Parts, without } from './coverage.ts';
import { Mutator } from './mutator.ts';

export interface LoopOptions {
  readonly target: FuzzTarget;
  readonly run: FuzzRun;
  readonly seed: number;
  /** Inputs that earlier runs kept. */
  readonly kept?: readonly Uint8Array[];
  /** Absent: inputs are chosen without regard to what they reach. */
  readonly guide?: CoverageGuide;
  /** Told before each execution: who watches from outside knows what was being run when it hangs. */
  readonly before?: (input: Uint8Array) => void;
}

/** An input that must not do what it does. */
export interface Failure {
  readonly input: Uint8Array;
  readonly error: unknown;
  /** Count of executions until then. */
  readonly execution: number;
}

/** One execution that takes longer, each of three times, is a fault. */
export const SLOW_MS = 1_000;
/** More array buffers than this at once: somebody trusts a length. */
const BUFFER_BYTES_MAX = 512 * 1_048_576;
const OUTCOMES_MAX = 512;
/** Inputs between two looks at the coverage: a look costs milliseconds, and finding out which of many it was several of them. */
const BATCH_MAX = 4_096;

/** Runs inputs, keeps those that reach something new, and makes more of them. */
export class FuzzLoop {
  readonly outcomes: Record<string, number> = {};
  readonly corpus = new Corpus();
  executions = 0;
  slowestMs = 0;
  failure: Failure | undefined;
  readonly #options: LoopOptions;
  readonly #mutator: Mutator;
  readonly #random: SeededRandom;
  #outcomeCount = 0;
  #batch = 1;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#mutator = new Mutator(options.target);
    this.#random = new SeededRandom(options.seed);
  }

  /** Runs the seeds and what was kept. @returns false where one failed. */
  async begin(): Promise<boolean> {
    const { target, kept = [], guide } = this.#options;
    for (const inputs of [target.seeds(), kept]) {
      for (const input of inputs) {
        if (!(await this.#execute(input))) return false;
        this.corpus.add(input);
      }
      if (inputs !== kept) this.corpus.sealSeeds();
    }
    if (guide !== undefined) guide.fresh(guide.take());
    return true;
  }

  /** Runs up to `count` new inputs. @returns false where one failed: see `failure`. */
  async batch(count: number): Promise<boolean> {
    const { guide } = this.#options;
    const inputs: Uint8Array[] = [];
    const number = Math.min(count, this.#batch);
    for (let i = 0; i < number; i++) {
      const parent = this.corpus.pick(this.#random);
      const input = this.#mutator.mutate(this.#random, parent, this.corpus.inputs);
      const before = this.#outcomeCount;
      if (!(await this.#execute(input))) return false;
      if (this.#outcomeCount > before) this.corpus.add(input);
      inputs.push(input);
    }
    if (guide !== undefined) {
      const fresh = guide.fresh(guide.take());
      if (fresh !== undefined) await this.#locate(inputs, fresh);
      this.#batch =
        fresh === undefined ? Math.min(BATCH_MAX, 2 * this.#batch) : Math.max(1, this.#batch >> 2);
    }
    const { arrayBuffers } = process.memoryUsage();
    if (arrayBuffers <= BUFFER_BYTES_MAX) return true;
    return this.#fail(
      inputs.at(-1) ?? new Uint8Array(0),
      new Error(`${arrayBuffers} bytes of array buffers are held`),
    );
  }

  /**
   * The inputs that it takes, besides the seeds, to reach all that was reached, coverage and outcomes alike; the shortest first. Without
   * coverage all.
   */
  async distilled(): Promise<Uint8Array[]> {
    const { guide, run, target } = this.#options;
    if (guide === undefined) return [...this.corpus.inputs];
    const outcomes = new Set<string>();
    guide.forget();
    for (const input of target.seeds()) outcomes.add(await run(input));
    guide.fresh(guide.take());
    const needed: Uint8Array[] = [];
    for (const input of [...this.corpus.inputs].sort((a, b) => a.length - b.length)) {
      const outcome = await run(input);
      const isNew = guide.fresh(guide.take()) !== undefined;
      if (isNew || !outcomes.has(outcome)) needed.push(input);
      outcomes.add(outcome);
    }
    return needed;
  }

  /** Finds by halves which inputs reached what is new, and keeps them. */
  async #locate(inputs: readonly Uint8Array[], fresh: Parts): Promise<void> {
    const { guide, run } = this.#options;
    if (guide === undefined || inputs.length === 0) return;
    if (inputs.length === 1) {
      this.corpus.add(inputs[0]);
      return;
    }
    const middle = inputs.length >> 1;
    let wanted: Parts | undefined = fresh;
    for (const half of [inputs.slice(0, middle), inputs.slice(middle)]) {
      if (wanted === undefined) return;
      for (const input of half) {
        this.#options.before?.(input);
        await run(input);
      }
      const covered = guide.take();
      if (!overlaps(covered, wanted)) continue;
      await this.#locate(half, wanted);
      wanted = without(wanted, covered);
    }
  }

  async #execute(input: Uint8Array): Promise<boolean> {
    const { run, before } = this.#options;
    before?.(input);
    this.executions++;
    try {
      const startMs = performance.now();
      const answer = run(input);
      const outcome = typeof answer === 'string' ? answer : await answer;
      const tookMs = performance.now() - startMs;
      if (tookMs > this.slowestMs) this.slowestMs = tookMs;
      if (tookMs > SLOW_MS && (await this.#isSlow(input)))
        throw new Error(`it takes longer than ${SLOW_MS} ms, each time`);
      this.#count(outcome);
      return true;
    } catch (error) {
      return this.#fail(input, error);
    }
  }

  /** A machine that was busy elsewhere is no fault of the input. */
  async #isSlow(input: Uint8Array): Promise<boolean> {
    for (let i = 0; i < 2; i++) {
      const startMs = performance.now();
      await this.#options.run(input);
      if (performance.now() - startMs <= SLOW_MS) return false;
    }
    return true;
  }

  #fail(input: Uint8Array, error: unknown): false {
    this.failure = { input: input.slice(), error, execution: this.executions };
    return false;
  }

  #count(outcome: string): void {
    const known = this.outcomes[outcome];
    if (known !== undefined) this.outcomes[outcome] = known + 1;
    else if (this.#outcomeCount < OUTCOMES_MAX) {
      this.outcomes[outcome] = 1;
      this.#outcomeCount++;
    }
  }
}
