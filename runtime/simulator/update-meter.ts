import type { AppValue } from '../core/value.ts';
import type { Version } from '../core/version.ts';
import type { PutOptions } from '../core/views.ts';
import type { HostIndex } from './network.ts';
import type { Observation } from './observation.ts';
import { type Percentiles, percentiles } from './statistics.ts';
import type { World } from './world.ts';

interface Update {
  readonly version: Version;
  readonly atMs: number;
  lastArrivalMs: number;
  /** Nodes that have neither this version nor a newer one. */
  readonly missing: Set<HostIndex>;
}

/** Measures how long updates take to reach the nodes that ran when they were written. */
export class UpdateMeter {
  readonly #world: World;
  /** `owner/key` -> updates on their way. */
  readonly #open = new Map<string, Update[]>();
  readonly #deliveries: number[] = [];
  readonly #reachedAll: number[] = [];
  #openCount = 0;

  constructor(world: World) {
    this.#world = world;
    world.observe(this.#observe);
  }

  /** Updates that some running node doesn't have yet, in that version or a newer one. */
  get open(): number {
    return this.#openCount;
  }

  /** From each update until each node had it, in milliseconds. */
  get deliveries(): readonly number[] {
    return this.#deliveries;
  }

  put(host: HostIndex, key: string, value: AppValue, options?: PutOptions): void {
    const atMs = this.#world.nowMs;
    const version = this.#world.put(host, key, value, options);
    const missing = new Set<HostIndex>();
    for (const other of this.#world.hosts)
      if (other.state !== 'off' && other.index !== host) missing.add(other.index);
    if (missing.size === 0) {
      this.#reachedAll.push(0);
      return;
    }
    const name = `${this.#world.hosts[host].id}/${key}`;
    const update = { version, atMs, lastArrivalMs: atMs, missing };
    const updates = this.#open.get(name);
    if (updates === undefined) this.#open.set(name, [update]);
    else updates.push(update);
    this.#openCount++;
  }

  results(): { reachedAllMs: Percentiles; deliveredMs: Percentiles; lost: number } {
    return {
      reachedAllMs: percentiles(this.#reachedAll),
      deliveredMs: percentiles(this.#deliveries),
      lost: this.#openCount,
    };
  }

  readonly #observe = (observation: Observation): void => {
    if (this.#openCount === 0) return;
    if (observation.type === 'stopped') this.#forget(this.#world.indexOf(observation.node));
    if (observation.type !== 'event' || observation.event.type !== 'record') return;
    const { record, change } = observation.event;
    if (change === 'put')
      this.#arrive(`${record.owner}/${record.key}`, {
        holder: this.#world.indexOf(observation.node),
        version: record.version,
        atMs: observation.atMs,
      });
  };

  #arrive(
    name: string,
    arrival: { readonly holder: HostIndex; readonly version: Version; readonly atMs: number },
  ): void {
    const updates = this.#open.get(name);
    if (updates === undefined) return;
    for (const update of updates) {
      if (update.version > arrival.version || !update.missing.delete(arrival.holder)) continue;
      update.lastArrivalMs = arrival.atMs;
      this.#deliveries.push(arrival.atMs - update.atMs);
    }
    this.#close(name, updates);
  }

  /** Nobody waits for a node that is gone. */
  #forget(host: HostIndex): void {
    for (const [name, updates] of this.#open) {
      for (const update of updates) update.missing.delete(host);
      this.#close(name, updates);
    }
  }

  /** Books the updates that nobody misses any more. */
  #close(name: string, updates: readonly Update[]): void {
    const open: Update[] = [];
    for (const update of updates) {
      if (update.missing.size > 0) open.push(update);
      else this.#reachedAll.push(update.lastArrivalMs - update.atMs);
    }
    this.#openCount -= updates.length - open.length;
    if (open.length === 0) this.#open.delete(name);
    else this.#open.set(name, open);
  }
}
