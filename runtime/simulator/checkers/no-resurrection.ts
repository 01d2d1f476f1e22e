import type { Version } from '../../core/version.ts';
import type { Observation } from '../observation.ts';
import type { Checker } from './checker.ts';

/** A record that a node saw deleted, expired or forgotten never comes back to it in that version or an older one. */
export class NoResurrection implements Checker {
  readonly name = 'no-resurrection';
  /** Observer -> `owner/key` -> the highest version that was removed. A new process knows of no removal. */
  readonly #removed = new Map<string, Map<string, Version>>();

  observe(observation: Observation): string | undefined {
    if (observation.type === 'started') this.#removed.set(observation.node, new Map());
    if (observation.type !== 'event' || observation.event.type !== 'record') return undefined;
    const { change, record } = observation.event;
    const removed = this.#removedBy(observation.node);
    const name = `${record.owner}/${record.key}`;
    const removedVersion = removed.get(name);
    if (change !== 'put') {
      removed.set(name, Math.max(removedVersion ?? 0, record.version));
      return undefined;
    }
    if (removedVersion === undefined || record.version > removedVersion) return undefined;
    return `${observation.node} took ${name} back in version ${record.version}, which it saw removed at ${removedVersion}`;
  }

  #removedBy(node: string): Map<string, Version> {
    let removed = this.#removed.get(node);
    if (removed === undefined) {
      removed = new Map();
      this.#removed.set(node, removed);
    }
    return removed;
  }
}
