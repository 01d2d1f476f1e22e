import type { Observation, Observed } from '../observation.ts';
import type { Checker } from './checker.ts';

interface Order {
  readonly boot: number;
  readonly incarnation: number;
}

/**
 * Each member's `(boot, incarnation)` only grows in each node's eyes [P-5.9], and nobody has seen one that the member
 * itself never had.
 */
export class IncarnationOrder implements Checker {
  readonly name = 'incarnation-order';
  readonly #seen = new Map<string, Map<string, Order>>();
  readonly #boots = new Map<string, number>();

  observe(observation: Observation): string | undefined {
    if (observation.type === 'started') {
      this.#seen.set(observation.node, new Map());
      this.#boots.set(observation.node, observation.boot);
    }
    if (observation.type === 'self') return this.#checkSelf(observation);
    if (observation.type !== 'event') return undefined;
    const { event, node } = observation;
    if (event.type === 'boot-behind') this.#adopt(node, event.seenBoot + 1);
    if (event.type !== 'member' || event.to === undefined) return undefined;
    const last = this.#seen.get(node)?.get(event.id);
    if (last !== undefined && compare(event, last) < 0)
      return `${node} sees ${event.id} at ${show(event)} after ${show(last)}`;
    let seen = this.#seen.get(node);
    if (seen === undefined) {
      seen = new Map();
      this.#seen.set(node, seen);
    }
    seen.set(event.id, { boot: event.boot, incarnation: event.incarnation });
    const boot = this.#boots.get(event.id);
    if (boot !== undefined && event.boot > boot)
      return `${node} sees ${event.id} at boot ${event.boot}, but it never had more than ${boot}`;
    return undefined;
  }

  #adopt(node: string, boot: number): void {
    this.#boots.set(node, Math.max(this.#boots.get(node) ?? 0, boot));
  }

  #checkSelf({ node, boot, incarnation }: Observed<'self'>): string | undefined {
    const own = { boot, incarnation };
    for (const [observer, seen] of this.#seen) {
      const order = seen.get(node);
      if (observer !== node && order !== undefined && compare(order, own) > 0)
        return `${observer} sees ${node} at ${show(order)}, which itself is only at ${show(own)}`;
    }
    return undefined;
  }
}

function compare(a: Order, b: Order): number {
  return a.boot - b.boot || a.incarnation - b.incarnation;
}

function show({ boot, incarnation }: Order): string {
  return `(boot ${boot}, incarnation ${incarnation})`;
}
