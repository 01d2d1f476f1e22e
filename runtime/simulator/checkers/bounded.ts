import type { Observation } from '../observation.ts';
import type { Checker } from './checker.ts';

/** Every queue, table and rate that is gauged stays within its limit. Each (node, gauge) is reported once. */
export class Bounded implements Checker {
  readonly name = 'bounded';
  readonly #reported = new Set<string>();

  observe(observation: Observation): string | undefined {
    if (observation.type !== 'gauge' || observation.value <= observation.max) return undefined;
    const name = `${observation.node} ${observation.name}`;
    if (this.#reported.has(name)) return undefined;
    this.#reported.add(name);
    return `${name} is ${observation.value}, the limit is ${observation.max}`;
  }
}
