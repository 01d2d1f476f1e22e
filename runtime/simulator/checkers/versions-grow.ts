import type { Version } from '../../core/version.ts';
import type { Observation } from '../observation.ts';
import type { Checker } from './checker.ts';

/** The versions that a node applies of one record only grow, and so do those that an owner writes of all its records. */
export class VersionsGrow implements Checker {
  readonly name = 'versions-grow';
  readonly #applied = new Map<string, Map<string, Version>>();
  /** An owner's highest version, over all its lives: a version is never used twice [P-1.4]. */
  readonly #written = new Map<string, Version>();

  observe(observation: Observation): string | undefined {
    if (observation.type === 'started') this.#applied.set(observation.node, new Map());
    if (observation.type === 'wrote') {
      const last = this.#written.get(observation.node) ?? 0;
      this.#written.set(observation.node, Math.max(last, observation.version));
      if (observation.version > last) return undefined;
      return `${observation.node} wrote ${observation.key} as version ${observation.version} after version ${last}`;
    }
    if (observation.type !== 'event' || observation.event.type !== 'record') return undefined;
    const { change, record } = observation.event;
    if (change !== 'put' && change !== 'delete') return undefined;
    return this.#apply(observation.node, `${record.owner}/${record.key}`, record.version);
  }

  #apply(node: string, name: string, version: Version): string | undefined {
    let applied = this.#applied.get(node);
    if (applied === undefined) {
      applied = new Map();
      this.#applied.set(node, applied);
    }
    const last = applied.get(name) ?? 0;
    applied.set(name, Math.max(last, version));
    return version > last ? undefined : `${node} applied ${name} version ${version} after version ${last}`;
  }
}
