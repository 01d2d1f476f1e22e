import type { Observation } from '../observation.ts';
import type { Checker } from './checker.ts';

/** An age doesn't count the time under way, nor in the socket of a node that stands still: a record may outlive its ttl so long. */
const SLACK_MS = 10_000;

interface Expiry {
  readonly version: number;
  readonly atMs: number;
}

/** No node shows a record whose validity is over [P-5.7]. Each (node, record) is reported once. */
export class NoExpired implements Checker {
  readonly name = 'no-expired';
  /** `owner/key` -> when its latest version ends. */
  readonly #expiries = new Map<string, Expiry>();
  readonly #reported = new Set<string>();

  observe(observation: Observation): string | undefined {
    if (observation.type === 'wrote') {
      const { node, key, version, expiresAtMs } = observation;
      if (expiresAtMs === null) this.#expiries.delete(`${node}/${key}`);
      else this.#expiries.set(`${node}/${key}`, { version, atMs: expiresAtMs });
    }
    if (observation.type !== 'shown') return undefined;
    const { node, owner, key, version, atMs } = observation;
    const expiry = this.#expiries.get(`${owner}/${key}`);
    if (expiry === undefined || expiry.version !== version || atMs <= expiry.atMs + SLACK_MS)
      return undefined;
    const name = `${node} ${owner}/${key}`;
    if (this.#reported.has(name)) return undefined;
    this.#reported.add(name);
    return `${node} shows ${owner}/${key} version ${version}, which ended ${Math.round(atMs - expiry.atMs)} ms ago`;
  }
}
