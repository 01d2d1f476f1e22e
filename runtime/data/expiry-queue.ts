import type { NodeId } from '../core/ids.ts';
import { TimerTable } from '../core/timers.ts';
import type { Version } from '../core/version.ts';

/** Names one version of one record. */
export interface RecordName {
  readonly owner: NodeId;
  readonly key: string;
  readonly version: Version;
}

/** When records end, nearest first: one deadline per owner and key, that of the newest version. */
export class ExpiryQueue {
  readonly #timers = new TimerTable();
  readonly #names = new Map<string, RecordName>();

  get nextMs(): number {
    return this.#timers.nextMs;
  }

  add(atMs: number, name: RecordName): void {
    const key = `${name.owner}/${name.key}`;
    this.#names.set(key, name);
    this.#timers.set(key, atMs);
  }

  /** The record went, or was replaced by one that doesn't end. */
  remove(owner: NodeId, key: string): void {
    const name = `${owner}/${key}`;
    if (this.#names.delete(name)) this.#timers.clear(name);
  }

  /** Takes one record whose time is over; undefined where none is. */
  take(nowMs: number): RecordName | undefined {
    const key = this.#timers.takeDue(nowMs);
    if (key === undefined) return undefined;
    const name = this.#names.get(key);
    this.#names.delete(key);
    return name;
  }
}
