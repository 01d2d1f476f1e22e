import { GridvineError } from '#runtime/core/errors.ts';
import type { HealthItem, RunningNode } from '#runtime/driver/contract.ts';
import type { ConfigTree } from '../config/config-path.ts';
import { DEPTH_MAX, isTooDeep } from '../config/depth.ts';
import { checkFleetConfig } from '../config/fleet-layer.ts';
import { type BoardReport, REPORT_KEY, readReport, reportToValue } from './board-report.ts';
import {
  asksTheSame,
  COUNTER_MAX,
  compareDocuments,
  DOCUMENT_BYTES_MAX,
  decodeDocument,
  documentToValue,
  encodeDocument,
  type FleetDocument,
  nameOf,
  PROMOTED_KEY,
  STAGED_KEY,
  versionOf,
} from './document.ts';
import { FleetFollower, type FollowerOptions } from './follower.ts';
import { documentFor, type HeardDocuments, heardBy } from './heard.ts';
import { objectionsTo, type ReportingMember } from './promotion.ts';
import { drawStage, type StageWish } from './stage.ts';

const LOOK_MS = 5_000;
/** After a start the others' records come in by and by. */
const SETTLED_MS = 60_000;

export interface FleetDeskOptions extends FollowerOptions {
  readonly node: Pick<
    RunningNode,
    'id' | 'records' | 'members' | 'put' | 'delete' | 'isEntitled' | 'onEvent'
  >;
  /** Whether this board takes settings from others at all. */
  readonly accept: boolean;
  /** Conditions of everything on this board. */
  readonly health: () => readonly HealthItem[];
}

/** What is known here of the fleet's settings. */
export interface FleetView extends HeardDocuments {
  readonly accept: boolean;
  /** What this board runs. */
  readonly running: FleetDocument | undefined;
  /** Documents for all, the newest first. */
  readonly history: readonly FleetDocument[];
  readonly members: readonly ReportingMember[];
  /** Why what is on trial shouldn't count for all yet. */
  readonly objections: readonly string[];
}

/** Settings for all boards: what the cluster's records say of them, what this board makes of it, and what operators ask for here. */
export class FleetDesk {
  readonly #options: FleetDeskOptions;
  readonly #follower: FleetFollower;
  readonly #startedMs: number;
  #unsubscribe: () => void = () => undefined;
  #cancelLook: () => void = () => undefined;
  /** Looks follow one another: one may write files and stop a bridge. */
  #looking: Promise<void> | undefined;
  #again = false;
  #isStopped = false;
  #reported = '';

  constructor(options: FleetDeskOptions) {
    this.#options = options;
    this.#follower = new FleetFollower(options);
    this.#startedMs = options.clock.nowMs();
  }

