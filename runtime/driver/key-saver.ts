import { fileErrorCode } from '../storage/notice.ts';
import type { Clock } from './clock.ts';
import type { HealthBoard } from './health-board.ts';
import type { Scheduler } from './scheduler.ts';

const CODE = 'keyring-unsaved';
const RETRY_MS = 5_000;

export interface KeySaverOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly health: HealthBoard;
  /** Rejects with the platform's error. */
  readonly save: (kept: Uint8Array) => Promise<void>;
}

/**
 * Puts the node's keys on the medium, again and again until it takes them: a node that followed without would be cut off by its next
 * restart, so it doesn't follow, and the others see that.
 */
export class KeySaver {
  readonly #options: KeySaverOptions;
  #stopped = false;
  #cancel: () => void = () => undefined;

  constructor(options: KeySaverOptions) {
    this.#options = options;
  }

  /** Calls back once the bytes are kept. */
  keep(kept: { reveal(): Uint8Array }, done: () => void): void {
    const { save, health, clock, scheduler } = this.#options;
    save(kept.reveal()).then(
      () => {
        health.clear(CODE);
        if (!this.#stopped) done();
      },
      (error: unknown) => {
        health.raise(clock.nowMs(), CODE, {
          severity: 'failure',
          title: 'a change of keys is not saved',
          text: `The data directory can't be written (${fileErrorCode(error)}): this node doesn't follow the change, and will be cut off when the old key is removed. Free some space or make the directory writable; it tries again by itself.`,
        });
        if (!this.#stopped) this.#cancel = scheduler.after(RETRY_MS, () => this.keep(kept, done));
      },
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }
}
