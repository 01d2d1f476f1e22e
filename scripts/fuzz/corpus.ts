import { toHex } from '#runtime/core/ids.ts';
import { type RandomSource, randomBelow } from '#runtime/core/random.ts';

const INPUTS_MAX = 4_096;
/** The newest are tried most: what just opened a door has the best chance at the next. Then come the seeds, which are whole and valid. */
const RECENT_SHARE = 0.4;
const RECENT = 12;
const SEED_SHARE = 0.3;

/** The inputs of a run that each reached something new. */
export class Corpus {
  readonly #inputs: Uint8Array[] = [];
  readonly #known = new Set<string>();
  #seeds = 0;

  get inputs(): readonly Uint8Array[] {
    return this.#inputs;
  }

  /** Keeps a copy. @returns whether it wasn't there. */
  add(input: Uint8Array): boolean {
    const name = toHex(input);
    if (this.#known.has(name) || this.#inputs.length >= INPUTS_MAX) return false;
    this.#known.add(name);
    this.#inputs.push(input.slice());
    return true;
  }

  /** What it holds by now are the seeds. */
  sealSeeds(): void {
    this.#seeds = this.#inputs.length;
  }

  pick(random: RandomSource): Uint8Array {
    const { length } = this.#inputs;
    const draw = random.next();
    const from = draw < RECENT_SHARE ? Math.max(0, length - RECENT) : 0;
    const to = draw >= 1 - SEED_SHARE ? this.#seeds : length;
    return this.#inputs[from + randomBelow(random, to - from)];
  }
}
