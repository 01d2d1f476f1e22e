import type { SimHost } from './host.ts';
import type { World } from './world.ts';

/** Views are compared on so many nodes: each of them lists all members. */
const HOSTS_CHECKED_MAX = 50;
/** Owners that one node is asked about in one turn. */
const OWNERS_ASKED = 50;

/**
 * Asks nodes for what they say when asked: which records they show, and up to where they claim to know everything. One node a
 * turn, each in its turn; it only looks, and draws no randomness, so that a run is the same without it.
 */
export class Inspector {
  readonly #world: World;
  #turn = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** The turn of the next node; call once a second. */
  onTurn(): void {
    const { hosts } = this.#world;
    const host = hosts[this.#turn % hosts.length];
    const firstOwner = Math.floor(this.#turn / hosts.length) * OWNERS_ASKED;
    this.#turn++;
    if (host.state === 'running') this.#ask(host, firstOwner);
  }

  /** At the end: asks many, and holds what they list against what their events said. */
  conclude(): void {
    const living = this.#world.living();
    const step = Math.max(1, Math.ceil(living.length / HOSTS_CHECKED_MAX));
    for (let i = 0; i < living.length; i += step) {
      const host = living[i];
      for (let owner = 0; owner < this.#world.hosts.length; owner += OWNERS_ASKED) this.#ask(host, owner);
      checkMembers(this.#world, host);
    }
  }

  #ask(host: SimHost, firstOwner: number): void {
    const { id, index, engine } = host;
    const { hosts, nowMs } = this.#world;
    if (engine === undefined) return;
    for (const { owner, key, version } of engine.records(host.localNow()))
      this.#world.emit({ type: 'shown', atMs: nowMs, node: id, owner, key, version });
    for (let i = 0; i < Math.min(OWNERS_ASKED, hosts.length); i++) {
      const owner = hosts[(firstOwner + i) % hosts.length];
      if (owner.index === index) continue;
      const known = engine.knownOf(owner.id);
      if (known > 0) this.#world.emit({ type: 'claims', atMs: nowMs, node: id, owner: owner.id, known });
    }
  }
}

function checkMembers(world: World, host: SimHost): void {
  const views = host.engine?.members(host.localNow()) ?? [];
  for (const view of views) {
    if (view.id === host.id) {
      const { boot, incarnation } = view;
      world.emit({ type: 'self', atMs: world.nowMs, node: host.id, boot, incarnation });
      continue;
    }
    const told = world.members.stateOf(host.index, world.indexOf(view.id));
    if (told === view.state) continue;
    world.emit({
      type: 'settled',
      atMs: world.nowMs,
      agreed: false,
      detail: `node ${host.index} lists ${view.id} as ${view.state}, its events said ${told ?? 'nothing'}`,
    });
  }
}
