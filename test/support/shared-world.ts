import { SharedData, TEND_INTERVAL_MS } from '#runtime/coordination/shared-data/shared-data.ts';
import type { NodeId } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import type { AppValue } from '#runtime/core/value.ts';
import type { CrdtOperation } from '#runtime/data/crdt/crdt-type.ts';
import type { CrdtTypeName } from '#runtime/data/crdt/type-names.ts';
import type { HostIndex } from '#runtime/simulator/network.ts';
import type { World } from '#runtime/simulator/world.ts';

/** Shared data on each host of a simulated world, over its real engine. */
export class SharedWorld {
  readonly world: World;
  readonly #data = new Map<HostIndex, SharedData>();
  /** Own slots as each host's disk holds them. */
  readonly #disks: Map<string, AppValue>[];

  constructor(world: World) {
    this.world = world;
    this.#disks = world.hosts.map(() => new Map());
    world.observe((observation) => {
      if (observation.type === 'event' && observation.event.type === 'record')
        this.#data.get(world.indexOf(observation.node))?.onRecord(observation.event);
    });
    this.#tendForEver();
  }

  /** Starts a host; without its disk it knows nothing of its own former slots. */
  start(host: HostIndex, { disk }: { readonly disk: 'whole' | 'lost' } = { disk: 'whole' }): void {
    const { world } = this;
    if (disk === 'lost') this.#disks[host].clear();
    world.start(host, [host === 0 ? 1 : 0]);
    for (const [key, value] of this.#disks[host])
      world.hosts[host].mutate((engine, nowMs) => engine.put(nowMs, key, value));
    this.#data.set(host, this.#open(host));
  }

  kill(host: HostIndex): void {
    this.#data.delete(host);
    this.world.kill(host);
  }

  of(host: HostIndex): SharedData {
    const data = this.#data.get(host);
    if (data === undefined) throw new Error(`host ${host} is off`);
    return data;
  }

  apply(host: HostIndex, type: CrdtTypeName, name: string, operation: CrdtOperation): void {
    this.of(host).apply(type, name, operation);
  }

  /** What each living host sees of a name. */
  values(name: string): AppValue[] {
    return Array.from(this.#data.values(), (data) => data.get(name)?.value ?? null);
  }

  /** Whether all that live see the same of each name, and nothing waits to be adopted. */
  agrees(names: readonly string[]): boolean {
    const seen = Array.from(this.#data.values(), (data) =>
      JSON.stringify(names.map((name) => [data.get(name)?.value ?? null, data.get(name)?.orphaned ?? false])),
    );
    return new Set(seen).size === 1 && seen[0]?.includes(',true]') === false;
  }

  #open(host: HostIndex): SharedData {
    const { world } = this;
    const { id } = world.hosts[host];
    const ask = <T>(question: Parameters<(typeof this.world.hosts)[0]['mutate']>[0]) =>
      world.hosts[host].mutate(question) as T;
    return new SharedData(
      {
        id,
        boot: world.hosts[host].boot,
        random: new SeededRandom(world.options.seed + world.hosts[host].boot, 1_000 + host),
        nowMs: () => world.hosts[host].localNow(),
        wallMs: () => 0,
        members: () => ask((engine, nowMs) => engine.members(nowMs)),
        records: (key) => ask((engine, nowMs) => engine.records(nowMs, { key })),
        put: (key, value) => {
          world.hosts[host].mutate((engine, nowMs) => engine.put(nowMs, key, value));
          this.#disks[host].set(key, value);
        },
      },
      { soon: (callback) => callback() },
    );
  }

  #tendForEver(): void {
    this.world.clock.after(TEND_INTERVAL_MS, () => {
      for (const data of this.#data.values()) data.tend();
      this.#tendForEver();
    });
  }

  /** The records that a host holds of another, by key: what its slots are. */
  slot(host: HostIndex, owner: NodeId, key: string): AppValue | undefined {
    return this.world.hosts[host].mutate((engine, nowMs) => engine.records(nowMs, { key, owner }))[0]?.value;
  }
}
