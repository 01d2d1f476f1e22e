import { fileErrorCode } from '../storage/notice.ts';
import type { Clock } from './clock.ts';
import type { HealthBoard } from './health-board.ts';
import { LEASES_UNSAVED, leasesUnsaved } from './lease-health.ts';

/** Puts what a node promised as a voter on the medium, and shows where that takes nothing. */
export class LeaseSaver {
  readonly #options: {
    readonly clock: Clock;
    readonly health: HealthBoard;
    /** Rejects with the platform's error. */
    readonly save: (kept: Uint8Array) => Promise<void>;
  };

  constructor(options: {
    readonly clock: Clock;
    readonly health: HealthBoard;
    readonly save: (kept: Uint8Array) => Promise<void>;
  }) {
    this.#options = options;
  }

  /** @param tell called once the medium has it, or refused. */
  keep(kept: Uint8Array, tell: (outcome: 'kept' | 'failed') => void): void {
    const { clock, health, save } = this.#options;
    save(kept).then(
      () => {
        health.clear(LEASES_UNSAVED);
        tell('kept');
      },
      (error: unknown) => {
        health.raise(clock.nowMs(), LEASES_UNSAVED, leasesUnsaved(fileErrorCode(error)));
        tell('failed');
      },
    );
  }
}
