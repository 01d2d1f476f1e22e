import type { Scheduler } from '#runtime/driver/scheduler.ts';
import type { FleetFile, FleetState } from './fleet-file.ts';

/** A medium that takes nothing is tried again. */
export const RETRY_MS = 60_000;

interface KeeperOptions {
  readonly file: Pick<FleetFile, 'save'>;
  readonly scheduler: Pick<Scheduler, 'after'>;
  /** What is to be on the medium now. */
  readonly wanted: () => FleetState;
  /** Told of each write: undefined, it is on the medium. */
  readonly onWrite: (error: unknown) => void;
}

/** Keeps the medium up to what is wanted: one write after the other, each of what is wanted when its turn comes, and again where one failed. */
export class StateKeeper {
  readonly #options: KeeperOptions;
  #writing: Promise<void> = Promise.resolve();
  #isDirty = false;
  #cancelRetry: () => void = () => undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Whether something that was to be saved isn't. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Resolves once it is on the medium. Rejects with the platform's error, and doesn't try again by itself. */
  write(): Promise<void> {
    const turn = this.#writing.then(() => this.#options.file.save(this.#options.wanted()));
    this.#writing = turn.then(
      () => this.#settle(),
      () => undefined,
    );
    return turn;
  }

  /** Never rejects: what couldn't be saved is tried again until it is. */
  async save(): Promise<void> {
    try {
      await this.write();
    } catch (error) {
      this.#isDirty = true;
      this.#options.onWrite(error);
      this.#cancelRetry();
      this.#cancelRetry = this.#options.scheduler.after(RETRY_MS, () => void this.save());
    }
  }

  /** Tries nothing again. */
  stop(): void {
    this.#cancelRetry();
  }

  #settle(): void {
    this.#isDirty = false;
    this.#cancelRetry();
    this.#options.onWrite(undefined);
  }
}
