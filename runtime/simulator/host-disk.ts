import { type EventScope, withChanges } from '../coordination/events/event-state.ts';
import type { NodeId } from '../core/ids.ts';
import type { KeptOwner } from '../core/kept-table.ts';
import type { RandomSource } from '../core/random.ts';
import type { KeepFace } from '../engine/keep-face.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A write takes so long until the medium holds it, and again so long until the process hears of it. */
const WRITE_MS_MAX = 15;
const NOTICE_MS_MAX = 5;

/** What a host's medium holds: it outlives the process, and a process may die at any moment of a write. */
export class HostDisk {
  /** `fresh`: the node never lived; `lost`: it did, and the file is gone. */
  leases: Uint8Array | 'fresh' | 'lost' = 'fresh';
  /** What others said, as it was last written; empty: never, or it is lost. */
  table: ReadonlyMap<NodeId, KeptOwner> = new Map();
  /** How far it got with events; undefined: nothing was kept. */
  events: Uint8Array | undefined;
  /** Whether it took what was written of events last. */
  hasEvents = true;
  /** Whether it takes anything: it may be full, or read-only. */
  works = true;
  readonly #clock: VirtualClock;
  readonly #random: RandomSource;

  constructor(clock: VirtualClock, random: RandomSource) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Writes all that is held of others, if it takes anything. */
  writeTable(keep: KeepFace, self: NodeId): void {
    if (!this.works) return;
    const others = keep.changedSince(0).changed.filter(({ owner }) => owner !== self);
    this.table = new Map(others.map((kept) => [kept.owner, { ...kept, entries: [...kept.entries] }]));
  }

  /**
   * Writes, and calls back some time after the medium holds it, or refused.
   * @param lives whether the process that writes still does: what a dead one hadn't written yet is never written.
   */
  write(content: Uint8Array, lives: () => boolean, done: (outcome: 'kept' | 'failed') => void): void {
    this.#write((kept) => (this.leases = kept), content, lives, done);
  }

  /** The same, of how far it got with events. */
  writeEvents(
    { kept: content, scope }: { readonly kept: Uint8Array; readonly scope: EventScope },
    lives: () => boolean,
    done: (outcome: 'kept' | 'failed') => void,
  ): void {
    const put = (kept: Uint8Array) => {
      const { events } = this;
      this.events = scope === 'changes' && events !== undefined ? withChanges(events, kept) : kept;
    };
    this.#write(put, content, lives, (outcome) => {
      this.hasEvents = outcome === 'kept';
      done(outcome);
    });
  }

  #write(
    put: (kept: Uint8Array) => void,
    content: Uint8Array,
    lives: () => boolean,
    done: (outcome: 'kept' | 'failed') => void,
  ): void {
    this.#clock.after(this.#random.next() * WRITE_MS_MAX, () => {
      if (!lives()) return;
      const outcome = this.works ? 'kept' : 'failed';
      if (this.works) put(content.slice());
      this.#clock.after(this.#random.next() * NOTICE_MS_MAX, () => {
        if (lives()) done(outcome);
      });
    });
  }
}