  /** Takes up what an earlier life ran, then follows what is heard. */
  async start(): Promise<void> {
    const { accept, node } = this.#options;
    await this.#follower.start(accept);
    this.#unsubscribe = node.onEvent((event) => {
      const isAbout = event.type === 'record' && [PROMOTED_KEY, STAGED_KEY].includes(event.record.key);
      if (isAbout || event.type === 'trust-changed') this.#look();
    });
    this.#look();
  }

  /** Follows nothing any more; resolves when what goes on has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe();
    this.#cancelLook();
    await this.#looking;
    await this.#follower.stop();
  }

  health(): HealthItem[] {
    return this.#follower.health();
  }

  view(): FleetView {
    const { accept, node } = this.#options;
    const heard = heardBy(node);
    const members = this.#reportingMembers();
    const { running, history } = this.#follower;
    const objections = heard.staged === undefined ? [] : objectionsTo(heard.staged, members);
    return { ...heard, accept, running, history, members, objections };
  }

  /**
   * Gives all boards settings, or some of them first.
   * @throws ConfigError, GridvineError `E_NOT_ALLOWED`, `E_VALUE_TOO_LARGE`, `E_QUOTA`; nothing is changed then.
   */
  set(config: ConfigTree, wish?: StageWish): FleetDocument {
    checkSize(config);
    checkFleetConfig(config, 'fleet');
    const counter = this.#nextCounter();
    const present = this.#options.node.members().filter(({ state }) => state === 'alive');
    const stage = wish === undefined ? null : drawStage(wish, counter, present);
    return this.#publish({ counter, setter: this.#options.node.id, config, stage });
  }

  /**
   * Gives all boards what some have tried. @throws GridvineError `E_NOT_FOUND` where nothing is on trial, `E_FLEET` where a board speaks against
   * it and nothing is forced, and as `set`.
   */
  promote({ force }: { readonly force: boolean }): FleetDocument {
    const { staged } = heardBy(this.#options.node);
    if (staged === undefined)
      throw new GridvineError('E_NOT_FOUND', 'no settings are on trial; see: gridvine fleet status');
    const objections = objectionsTo(staged, this.#reportingMembers());
    if (objections.length > 0 && !force)
      throw new GridvineError(
        'E_FLEET',
        `${nameOf(staged)} is not promoted: ${objections.join('; ')}. Wait, or take it back by gridvine fleet rollback, or go on by --force.`,
      );
    const counter = this.#nextCounter();
    return this.#publish({ counter, setter: this.#options.node.id, config: staged.config, stage: null });
  }

  /**
   * Takes back what is on trial; without a trial, gives all boards again what counted before.
   * @param to counter of an earlier document for all, to go back to that.
   * @throws GridvineError `E_NOT_FOUND`, and as `set`.
   */
  rollback({ to }: { readonly to?: number }): FleetDocument {
    const config = this.#earlier(to);
    const counter = this.#nextCounter();
    return this.#publish({ counter, setter: this.#options.node.id, config, stage: null });
  }

  #earlier(to: number | undefined): ConfigTree {
    const { promoted, staged } = heardBy(this.#options.node);
    const { history } = this.#follower;
    if (to !== undefined) {
      const found = history.find(({ counter }) => counter === to);
      if (found !== undefined) return found.config;
      const known = history.map(nameOf).join(', ') || 'none';
      throw new GridvineError(
        'E_NOT_FOUND',
        `no settings ${to} are remembered on this board; it knows ${known}`,
      );
    }
    if (staged !== undefined) return promoted?.config ?? {};
    if (promoted === undefined)
      throw new GridvineError('E_NOT_FOUND', 'the fleet has no settings that could be taken back');
    const before = history.find(
      (one) => one.counter < promoted.counter && !asksTheSame(one.config, promoted.config),
    );
    // Before the first there were none.
    return before?.config ?? {};
  }

  #publish(document: FleetDocument): FleetDocument {
    const { node } = this.#options;
    const key = document.stage === null ? PROMOTED_KEY : STAGED_KEY;
    if (!node.isEntitled(node.id, key))
      throw new GridvineError(
        'E_NOT_ALLOWED',
        `${key}: the root's policy doesn't let this board set what counts for all. Do it on a board of a group that may, or let this one's: gridvine ca policy --write fleet/=GROUP`,
      );
    const { length } = encodeDocument(document);
    if (length > DOCUMENT_BYTES_MAX) throw tooLarge(length);
    node.put(key, documentToValue(document), { priority: 'urgent' });
    this.#look();
    return document;
  }

  /** Above all that anybody may have heard of, so that it counts everywhere. */
  #nextCounter(): number {
    const { promoted, staged } = heardBy(this.#options.node);
    const { running, history, refusal } = this.#follower;
    const known = [promoted, staged, running, refusal?.document, ...history];
    const highest = Math.max(0, ...known.map((document) => document?.counter ?? 0));
    if (highest < COUNTER_MAX) return highest + 1;
    throw new GridvineError(
      'E_QUOTA',
      `fleet: the versions are used up (${COUNTER_MAX}): some board lied. Find it by gridvine fleet status and put it out; then delete fleet.json in the data directories.`,
    );
  }

  #look(): void {
    if (this.#looking !== undefined) {
      this.#again = true;
      return;
    }
    if (this.#isStopped) return;
    this.#again = false;
    this.#looking = this.#lookOnce().finally(() => {
      this.#looking = undefined;
      if (this.#again) this.#look();
    });
  }

  async #lookOnce(): Promise<void> {
    const { node, accept, scheduler, log } = this.#options;
    this.#cancelLook();
    try {
      const heard = heardBy(node);
      if (heard.promoted !== undefined) this.#follower.note(heard.promoted);
      const self = node.members().find(({ id }) => id === node.id) ?? { id: node.id, tags: {} };
      const document = documentFor(self, heard);
      if (document !== undefined) await this.#follower.follow(document, accept);
      if (this.#isStopped) return;
      this.#follower.noteOrphan(this.#isOrphan(heard));
      this.#takeBackOutdone(heard);
      this.#report();
    } catch (error) {
      log('error', 'fleet-failed', { error: error instanceof Error ? error.stack : String(error) });
    }
    if (!this.#isStopped) this.#cancelLook = scheduler.after(LOOK_MS, () => this.#look());
  }

  /** What was put on trial here, and was decided elsewhere, takes up room for nothing. */
  #takeBackOutdone({ promoted }: HeardDocuments): void {
    const { node } = this.#options;
    const [own] = node.records({ key: STAGED_KEY, owner: node.id });
    const document = own === undefined ? undefined : decodeDocument(own.value, node.id);
    if (document === undefined || promoted === undefined) return;
    if (compareDocuments(document, promoted) < 0) node.delete(STAGED_KEY);
  }

  /** Whether nobody could hear any more of what this board runs. */
  #isOrphan({ promoted, staged }: HeardDocuments): boolean {
    const isSettled = this.#options.clock.nowMs() - this.#startedMs >= SETTLED_MS;
    return (
      isSettled && this.#follower.running !== undefined && promoted === undefined && staged === undefined
    );
  }

  /** Tells all others how this board stands, where that has changed. */
  #report(): void {
    const { node, log } = this.#options;
    const { running, refusal } = this.#follower;
    if (running === undefined && refusal === undefined && this.#reported === '') return;
    const report: BoardReport = {
      running: running === undefined ? null : versionOf(running),
      refused: refusal === undefined ? null : { version: versionOf(refusal.document), why: refusal.why },
      unwell: this.#unwell(),
    };
    const text = JSON.stringify(report);
    if (text === this.#reported) return;
    this.#reported = text;
    try {
      node.put(REPORT_KEY, reportToValue(report), { keep: false });
    } catch (error) {
      if (!(error instanceof GridvineError)) throw error;
      log('warn', 'fleet-unreported', { text: error.message });
    }
  }

  /** What came up since this board runs what it runs, and isn't about that itself. */
  #unwell(): string[] {
    const { health, clock } = this.#options;
    const heldMs = clock.nowMs() - this.#follower.sinceMs;
    const codes = health()
      .filter(
        ({ severity, code, sinceMs }) =>
          severity !== 'info' && !code.startsWith('fleet-') && sinceMs < heldMs,
      )
      .map(({ code }) => code);
    return [...new Set(codes)].sort();
  }

  #reportingMembers(): ReportingMember[] {
    const { node } = this.#options;
    const reports = new Map(node.records({ key: REPORT_KEY }).map(({ owner, value }) => [owner, value]));
    return node.members().map((member) => ({ member, report: readReport(reports.get(member.id)) }));
  }
}

/** First of all: what is wrong with something huge nobody wants to read. */
function checkSize(config: ConfigTree): void {
  if (isTooDeep(config))
    throw new GridvineError(
      'E_CONFIG',
      `fleet: expected at most ${DEPTH_MAX} lists and sections around each other; got more`,
    );
  const { length } = JSON.stringify(config);
  if (length > 2 * DOCUMENT_BYTES_MAX) throw tooLarge(length);
}

function tooLarge(length: number): GridvineError {
  return new GridvineError(
    'E_VALUE_TOO_LARGE',
    `fleet: expected settings of at most ${DOCUMENT_BYTES_MAX} bytes as CBOR, which is what one record holds; got ${length}. Name only what differs from the preset, and fewer nodes to try it.`,
  );
}
