import type { Observation } from '../observation.ts';
import type { Checker } from './checker.ts';

/** At no moment do two nodes hold the same lease [P-17.8]. Each pair of fences is reported once. */
export class OneHolder implements Checker {
  readonly name = 'one-holder';
  readonly #reported = new Set<string>();

  observe(observation: Observation): string | undefined {
    if (observation.type !== 'holders' || observation.holders.length < 2) return undefined;
    const { name, holders } = observation;
    const who = holders.map(({ node, fence }) => `${node} under fence ${fence}`).join(' and ');
    if (this.#reported.has(`${name} ${who}`)) return undefined;
    this.#reported.add(`${name} ${who}`);
    return `lease ${name} is held by ${who} at once`;
  }
}
