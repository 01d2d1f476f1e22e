import type { NodeId } from '../../core/ids.ts';
import { bootOf, type Version } from '../../core/version.ts';
import type { Observation, Observed } from '../observation.ts';
import type { Checker } from './checker.ts';

/**
 * A node that says it has every live record of an owner up to a version has them [P-5.2]: what it misses below its line nobody
 * would ever send it. Each (node, owner) is reported once. Records with a ttl are left out: one may end on its way.
 */
export class NoGap implements Checker {
  readonly name = 'no-gap';
  /** Owner -> key -> the version that it has, where it is live. */
  readonly #live = new Map<NodeId, Map<string, Version>>();
  /** Node -> `owner/key` -> the highest version that it took or saw removed. */
  readonly #seen = new Map<NodeId, Map<string, Version>>();
  readonly #reported = new Set<string>();

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'started':
        this.#live.delete(observation.node);
        this.#seen.delete(observation.node);
        return undefined;
      case 'wrote':
        this.#noteWritten(observation);
        return undefined;
      case 'event':
        this.#noteSeen(observation);
        return undefined;
      case 'claims':
        return this.#check(observation);
      default:
        return undefined;
    }
  }

  #noteWritten({ node, key, version, deleted, expiresAtMs }: Observed<'wrote'>): void {
    const live = this.#live.get(node) ?? new Map<string, Version>();
    this.#live.set(node, live);
    if (deleted || expiresAtMs !== null) live.delete(key);
    else live.set(key, version);
  }

  #noteSeen({ node, event }: Observed<'event'>): void {
    if (event.type !== 'record') return;
    const { owner, key, version } = event.record;
    const seen = this.#seen.get(node) ?? new Map<string, Version>();
    this.#seen.set(node, seen);
    const name = `${owner}/${key}`;
    seen.set(name, Math.max(seen.get(name) ?? 0, version));
  }

  #check({ node, owner, known }: Observed<'claims'>): string | undefined {
    const seen = this.#seen.get(node);
    for (const [key, version] of this.#live.get(owner) ?? []) {
      // A new boot puts everything again under versions of its own [P-5.6].
      if (version > known || bootOf(version) !== bootOf(known)) continue;
      if ((seen?.get(`${owner}/${key}`) ?? 0) >= version) continue;
      if (this.#reported.has(`${node} ${owner}`)) return undefined;
      this.#reported.add(`${node} ${owner}`);
      return `${node} says it has all of ${owner} up to ${known}, but it never had ${key} version ${version}`;
    }
    return undefined;
  }
}
