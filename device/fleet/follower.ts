import type { Clock } from '#runtime/driver/clock.ts';
import type { HealthItem } from '#runtime/driver/contract.ts';
import type { LogSink } from '#runtime/driver/log.ts';
import type { Scheduler } from '#runtime/driver/scheduler.ts';
import { fileErrorCode } from '#runtime/storage/notice.ts';
import type { ConfigTree } from '../config/config-path.ts';
import { Conditions } from '../daemon/conditions.ts';
import { asksTheSame, compareDocuments, type FleetDocument, nameOf, versionOf } from './document.ts';
import { type FleetFile, type FleetState, hasCrashed, NO_STATE } from './fleet-file.ts';

/** A board that lives so long with a document, and ends no life within it, is believed to bear it. */
const TRIAL_MS = 30_000;
/** A medium that takes nothing is tried again. */
const RETRY_MS = 60_000;

export interface FollowerOptions {
  readonly file: FleetFile;
  /** Makes settings count on this board; undefined: none of the fleet. Rejects, or throws, where they can't; then others may count in part. */
  readonly apply: (config: ConfigTree | undefined, origin: string) => Promise<void>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly scheduler: Pick<Scheduler, 'after'>;
  readonly log: LogSink;
}

/** What a board didn't take. */
export interface Refusal {
  readonly document: FleetDocument;
  readonly why: string;
}

/**
 * Makes one board run what it is to run, and remembers it: on the medium before it counts, so that a document of which the daemon dies is
 * known at the next start, and not tried again.
 */
