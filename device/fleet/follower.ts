import type { Clock } from '#runtime/driver/clock.ts';
import type { HealthItem } from '#runtime/driver/contract.ts';
import type { LogSink } from '#runtime/driver/log.ts';
import type { Scheduler } from '#runtime/driver/scheduler.ts';
import { fileErrorCode } from '#runtime/storage/notice.ts';
import type { ConfigTree } from '../config/config-path.ts';
import { Conditions } from '../daemon/conditions.ts';
import { asksTheSame, compareDocuments, type FleetDocument, nameOf, versionOf } from './document.ts';
import { type FleetFile, type FleetState, HISTORY_MAX, hasCrashed, NO_STATE } from './fleet-file.ts';
import { type Refusal, Refusals } from './refusals.ts';
import { RETRY_MS, StateKeeper } from './state-keeper.ts';

/** A board that lives so long with a document, and ends no life within it, is believed to bear it. */
const TRIAL_MS = 30_000;
/** A daemon that lives so long may try once more what it bore before it ended early several times. */
const WELL_MS = 3_600_000;

export interface FollowerOptions {
  readonly file: FleetFile;
  /** Makes settings count on this board; undefined: none of the fleet. Rejects, or throws, where they can't; then others may count in part. */
  readonly apply: (config: ConfigTree | undefined, origin: string) => Promise<void>;
  /** Tells one run of the machine from another; null: not known here. */
  readonly machineBoot: string | null;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly scheduler: Pick<Scheduler, 'after'>;
  readonly log: LogSink;
}

/** The part of the state that says what a life of the daemon began with. */
type Life = Pick<FleetState, 'running' | 'isProven' | 'starts' | 'before' | 'machine'>;

/**
 * Makes one board run what it is to run, and remembers it: on the medium before it counts, so that a document of which the daemon dies is
 * known at the next start, and not tried again.
 */
