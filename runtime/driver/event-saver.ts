import type { EventScope } from '../coordination/events/event-state.ts';
import { fileErrorCode } from '../storage/notice.ts';
import type { Clock } from './clock.ts';
import type { HealthBoard } from './health-board.ts';
import type { Scheduler } from './scheduler.ts';

const UNSAVED = 'events-unsaved';
const HANGING = 'events-held';
const SLOWED = 'events-slowed';
/** A card that is worn out takes seconds; one that takes longer holds events up for good, perhaps. */
const HANG_MS = 5_000;
/** So long people see that somebody sent too much. */
const SLOWED_MS = 600_000;

export interface EventSaverOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly health: HealthBoard;
  /** Puts how far the node got with events on the medium, all of it or what changed since. Rejects with the platform's error. */
  readonly save: (kept: Uint8Array, scope: EventScope) => Promise<void>;
}

/**
 * Puts how far a node got with events on the medium, before they are delivered. A medium that refuses holds nothing up: the events are
 * delivered, and once more after a restart, which a health item says. One that doesn't answer holds them up, which another one says.
 */
export class EventSaver {
  readonly #options: EventSaverOptions;
  #writing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: EventSaverOptions) {
    this.#options = options;
  }

  /** @param done called once the medium has it, or refused. Call it again only after that. */
  keep(
    { kept, scope }: { readonly kept: Uint8Array; readonly scope: EventScope },
    done: (outcome: 'kept' | 'failed') => void,
  ): void {
    if (this.#isClosed) return;
    const writing = this.#write(kept, scope).then((outcome) => {
      this.#writing = undefined;
      done(outcome);
    });
    this.#writing = writing;
  }

  /** Events were so many that some had to wait: this sender's; undefined: those of all together. */
  noteSlowed(sender: string | undefined): void {
    const { health, clock } = this.#options;
    health.raise(
      clock.nowMs(),
      SLOWED,
      {
        severity: 'warning',
        title: 'events are delivered late',
        text: `${sender === undefined ? 'So many events of all members' : `So many events of ${sender}`} came that writing each down would wear the data directory out: what is beyond the budget is delivered together, about ${sender === undefined ? 'half a minute' : 'a minute'} late, and what is far beyond it is lost and told so. Send fewer, or put what changes often into records.`,
      },
      SLOWED_MS,
    );
  }

  /** Resolves when `isSettled`, as far as the medium answers, or `timeoutMs` later. */
  async settled(isSettled: () => boolean, timeoutMs: number): Promise<void> {
    let isOver = false;
    let cancel: () => void = () => undefined;
    const timeout = new Promise<void>((resolve) => {
      cancel = this.#options.scheduler.after(timeoutMs, () => {
        isOver = true;
        resolve();
      });
    });
    while (!isOver && this.#writing !== undefined && !isSettled())
      await Promise.race([this.#writing, timeout]);
    cancel();
  }

  /** Begins no further write; resolves when the one under way is over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
  }

  async #write(kept: Uint8Array, scope: EventScope): Promise<'kept' | 'failed'> {
    const { save, health, clock, scheduler } = this.#options;
    const cancel = scheduler.after(HANG_MS, () => health.raise(clock.nowMs(), HANGING, HELD));
    try {
      await save(kept, scope);
      health.clear(UNSAVED);
      return 'kept';
    } catch (error) {
      health.raise(clock.nowMs(), UNSAVED, {
        severity: 'warning',
        title: 'what was delivered of events is not saved',
        text: `The data directory can't be written (${fileErrorCode(error)}): events are delivered, but those of the last minutes would be delivered again after a restart. Free some space or make the directory writable; it tries again within a minute, and when the node stops.`,
      });
      return 'failed';
    } finally {
      cancel();
      health.clear(HANGING);
    }
  }
}

const HELD = {
  severity: 'warning',
  title: 'events wait for the data directory',
  text: `The data directory takes longer than ${HANG_MS / 1_000} s to note how far this node got with events: they are delivered once it has. Nothing is lost meanwhile. Check the storage medium: a card that is worn out does this.`,
} as const;
