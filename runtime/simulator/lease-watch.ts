import type { Observation, Observer } from './observation.ts';
import type { World } from './world.ts';

/** Besides the moments at which somebody comes to hold something or to itself again. */
const LOOK_EVERY_MS = 250;

/**
 * Asks all nodes that run, at the same true moment and each by its own clock, which leases they hold: whenever one came to hold one,
 * when a stalled one goes on, and now and then. Between those moments nobody can begin to hold anything.
 */
export class LeaseWatch {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    world.observe(this.#observe);
    world.clock.every(LOOK_EVERY_MS, () => {
      this.#look();
      return true;
    });
  }

  readonly #observe: Observer = (observation: Observation) => {
    const came = observation.type === 'event' && observation.event.type === 'lease';
    const woke = observation.type === 'restored' && observation.cause === 'stalled';
    if (woke) this.#look(observation.node);
    else if (came) this.#look();
  };

  /** @param waking a node that is about to go on: it acts from now on. */
  #look(waking?: string): void {
    const { hosts, nowMs } = this.#world;
    const byName = new Map<string, { node: string; fence: number }[]>();
    for (const host of hosts) {
      if (host.engine === undefined || (host.state !== 'running' && host.id !== waking)) continue;
      const { leases } = host.engine;
      for (const name of this.#world.leaseNames) {
        const own = leases.own(host.localNow(), name);
        if (own?.state !== 'held' || own.fence === null) continue;
        const holders = byName.get(name) ?? [];
        holders.push({ node: host.id, fence: own.fence });
        byName.set(name, holders);
      }
    }
    for (const [name, holders] of byName) this.#world.emit({ type: 'holders', atMs: nowMs, name, holders });
  }
}
