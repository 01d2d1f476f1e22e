import type { Observation } from '../observation.ts';
import type { Checker } from './checker.ts';

/** Each time that somebody comes to hold a lease its fence is above all that were held before [P-17.8]. */
export class FenceGrows implements Checker {
  readonly name = 'fence-grows';
  readonly #highest = new Map<string, { readonly fence: number; readonly node: string }>();

  observe(observation: Observation): string | undefined {
    if (observation.type !== 'event' || observation.event.type !== 'lease') return undefined;
    const { node, event } = observation;
    const { name, fence, state } = event;
    if (state !== 'held' || fence === null) return undefined;
    const before = this.#highest.get(name);
    if (before !== undefined && fence <= before.fence)
      return `${node} holds lease ${name} under fence ${fence}, though ${before.node} held it under ${before.fence} before`;
    this.#highest.set(name, { fence, node });
    return undefined;
  }
}
