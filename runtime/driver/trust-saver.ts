import { fileErrorCode } from '../storage/notice.ts';
import type { Clock } from './clock.ts';
import type { HealthBoard } from './health-board.ts';
import type { Scheduler } from './scheduler.ts';

const CODE = 'trust-unsaved';
/** At least so long from one write to the next: a fleet that starts tells a dozen things a second. */
const INTERVAL_MS = 1_000;
const RETRY_MS = 5_000;

export interface TrustSaverOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly health: HealthBoard;
  /** Puts what the node lives by at that moment on the medium. Rejects with the platform's error. */
  readonly save: () => Promise<void>;
}

/**
 * Puts what a node lives by in a cluster of certificates on the medium: the first change at once, further ones within a second, and what
 * is left when it closes. A medium that refuses is tried again; the node goes on, because others let it in anew.
 */
export class TrustSaver {
  readonly #options: TrustSaverOptions;
  #changed = false;
  #writing: Promise<void> | undefined;
  /** Set while it rests after a write. */
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(options: TrustSaverOptions) {
    this.#options = options;
  }

  changed(): void {
    this.#changed = true;
    if (!this.#closed && this.#writing === undefined && this.#cancel === undefined) this.#write();
  }

  /** Writes what isn't written yet, once, and rests for good. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#writing;
    if (this.#changed) await this.#write();
  }

  #write(): Promise<void> {
    this.#changed = false;
    this.#writing = this.#writeOnce().then((restMs) => {
      this.#writing = undefined;
      if (this.#closed) return;
      this.#cancel = this.#options.scheduler.after(restMs, () => {
        this.#cancel = undefined;
        if (this.#changed) this.#write();
      });
    });
    return this.#writing;
  }

  /** @returns how long to rest. */
  async #writeOnce(): Promise<number> {
    const { save, health, clock } = this.#options;
    try {
      await save();
      health.clear(CODE);
      return INTERVAL_MS;
    } catch (error) {
      this.#changed = true;
      health.raise(clock.nowMs(), CODE, {
        severity: 'warning',
        title: 'epochs are not saved',
        text: `The data directory can't be written (${fileErrorCode(error)}): the node goes on, but after a restart it knows less of who is revoked, and another member has to let it in anew. Free some space or make the directory writable; it tries again by itself.`,
      });
      return RETRY_MS;
    }
  }
}
