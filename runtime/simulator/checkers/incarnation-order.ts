import type { Observation, Observed } from '../observation.ts';
import type { Checker } from './checker.ts';

interface Order {
  readonly boot: number;
  readonly incarnation: number;
}

/** Boots need 20 bits and incarnations 32: together they are one whole number, in the order of the pair. */
const BOOT_STEP = 2 ** 32;
/** Of a member that this node hasn't seen. */
const UNSEEN = 0;

/**
 * Each member's `(boot, incarnation)` only grows in each node's eyes [P-5.9], and nobody has seen one that the member
 * itself never had.
 */
export class IncarnationOrder implements Checker {
  readonly name = 'incarnation-order';
  /** Of each observer, the latest order of each member, by the member's number. */
  readonly #seen = new Map<string, number[]>();
  readonly #numbers = new Map<string, number>();
  readonly #boots = new Map<string, number>();

  observe(observation: Observation): string | undefined {
    if (observation.type === 'started') {
      this.#seen.set(observation.node, []);
      this.#boots.set(observation.node, observation.boot);
    }
    if (observation.type === 'self') return this.#checkSelf(observation);
    if (observation.type !== 'event') return undefined;
    const { event, node } = observation;
    if (event.type === 'boot-behind') this.#adopt(node, event.seenBoot + 1);
    if (event.type !== 'member' || event.to === undefined) return undefined;
    const seen = this.#seenBy(node);
    const member = this.#numberOf(event.id);
    const last = seen[member] ?? UNSEEN;
    const order = orderOf(event);
    if (order < last) return `${node} sees ${event.id} at ${show(order)} after ${show(last)}`;
    while (seen.length < member) seen.push(UNSEEN);
    seen[member] = order;
    const boot = this.#boots.get(event.id);
    if (boot !== undefined && event.boot > boot)
      return `${node} sees ${event.id} at boot ${event.boot}, but it never had more than ${boot}`;
    return undefined;
  }

  #adopt(node: string, boot: number): void {
    this.#boots.set(node, Math.max(this.#boots.get(node) ?? 0, boot));
  }

  #checkSelf({ node, ...self }: Observed<'self'>): string | undefined {
    const own = orderOf(self);
    const member = this.#numberOf(node);
    for (const [observer, seen] of this.#seen) {
      const order = seen[member] ?? UNSEEN;
      if (observer !== node && order > own)
        return `${observer} sees ${node} at ${show(order)}, which itself is only at ${show(own)}`;
    }
    return undefined;
  }

  #seenBy(node: string): number[] {
    let seen = this.#seen.get(node);
    if (seen === undefined) {
      seen = [];
      this.#seen.set(node, seen);
    }
    return seen;
  }

  #numberOf(node: string): number {
    let number = this.#numbers.get(node);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(node, number);
    }
    return number;
  }
}

function orderOf({ boot, incarnation }: Order): number {
  return boot * BOOT_STEP + incarnation;
}

function show(order: number): string {
  return `(boot ${Math.floor(order / BOOT_STEP)}, incarnation ${order % BOOT_STEP})`;
}
