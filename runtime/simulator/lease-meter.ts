import type { NodeId } from '../core/ids.ts';
import type { LeaseEnd } from '../core/lease-views.ts';
import type { Observation } from './observation.ts';
import { type Percentiles, percentiles } from './statistics.ts';

/** Counts what comes of leases: how often they are had and lost, and how long nobody had one that somebody lost. */
export class LeaseMeter {
  readonly #ends = new Map<LeaseEnd, number>();
  readonly #holders = new Map<string, NodeId>();
  readonly #freeSinceMs = new Map<string, number>();
  readonly #takeoversMs: number[] = [];
  #acquired = 0;

  get acquired(): number {
    return this.#acquired;
  }

  get ends(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#ends].sort());
  }

  /** From the moment at which a holder crashed, or its time was over, until the next one held it. */
  get takeovers(): Percentiles {
    return percentiles(this.#takeoversMs);
  }

  /** Who holds it, as far as events tell. */
  holderOf(name: string): NodeId | undefined {
    return this.#holders.get(name);
  }

  readonly observe = (observation: Observation): void => {
    if (observation.type === 'stopped') {
      for (const [name, node] of this.#holders)
        if (node === observation.node) this.#free(name, observation.atMs);
    }
    if (observation.type !== 'event' || observation.event.type !== 'lease') return;
    const { node, event, atMs } = observation;
    if (event.end !== null) {
      this.#ends.set(event.end, (this.#ends.get(event.end) ?? 0) + 1);
      if (this.#holders.get(event.name) === node) this.#free(event.name, atMs);
      return;
    }
    this.#acquired++;
    const freeSinceMs = this.#freeSinceMs.get(event.name);
    if (freeSinceMs !== undefined) this.#takeoversMs.push(atMs - freeSinceMs);
    this.#freeSinceMs.delete(event.name);
    this.#holders.set(event.name, node);
  };

  #free(name: string, atMs: number): void {
    this.#holders.delete(name);
    this.#freeSinceMs.set(name, atMs);
  }
}
