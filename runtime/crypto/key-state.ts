import type { NodeId } from '../core/ids.ts';
import { type Fingerprint, KEY_CHANGES_MAX } from '../core/key-views.ts';

/** The number of an operation on keys: a Lamport clock, ties by the node that gave it [P-10.4]. */
export interface Stamp {
  readonly lamport: number;
  readonly by: NodeId;
}

/** The last that was said of a key. */
export interface KeyChange {
  readonly fingerprint: Fingerprint;
  readonly stamp: Stamp;
  readonly state: 'installed' | 'removed';
}

/** The last that was said of what to write with. */
export interface KeyUse {
  readonly fingerprint: Fingerprint;
  readonly stamp: Stamp;
}

/** The highest number of an operation; it counts no boots, so it is never reached in earnest. */
export const LAMPORT_MAX = 2 ** 52 - 1;
/** So far ahead of what is known a number may be: nobody uses up the rest in years of trying [P-10.6]. */
const LEAP_MAX = 2 ** 16;
/** So high the first number may be that a node hears of. */
const FIRST_MAX = 2 ** 51;

/** Positive where `a` is the later one. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.lamport - b.lamport || (a.by < b.by ? -1 : a.by > b.by ? 1 : 0);
}

/**
 * What operators have said of the cluster's keys: the last word on each key, and on which to write with. A join-semilattice: it is the
 * same in whatever order and how often operations are heard. Immutable.
 */
export class KeyState {
  static readonly empty = new KeyState(new Map(), undefined);
  readonly #changes: ReadonlyMap<Fingerprint, KeyChange>;
  readonly use: KeyUse | undefined;

  private constructor(changes: ReadonlyMap<Fingerprint, KeyChange>, use: KeyUse | undefined) {
    this.#changes = changes;
    this.use = use;
  }

  /** Of what was kept; later entries of one key win. */
  static of(changes: readonly KeyChange[], use: KeyUse | undefined): KeyState {
    let state = use === undefined ? KeyState.empty : KeyState.empty.withUse(use);
    for (const change of changes) state = state.with(change);
    return state;
  }

  get changes(): readonly KeyChange[] {
    return [...this.#changes.values()];
  }

  get isEmpty(): boolean {
    return this.#changes.size === 0 && this.use === undefined;
  }

  /** The highest number followed. */
  get clock(): number {
    let clock = this.use?.stamp.lamport ?? 0;
    for (const { stamp } of this.#changes.values()) clock = Math.max(clock, stamp.lamport);
    return clock;
  }

  /** The number of this node's next operation. */
  nextStamp(by: NodeId): Stamp {
    return { lamport: this.clock + 1, by };
  }

  of(fingerprint: Fingerprint): KeyChange | undefined {
    return this.#changes.get(fingerprint);
  }

  /** Whether the number can be that of an honest operation. */
  believes({ lamport }: Stamp): boolean {
    const { clock } = this;
    return lamport <= (clock === 0 ? FIRST_MAX : Math.min(clock + LEAP_MAX, LAMPORT_MAX));
  }

  /** Whether it is later than what is known of its key. */
  isNews(change: KeyChange): boolean {
    const known = this.#changes.get(change.fingerprint);
    return known === undefined || compareStamps(change.stamp, known.stamp) > 0;
  }

  isNewUse(use: KeyUse): boolean {
    return this.use === undefined || compareStamps(use.stamp, this.use.stamp) > 0;
  }

  /** With this change, if it is news. Of too many, the removal of longest ago is forgotten. */
  with(change: KeyChange): KeyState {
    if (!this.isNews(change)) return this;
    const changes = new Map(this.#changes).set(change.fingerprint, change);
    while (changes.size > KEY_CHANGES_MAX) {
      const expendable = [...changes.values()].sort(byExpendability)[0];
      changes.delete(expendable.fingerprint);
    }
    return new KeyState(changes, this.use);
  }

  withUse(use: KeyUse): KeyState {
    return this.isNewUse(use) ? new KeyState(this.#changes, use) : this;
  }

  /**
   * Without what was said of what to write with: a person has given this node another key. The next word on it counts again, and so
   * do those that are as old.
   */
  withoutUse(): KeyState {
    return new KeyState(this.#changes, undefined);
  }

  /** Whether nodes read with this key: nobody removed it, or it is the one to write with, whose removal waits [P-10.5]. */
  wants(fingerprint: Fingerprint): boolean {
    return this.use?.fingerprint === fingerprint || this.#changes.get(fingerprint)?.state !== 'removed';
  }
}

function byExpendability(a: KeyChange, b: KeyChange): number {
  return Number(a.state === 'installed') - Number(b.state === 'installed') || compareStamps(a.stamp, b.stamp);
}
