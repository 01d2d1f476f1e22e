import type { RandomSource } from '../core/random.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A write takes so long until the medium holds it, and again so long until the process hears of it. */
const WRITE_MS_MAX = 15;
const NOTICE_MS_MAX = 5;

/** What a host's medium holds of its voter: it outlives the process, and a process may die at any moment of a write. */
export class HostDisk {
  /** `fresh`: the node never lived; `lost`: it did, and the file is gone. */
  leases: Uint8Array | 'fresh' | 'lost' = 'fresh';
  /** Whether it takes anything: it may be full, or read-only. */
  works = true;
  readonly #clock: VirtualClock;
  readonly #random: RandomSource;

  constructor(clock: VirtualClock, random: RandomSource) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Writes, and calls back some time after the medium holds it, or refused.
   * @param lives whether the process that writes still does: what a dead one hadn't written yet is never written.
   */
  write(content: Uint8Array, lives: () => boolean, done: (outcome: 'kept' | 'failed') => void): void {
    this.#clock.after(this.#random.next() * WRITE_MS_MAX, () => {
      if (!lives()) return;
      const outcome = this.works ? 'kept' : 'failed';
      if (this.works) this.leases = content.slice();
      this.#clock.after(this.#random.next() * NOTICE_MS_MAX, () => {
        if (lives()) done(outcome);
      });
    });
  }
}