export class FleetFollower {
  readonly #options: FollowerOptions;
  readonly #conditions: Conditions;
  readonly #keeper: StateKeeper;
  readonly #refusals = new Refusals();
  readonly #bornMs: number;
  #state: FleetState = NO_STATE;
  /** What is about to be tried: on the medium already, and not what runs. */
  #pending: Life | undefined;
  #sinceMs: number;
  #cancelTrial: () => void = () => undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#conditions = new Conditions(() => options.clock.nowMs());
    this.#bornMs = options.clock.nowMs();
    this.#sinceMs = this.#bornMs;
    this.#keeper = new StateKeeper({
      ...options,
      wanted: () => ({ ...this.#state, ...this.#pending }),
      onWrite: (error) => this.#onWrite(error),
    });
  }

  get running(): FleetDocument | undefined {
    return this.#state.running;
  }

  get refusal(): Refusal | undefined {
    return this.#refusals.highest;
  }

  /** Documents for all that it has heard of, the newest first. */
  get history(): readonly FleetDocument[] {
    return this.#state.history;
  }

  /** What was set on this board last. */
  get own(): FleetDocument | undefined {
    return this.#state.own;
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
    const { file, log, machineBoot } = this.#options;
    const { state, damage } = await file.load();
    if (damage !== undefined)
      this.#raise(
        'fleet-damaged',
        'settings of the fleet lost',
        `${file.path} ${damage}. They come again from the other boards; nothing to do. If it happens again, check the storage medium.`,
      );
    const { running, before, crashed, faltered, isProven } = state;
    this.#state = isWelcome ? state : { ...state, running: undefined, starts: 0 };
    if (running === undefined || !isWelcome) return;
    if (!hasCrashed(state, machineBoot)) {
      // The end of the machine isn't that of the daemon.
      const starts = isProven && state.machine !== machineBoot ? 0 : state.starts;
      if ((await this.#takeUp(running, { ...state, starts })) || before === undefined) return;
      await this.#takeUp(before, { ...this.#state, running: before, isProven: true, starts: 0 });
      return;
    }
    log('error', 'fleet-crashed', { version: versionOf(running) });
    this.#state = {
      ...state,
      running: undefined,
      isProven: false,
      starts: 0,
      before: undefined,
      crashed: isProven ? crashed : [versionOf(running), ...crashed],
      faltered: isProven ? [versionOf(running), ...faltered] : faltered,
    };
    await this.#keeper.save();
    if (isProven) this.#refuse(running, FALTERED, WELL_MS);
    else this.#refuse(running, CRASHED);
    if (before !== undefined) await this.#takeUp(before, { ...this.#state, running: before, isProven: true });
  }

  /** Ends as it should: what it runs isn't to blame. Never rejects. */
  async stop(): Promise<void> {
    this.#cancelTrial();
    this.#keeper.stop();
    if (this.#state.starts === 0 && !this.#keeper.isDirty) return;
    this.#state = { ...this.#state, starts: 0 };
    await this.#keeper.save();
    this.#keeper.stop();
  }

  /** What was set here, to be said again by the next life. Resolves once it is on the medium, or can't be. */
  async noteOwn(own: FleetDocument | undefined): Promise<void> {
    this.#state = { ...this.#state, own };
    await this.#keeper.save();
  }

  /** Whether what it runs is above all that is told, and whether the board that it is from may still set it. */
  noteOrphan(orphan: 'no' | 'forgotten' | 'disowned'): void {
    if (orphan === 'forgotten')
      this.#raise(
        'fleet-orphaned',
        "nobody tells the fleet's settings any more",
        'The board that they were set on is forgotten. All go on with them, but a new board would not hear of them. Set them again on a board that stays: gridvine fleet show --document | gridvine fleet set -',
        'info',
      );
    else this.#conditions.clear('fleet-orphaned');
    if (orphan === 'disowned')
      this.#raise(
        'fleet-disowned',
        'settings of a board that may set none any more',
        `This board still runs ${this.running === undefined ? 'them' : nameOf(this.running)}. The board that they were set on is revoked, expired, forgotten, or no longer allowed by the policy. Look at them (gridvine fleet show); then take them back by gridvine fleet rollback, or set them again on a board that may.`,
      );
    else this.#conditions.clear('fleet-disowned');
  }

  /** Remembers a document for all, to go back to. */
  note(document: FleetDocument): void {
    const { history } = this.#state;
    if (history.some((known) => compareDocuments(known, document) === 0)) return;
    const all = [document, ...history].sort((a, b) => compareDocuments(b, a)).slice(0, HISTORY_MAX);
    this.#state = { ...this.#state, history: all };
  }

  /**
   * Runs the first of these that is newer than what it runs and bearable; where there is none it keeps what it runs and says why. Never rejects.
   * @param documents the newest first. @param isWelcome whether this board takes settings from others at all.
   */
  async follow(documents: readonly FleetDocument[], isWelcome: boolean): Promise<void> {
    if (!isWelcome) {
      this.#noteUnwelcome(documents[0]);
      return;
    }
    for (const document of documents) {
      const { running, crashed, faltered } = this.#state;
      if (running !== undefined && compareDocuments(document, running) <= 0) return;
      if (this.#refusals.holds(document, this.#options.clock.nowMs())) continue;
      const wellInMs = this.#bornMs + WELL_MS - this.#options.clock.nowMs();
      if (crashed.includes(versionOf(document))) this.#refuse(document, CRASHED);
      else if (faltered.includes(versionOf(document)) && wellInMs > 0)
        this.#refuse(document, FALTERED, wellInMs);
      else if (await this.#adopt(document)) return;
    }
  }

  /** @returns whether it runs now. */
  async #adopt(document: FleetDocument): Promise<boolean> {
    this.#cancelTrial();
    const { running, isProven, before, faltered } = this.#state;
    const sameAsBefore = running !== undefined && asksTheSame(running.config, document.config);
    const isKnown = !sameAsBefore && isHarmless(document, before);
    const next: Life = {
      running: document,
      isProven: sameAsBefore ? isProven : isKnown,
      starts: sameAsBefore ? this.#state.starts : Number(!isKnown),
      before: isProven && !sameAsBefore ? running : before,
      machine: this.#options.machineBoot,
    };
    this.#pending = next;
    this.#state = { ...this.#state, faltered: faltered.filter((version) => version !== versionOf(document)) };
    try {
      await this.#keeper.write();
    } catch (error) {
      // What was borne before needs no mark: a disk that is full must not keep harm from being taken back.
      if (!isKnown && !sameAsBefore) {
        this.#pending = undefined;
        const why = `it can't be kept: ${this.#options.file.path} can't be written (${fileErrorCode(error)}), so a crash couldn't be told from other ends`;
        this.#refuse(document, why, RETRY_MS);
        this.#awaitTrial();
        return false;
      }
      await this.#keeper.save();
    }
    // Promoted after a trial here: nothing changes.
    if (sameAsBefore || (await this.#apply(document))) {
      this.#runs(next, document);
      return true;
    }
    this.#pending = undefined;
    await this.#goBack();
    this.#awaitTrial();
    return false;
  }

  /** @returns whether it counts now. */
  async #takeUp(document: FleetDocument, state: FleetState): Promise<boolean> {
    const { machineBoot: machine } = this.#options;
    const next = { ...state, running: document, starts: state.starts + 1, machine };
    this.#state = { ...next, running: undefined };
    this.#pending = next;
    await this.#keeper.save();
    if (await this.#apply(document)) {
      this.#runs(next, document);
      return true;
    }
    this.#pending = undefined;
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
    await this.#keeper.save();
  }

  #runs(life: Life, document: FleetDocument): void {
    const { clock, log } = this.#options;
    const { running } = this.#state;
    const isNew = running === undefined || !asksTheSame(running.config, document.config);
    this.#state = { ...this.#state, ...lifeOf(life) };
    this.#pending = undefined;
    if (isNew) this.#sinceMs = clock.nowMs();
    this.#refusals.clearUpTo(document);
    if (this.refusal === undefined) this.#conditions.clear('fleet-refused');
    log('info', 'fleet-settings', { version: versionOf(document) });
    this.#awaitTrial();
  }

  /** What runs is on trial until it has run for so long. */
  #awaitTrial(): void {
    this.#cancelTrial();
    if (this.#state.running === undefined || this.#state.starts === 0) return;
    this.#cancelTrial = this.#options.scheduler.after(TRIAL_MS, () => {
      this.#state = { ...this.#state, isProven: true, starts: 0 };
      void this.#keeper.save();
    });
  }

  #noteUnwelcome(document: FleetDocument | undefined): void {
    if (document === undefined) this.#conditions.clear('fleet-not-accepted');
    else
      this.#raise(
        'fleet-not-accepted',
        "this board stays with its own settings, as it's told to",
        `${nameOf(document)} doesn't count here (fleet.accept: off). Nothing to do.`,
        'info',
      );
  }

  #refuse(document: FleetDocument, why: string, forMs = Number.POSITIVE_INFINITY): void {
    this.#refusals.add(document, why, this.#options.clock.nowMs() + forMs);
    this.#options.log('warn', 'fleet-refused', { version: versionOf(document), why });
    const highest = this.refusal ?? { document, why };
    const keeps =
      this.#state.running === undefined ? 'what it says itself' : `${nameOf(this.#state.running)}`;
    this.#raise(
      'fleet-refused',
      "this board doesn't take the fleet's settings",
      `${nameOf(highest.document)}: ${highest.why}. It keeps ${keeps}. Correct what is said here or there, then set them again: gridvine fleet set.`,
    );
  }

  #onWrite(error: unknown): void {
    if (error === undefined) this.#conditions.clear('fleet-unsaved');
    else
      this.#raise(
        'fleet-unsaved',
        'settings of the fleet not saved',
        `${this.#options.file.path} can't be written (${fileErrorCode(error)}): what this board runs may be forgotten at its next start, until it hears from the others. Free space, or check the storage medium.`,
      );
  }

  #raise(code: string, title: string, text: string, severity: HealthItem['severity'] = 'warning'): void {
    this.#conditions.raise(code, { code, severity, title, text });
  }
}

const CRASHED =
  'the daemon ended within 30 s of running it, other than it was told to, and so it is not tried again. If something else was the cause, set the same settings again';
const FALTERED =
  'the daemon bore it before, but ended within 30 s of its start three times in a row; it is tried once more after an hour';

/** Who gave a value, for people. */
export function originOf(document: FleetDocument): string {
  return `fleet ${nameOf(document)}`;
}

/** Whether a board has borne it: nothing of the fleet, or what it ran before. */
function isHarmless({ config }: FleetDocument, before: FleetDocument | undefined): boolean {
  return Object.keys(config).length === 0 || (before !== undefined && asksTheSame(before.config, config));
}

function lifeOf({ running, isProven, starts, before, machine }: Life): Life {
  return { running, isProven, starts, before, machine };
}