export class FleetFollower {
  readonly #options: FollowerOptions;
  readonly #conditions: Conditions;
  #state: FleetState = NO_STATE;
  #refusal: (Refusal & { readonly againMs: number }) | undefined;
  #sinceMs: number;
  #cancelTrial: () => void = () => undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#conditions = new Conditions(() => options.clock.nowMs());
    this.#sinceMs = options.clock.nowMs();
  }

  get running(): FleetDocument | undefined {
    return this.#state.running;
  }

  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** Documents for all that it has heard of, the newest first. */
  get history(): readonly FleetDocument[] {
    return this.#state.history;
  }

  /** Since when it runs what it runs, by the clock. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  health(): HealthItem[] {
    return this.#conditions.items();
  }

  /**
   * Takes up what an earlier life ran. Never rejects.
   * @param isWelcome whether this board takes settings from others at all.
   */
  async start(isWelcome: boolean): Promise<void> {
    const { file, log } = this.#options;
    const { state, damage } = await file.load();
    if (damage !== undefined)
      this.#raise(
        'fleet-damaged',
        'settings of the fleet lost',
        `${file.path} ${damage}. They come again from the other boards; nothing to do. If it happens again, check the storage medium.`,
      );
    const { running, before, crashed } = state;
    this.#state = isWelcome ? state : { ...state, running: undefined, starts: 0 };
    if (running === undefined || !isWelcome) return;
    if (!hasCrashed(state)) {
      if ((await this.#takeUp(running, state)) || before === undefined) return;
      await this.#takeUp(before, { ...state, running: before, isProven: true, starts: 0 });
      return;
    }
    log('error', 'fleet-crashed', { version: versionOf(running) });
    const after = { ...state, running: undefined, isProven: false, starts: 0 };
    this.#state = { ...after, before: undefined, crashed: [versionOf(running), ...crashed] };
    await this.#save(this.#state);
    this.#refuse(running, CRASHED);
    if (before !== undefined) await this.#takeUp(before, { ...this.#state, running: before, isProven: true });
  }

  /** Ends as it should: what it runs isn't to blame. Never rejects. */
  async stop(): Promise<void> {
    this.#cancelTrial();
    if (this.#state.starts > 0) await this.#save({ ...this.#state, starts: 0 });
  }

  /** Whether the record that it got its settings from is gone, with its owner. */
  noteOrphan(isOrphan: boolean): void {
    const code = 'fleet-orphaned';
    if (!isOrphan) this.#conditions.clear(code);
    else
      this.#conditions.raise(code, {
        code,
        severity: 'info',
        title: "nobody tells the fleet's settings any more",
        text: 'The board that they were set on is forgotten. All go on with them, but a new board would not hear of them. Set them again on a board that stays: gridvine fleet show --document | gridvine fleet set -',
      });
  }

  /** Remembers a document for all, to go back to. */
  note(document: FleetDocument): void {
    const { history } = this.#state;
    if (history.some((known) => compareDocuments(known, document) === 0)) return;
    const all = [document, ...history].sort((a, b) => compareDocuments(b, a));
    this.#state = { ...this.#state, history: all };
  }

  /**
   * Runs a document if it is newer than what it runs, and bearable; else keeps what it runs and says why. Never rejects.
   * @param isWelcome whether this board takes settings from others at all.
   */
  async follow(document: FleetDocument, isWelcome: boolean): Promise<void> {
    const { running, crashed } = this.#state;
    if (running !== undefined && compareDocuments(document, running) <= 0) return;
    if (this.#isRefused(document)) return;
    if (!isWelcome) this.#refuse(document, 'this board takes no settings of the fleet (fleet.accept: off)');
    else if (crashed.includes(versionOf(document))) this.#refuse(document, CRASHED);
    else await this.#adopt(document);
  }

  #isRefused(document: FleetDocument): boolean {
    const refusal = this.#refusal;
    if (refusal === undefined || compareDocuments(refusal.document, document) !== 0) return false;
    return this.#options.clock.nowMs() < refusal.againMs;
  }

  async #adopt(document: FleetDocument): Promise<void> {
    const { running, isProven, before } = this.#state;
    const sameAsBefore = running !== undefined && asksTheSame(running.config, document.config);
    const next: FleetState = {
      ...this.#state,
      running: document,
      isProven: sameAsBefore && isProven,
      starts: sameAsBefore ? this.#state.starts : 1,
      before: isProven && !sameAsBefore ? running : before,
    };
    try {
      await this.#options.file.save(next);
    } catch (error) {
      const why = `it can't be kept: ${this.#options.file.path} can't be written (${fileErrorCode(error)}), so a crash couldn't be told from other ends`;
      this.#refuse(document, why, RETRY_MS);
      return;
    }
    // Promoted after a trial here: nothing changes.
    if (sameAsBefore || (await this.#apply(document))) this.#runs(next, document);
    else await this.#goBack();
  }

  /** @returns whether it counts now. */
  async #takeUp(document: FleetDocument, state: FleetState): Promise<boolean> {
    const next = { ...state, running: document, starts: state.starts + 1 };
    await this.#save(next);
    if (await this.#apply(document)) {
      this.#runs(next, document);
      return true;
    }
    this.#state = { ...next, running: undefined, isProven: false, starts: 0 };
    await this.#goBack();
    return false;
  }

  async #apply(document: FleetDocument): Promise<boolean> {
    try {
      await this.#options.apply(document.config, originOf(document));
      return true;
    } catch (error) {
      this.#refuse(document, error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  /** What couldn't be applied whole is taken back: the old settings are known to be bearable. */
  async #goBack(): Promise<void> {
    const { running } = this.#state;
    try {
      await this.#options.apply(running?.config, running === undefined ? '' : originOf(running));
    } catch (error) {
      this.#options.log('error', 'fleet-not-taken-back', { error: String(error) });
    }
    await this.#save(this.#state);
  }

  #runs(state: FleetState, document: FleetDocument): void {
    const { clock, scheduler, log } = this.#options;
    const isNew =
      this.#state.running === undefined || !asksTheSame(this.#state.running.config, document.config);
    this.#state = { ...state, history: this.#state.history };
    if (isNew) this.#sinceMs = clock.nowMs();
    if (this.#refusal !== undefined && compareDocuments(this.#refusal.document, document) <= 0) {
      this.#refusal = undefined;
      this.#conditions.clear('fleet-refused');
    }
    log('info', 'fleet-settings', { version: versionOf(document) });
    this.#cancelTrial();
    if (state.starts === 0) return;
    this.#cancelTrial = scheduler.after(TRIAL_MS, () => {
      this.#state = { ...this.#state, isProven: true, starts: 0 };
      void this.#save(this.#state);
    });
  }

  #refuse(document: FleetDocument, why: string, forMs = Number.POSITIVE_INFINITY): void {
    this.#refusal = { document, why, againMs: this.#options.clock.nowMs() + forMs };
    this.#options.log('warn', 'fleet-refused', { version: versionOf(document), why });
    const keeps =
      this.#state.running === undefined ? 'what it says itself' : `${nameOf(this.#state.running)}`;
    this.#raise(
      'fleet-refused',
      "this board doesn't take the fleet's settings",
      `${nameOf(document)}: ${why}. It keeps ${keeps}. Correct what is said here or there, then set them again: gridvine fleet set.`,
    );
  }

  async #save(state: FleetState): Promise<void> {
    try {
      await this.#options.file.save(state);
      this.#conditions.clear('fleet-unsaved');
    } catch (error) {
      this.#raise(
        'fleet-unsaved',
        'settings of the fleet not saved',
        `${this.#options.file.path} can't be written (${fileErrorCode(error)}): what this board runs may be forgotten at its next start, until it hears from the others. Free space, or check the storage medium.`,
      );
    }
  }

  #raise(code: string, title: string, text: string): void {
    this.#conditions.raise(code, { code, severity: 'warning', title, text });
  }
}

const CRASHED =
  'the daemon ended within 30 s of running it, other than it was told to, and so it is not tried again. If something else was the cause, set the same settings again';

/** Who gave a value, for people. */
export function originOf(document: FleetDocument): string {
  return `fleet ${nameOf(document)}`;
}
