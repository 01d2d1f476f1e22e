import type { NodeId } from '../core/ids.ts';
import type { OwnerRecords } from './owner-records.ts';

/** So many are remembered: a digest lists fewer. */
const RECENT_MAX = 64;

/** Owners whose lines moved lately. */
export class RecentOwners {
  /** The latest last. */
  readonly #recent = new Map<NodeId, OwnerRecords>();

  note(records: OwnerRecords): void {
    this.#recent.delete(records.owner);
    this.#recent.set(records.owner, records);
    if (this.#recent.size > RECENT_MAX) this.#dropOldest();
  }

  delete(owner: NodeId): void {
    this.#recent.delete(owner);
  }

  /** Those that moved since `sinceMs`, the latest first, at most `limit` and 64. */
  since(sinceMs: number, limit: number): OwnerRecords[] {
    if (limit === 0) return [];
    const recent: OwnerRecords[] = [];
    for (const records of this.#recent.values()) if (records.changedAtMs > sinceMs) recent.push(records);
    return recent.slice(-limit).reverse();
  }

  #dropOldest(): void {
    for (const oldest of this.#recent.keys()) {
      this.#recent.delete(oldest);
      return;
    }
  }
}
