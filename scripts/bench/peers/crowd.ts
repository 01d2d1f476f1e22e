import type { NodeId } from '#runtime/core/ids.ts';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import type { Condition } from './messages.ts';

/** The key that updates are written under. */
export const UPDATE_KEY = 'bench';

interface Watcher {
  readonly id: NodeId;
  /** Others that it takes for members: alive or, as memberlist counts too, suspect. */
  readonly seen: Set<NodeId>;
}

/** How many nodes came to something, and when the last one did. */
interface Arrivals {
  readonly nodes: Set<number>;
  lastMs: number;
}

/** What the nodes of one process were told, so far that it is counted while it comes: asking each of hundreds takes longer. */
export class Crowd {
  readonly #watchers = new Map<number, Watcher>();
  readonly #joined = new Map<number, Arrivals>();
  readonly #updated = new Map<number, Arrivals>();
  readonly #down = new Map<NodeId, Arrivals>();
  #falseDowns = 0;
  #suspicions = 0;

  /** Verdicts on members that lived. */
  get falseDowns(): number {
    return this.#falseDowns;
  }

  /** Suspicions of members that lived. */
  get suspicions(): number {
    return this.#suspicions;
  }

  add(node: number, id: NodeId): void {
    this.#watchers.set(node, { id, seen: new Set() });
  }

  /** The node has crashed: nobody waits for it any more. */
  remove(node: number): void {
    this.#watchers.delete(node);
    for (const arrivals of [this.#joined, this.#updated, this.#down].flatMap((map) => [...map.values()]))
      arrivals.nodes.delete(node);
  }

  /** The member crashes now: only what is said of it from here on counts, and is no mistake. */
  expectDown(id: NodeId): void {
    this.#down.set(id, { nodes: new Set(), lastMs: 0 });
  }

  /** Takes an event of a node. Such of removed ones don't count. */
  note(node: number, event: EngineEvent, atMs: number): void {
    const watcher = this.#watchers.get(node);
    if (watcher === undefined) return;
    if (event.type === 'record' && event.change === 'put' && event.record.key === UPDATE_KEY)
      arrive(this.#updated, Number.parseInt(String(event.record.value), 10), node, atMs);
    if (event.type === 'member' && event.id !== watcher.id) this.#noteMember(node, watcher, event, atMs);
  }

  /** @returns when the last node came to it; undefined: not all have. */
  met(condition: Condition): number | undefined {
    const arrivals = this.#arrivalsOf(condition);
    // Nobody to wait for, as in a cluster of one: it holds since ever.
    if (condition.type === 'joined' && condition.total <= 1) return 0;
    if (arrivals === undefined || arrivals.nodes.size < this.#watchers.size) return undefined;
    return arrivals.lastMs;
  }

  #arrivalsOf(condition: Condition): Arrivals | undefined {
    switch (condition.type) {
      case 'joined':
        return this.#joined.get(condition.total - 1);
      case 'updated':
        return this.#updated.get(condition.number);
      case 'down':
        return this.#down.get(condition.id);
    }
  }

  #noteMember(
    node: number,
    { seen }: Watcher,
    { id, to }: Extract<EngineEvent, { type: 'member' }>,
    atMs: number,
  ): void {
    const before = seen.size;
    if (to === 'alive' || to === 'suspect') seen.add(id);
    else seen.delete(id);
    if (seen.size !== before) {
      this.#joined.get(before)?.nodes.delete(node);
      arrive(this.#joined, seen.size, node, atMs);
    }
    const crashed = this.#down.get(id);
    if (crashed === undefined) {
      this.#falseDowns += Number(to === 'down');
      this.#suspicions += Number(to === 'suspect');
    } else if (to === 'down') {
      crashed.nodes.add(node);
      crashed.lastMs = atMs;
    } else if (to !== undefined) crashed.nodes.delete(node);
  }
}

function arrive(all: Map<number, Arrivals>, what: number, node: number, atMs: number): void {
  const arrivals = all.get(what);
  if (arrivals === undefined) all.set(what, { nodes: new Set([node]), lastMs: atMs });
  else if (!arrivals.nodes.has(node)) {
    arrivals.nodes.add(node);
    arrivals.lastMs = atMs;
  }
}
