import type { AppValue } from '../../core/value.ts';
import type { Version } from '../../core/version.ts';
import type { Observation } from '../observation.ts';
import type { Checker } from './checker.ts';

/** Versions of one record that are remembered; older ones are rarely relayed any more. */
const VERSIONS_KEPT = 64;

/** One version of a record has one value everywhere, and it is what its owner wrote. */
export class OneValue implements Checker {
  readonly name = 'one-value';
  readonly #values = new Map<string, Map<Version, string>>();

  observe(observation: Observation): string | undefined {
    if (observation.type === 'wrote') {
      const { node, key, version, value, deleted } = observation;
      return deleted ? undefined : this.#compare(node, `${node}/${key}`, version, value);
    }
    if (observation.type !== 'event' || observation.event.type !== 'record') return undefined;
    const { change, record } = observation.event;
    if (change !== 'put') return undefined;
    return this.#compare(observation.node, `${record.owner}/${record.key}`, record.version, record.value);
  }

  #compare(node: string, name: string, version: Version, value: AppValue): string | undefined {
    const print = fingerprint(value);
    let versions = this.#values.get(name);
    if (versions === undefined) {
      versions = new Map();
      this.#values.set(name, versions);
    }
    const known = versions.get(version);
    if (known === undefined) {
      versions.set(version, print);
      if (versions.size > VERSIONS_KEPT) versions.delete(versions.keys().next().value as Version);
      return undefined;
    }
    return known === print
      ? undefined
      : `${node} has ${name} version ${version} as ${print}, elsewhere it is ${known}`;
  }
}

/** Equal for equal values: text for people, with what JSON can't say spelled out. */
function fingerprint(value: AppValue): string {
  if (typeof value === 'number' || typeof value === 'string') return `${value}`;
  return JSON.stringify(value, (_key, part) => {
    if (typeof part === 'bigint') return `int ${part}`;
    if (part instanceof Uint8Array) return `bytes ${part.join(' ')}`;
    return part;
  });
}
