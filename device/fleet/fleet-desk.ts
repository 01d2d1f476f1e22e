import { GridvineError } from '#runtime/core/errors.ts';
import type { HealthItem, RunningNode } from '#runtime/driver/contract.ts';
import type { ConfigTree } from '../config/config-path.ts';
import { DEPTH_MAX, isTooDeep } from '../config/depth.ts';
import { checkFleetConfig } from '../config/fleet-layer.ts';
import { jsonTextOf } from '../config/problem.ts';
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
import { documentsFor, type HeardDocuments, heardBy } from './heard.ts';
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

/** What an operator means to take back, or to promote. */
export interface FleetAim {
  /** Version, `COUNTER/SETTER`: anything else isn't touched. */
  readonly of?: string;
}

/** What is known here of the fleet's settings. */
export interface FleetView extends HeardDocuments {
  readonly accept: boolean;
  /** What counts for all; where nobody tells it any more, what this board runs. */
  readonly current: FleetDocument | undefined;
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
    this.#putAgain();
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
    const { accept } = this.#options;
    const heard = this.#heard();
    const members = this.#reportingMembers();
    const { running, history } = this.#follower;
    const current = this.#isAbove(heard) ? running : heard.promoted;
    const objections = heard.staged === undefined ? [] : objectionsTo(heard.staged, members);
    return { ...heard, accept, current, running, history, members, objections };
  }

  /**
   * Gives all boards settings, or some of them first. Resolves once this board's disk has them, or it is known that it can't.
   * @throws (rejects) ConfigError, GridvineError `E_NOT_ALLOWED`, `E_VALUE_INVALID`, `E_VALUE_TOO_LARGE`, `E_QUOTA`; nothing is changed then.
   */
  async set(config: ConfigTree, wish?: StageWish): Promise<FleetDocument> {
    checkSize(config);
    const counter = this.#nextCounter();
    const present = this.#reportingMembers()
      .filter(({ member, report }) => member.state === 'alive' && report?.accepts !== false)
      .map(({ member }) => member);
    const stage = wish === undefined ? null : drawStage(wish, counter, present);
    return this.#publish({ counter, config, stage, takesBack: null });
  }

  /**
   * Gives all boards what some have tried. Rejects with GridvineError `E_NOT_FOUND` where nothing is on trial, `E_FLEET` where something else
   * is than what is meant, or a board speaks against it and nothing is forced, and as `set`.
   */
  async promote({ force, of }: FleetAim & { readonly force: boolean }): Promise<FleetDocument> {
    const { staged } = this.#heard();
    if (staged === undefined)
      throw new GridvineError('E_NOT_FOUND', 'no settings are on trial; see: gridvine fleet status');
    checkAim(of, staged);
    const objections = objectionsTo(staged, this.#reportingMembers());
    if (objections.length > 0 && !force)
      throw new GridvineError(
        'E_FLEET',
        `${nameOf(staged)} is not promoted: ${objections.join('; ')}. Wait, or take it back by gridvine fleet rollback, or go on by --force.`,
      );
    return this.#publish({
      counter: this.#nextCounter(),
      config: staged.config,
      stage: null,
      takesBack: null,
    });
  }

  /**
   * Takes back what is on trial; without a trial, gives all boards again what counted before. What is itself a rollback is taken back only where
   * `of` names it: whoever asks twice, or second, doesn't undo the first.
   * @param aim.to counter of an earlier document for all, to go back to that.
   * Rejects with GridvineError `E_NOT_FOUND`, `E_FLEET` where something else counts than what is meant, and as `set`.
   */
  async rollback({ to, of }: FleetAim & { readonly to?: number }): Promise<FleetDocument> {
    const { staged, current } = this.view();
    const target = staged ?? current;
    if (target === undefined)
      throw new GridvineError('E_NOT_FOUND', 'the fleet has no settings that could be taken back');
    checkAim(of, target);
    if (staged === undefined && target.takesBack !== null && to === undefined && of === undefined)
      throw new GridvineError(
        'E_FLEET',
        `${nameOf(target)} took back ${shortVersion(target.takesBack)} already: nothing is changed. To take back that one as well: gridvine fleet rollback ${nameOf(target)}; to go to an earlier one: --to N.`,
      );
    const config = to === undefined ? this.#before(target, current) : this.#remembered(to);
    return this.#publish({
      counter: this.#nextCounter(),
      config,
      stage: null,
      takesBack: versionOf(target),
    });
  }

  #remembered(to: number): ConfigTree {
    const { history } = this.#follower;
    const found = history.find(({ counter }) => counter === to);
    if (found !== undefined) return found.config;
    const known = history.map(nameOf).join(', ') || 'none';
    throw new GridvineError(
      'E_NOT_FOUND',
      `no settings ${to} are remembered on this board; it knows ${known}`,
    );
  }

  /** What counted before; before the first there were none. */
  #before(target: FleetDocument, current: FleetDocument | undefined): ConfigTree {
    // A trial doesn't change what counts for all.
    if (current === undefined || compareDocuments(current, target) !== 0) return current?.config ?? {};
    const { history } = this.#follower;
    const bad = new Set(history.map(({ takesBack }) => takesBack));
    const before = history.find(
      (one) =>
        compareDocuments(one, target) < 0 &&
        !bad.has(versionOf(one)) &&
        !asksTheSame(one.config, target.config),
    );
    return before?.config ?? {};
  }

  async #publish(values: Omit<FleetDocument, 'setter'>): Promise<FleetDocument> {
    const { node } = this.#options;
    const document = { ...values, setter: node.id };
    checkFleetConfig(document.config, 'fleet');
    const key = document.stage === null ? PROMOTED_KEY : STAGED_KEY;
    if (!node.isEntitled(node.id, key))
      throw new GridvineError(
        'E_NOT_ALLOWED',
        `${key}: the root's policy doesn't let this board set what counts for all. Do it on a board of a group that may, or let this one's: gridvine ca policy --write fleet/=GROUP`,
      );
    // What it takes back is no part of what an operator may shorten.
    const { length } = encodeDocument({ ...document, takesBack: null });
    if (length > DOCUMENT_BYTES_MAX) throw tooLarge(length);
    const value = documentToValue(document);
    if (decodeDocument(value, node.id) === undefined)
      throw new GridvineError(
        'E_VALUE_INVALID',
        'fleet: expected settings of texts, numbers and lists, and at most 8 tags and 32 nodes that try them; got something that no board could read',
      );
    node.put(key, value, { priority: 'urgent' });
    await this.#follower.noteOwn(document);
    this.#look();
    return document;
  }

  /** A power cut soon after it was set: what records are kept by may have come later than the answer. */
  #putAgain(): void {
    const { node, log } = this.#options;
    const { own, running, history } = this.#follower;
    if (own === undefined || own.setter !== node.id) return;
    if ([running, ...history].some((one) => one !== undefined && compareDocuments(one, own) > 0)) return;
    const key = own.stage === null ? PROMOTED_KEY : STAGED_KEY;
    const [kept] = node.records({ key, owner: node.id });
    const known = kept === undefined ? undefined : decodeDocument(kept.value, node.id);
    if (known !== undefined && compareDocuments(known, own) >= 0) return;
    try {
      node.put(key, documentToValue(own), { priority: 'urgent' });
    } catch (error) {
      if (!(error instanceof GridvineError)) throw error;
      log('warn', 'fleet-not-put-again', { text: error.message });
    }
  }

  #heard(): HeardDocuments {
    const { running, history, own, refusal } = this.#follower;
    const known = [running, own, refusal?.document, ...history].map((one) => one?.counter ?? 0);
    return heardBy(this.#options.node, Math.max(...known));
  }

  /** Above all that anybody may have heard of, so that it counts everywhere. */
  #nextCounter(): number {
    const { promoted, staged } = this.#heard();
    const { running, history, own, refusal } = this.#follower;
    const known = [promoted, staged, running, own, refusal?.document, ...history];
    const highest = Math.max(0, ...known.map((document) => document?.counter ?? 0));
    if (highest < COUNTER_MAX) return highest + 1;
    throw new GridvineError(
      'E_QUOTA',
      `fleet: the versions are used up (${COUNTER_MAX}): some board lied. Shut it out, wait until it is forgotten, then delete fleet.json in the data directories of all boards while they are stopped.`,
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
      const heard = this.#heard();
      if (heard.promoted !== undefined) this.#follower.note(heard.promoted);
      const self = node.members().find(({ id }) => id === node.id) ?? { id: node.id, tags: {} };
      await this.#follower.follow(documentsFor(self, heard), accept);
      if (this.#isStopped) return;
      this.#follower.noteOrphan(this.#orphanOf(heard));
      await this.#takeBackOutdone(heard);
      this.#report();
    } catch (error) {
      log('error', 'fleet-failed', { error: error instanceof Error ? error.stack : String(error) });
    }
    if (!this.#isStopped) this.#cancelLook = scheduler.after(LOOK_MS, () => this.#look());
  }

  /** What was put on trial here, and was decided elsewhere, takes up room for nothing. */
  async #takeBackOutdone({ promoted }: HeardDocuments): Promise<void> {
    const { node } = this.#options;
    const [own] = node.records({ key: STAGED_KEY, owner: node.id });
    const document = own === undefined ? undefined : decodeDocument(own.value, node.id);
    if (document === undefined || promoted === undefined) return;
    if (compareDocuments(document, promoted) >= 0) return;
    if (this.#follower.own?.stage != null) await this.#follower.noteOwn(undefined);
    node.delete(STAGED_KEY);
  }

  /** Whether this board runs what nobody tells: a new board would not hear of it. */
  #isAbove({ promoted, staged }: HeardDocuments): boolean {
    const { running } = this.#follower;
    const top = staged ?? promoted;
    return running !== undefined && (top === undefined || compareDocuments(running, top) > 0);
  }

  #orphanOf(heard: HeardDocuments): 'no' | 'forgotten' | 'disowned' {
    const { node, clock } = this.#options;
    const { running } = this.#follower;
    const isSettled = clock.nowMs() - this.#startedMs >= SETTLED_MS;
    if (!isSettled || running === undefined || !this.#isAbove(heard)) return 'no';
    return node.isEntitled(running.setter, PROMOTED_KEY) ? 'forgotten' : 'disowned';
  }

  /** Tells all others how this board stands, where that has changed. */
  #report(): void {
    const { node, accept: accepts, log } = this.#options;
    const { running, refusal } = this.#follower;
    if (running === undefined && refusal === undefined && accepts && this.#reported === '') return;
    const report: BoardReport = {
      running: running === undefined ? null : versionOf(running),
      accepts,
      refused: refusal === undefined ? null : { version: versionOf(refusal.document), why: refusal.why },
      unwell: this.#unwell(),
    };
    const text = JSON.stringify(report);
    if (text === this.#reported) return;
    try {
      node.put(REPORT_KEY, reportToValue(report), { keep: false });
      this.#reported = text;
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
      .filter(({ severity, code, sinceMs }) => severity !== 'info' && !isOfOthers(code) && sinceMs < heldMs)
      .map(({ code }) => code);
    return [...new Set(codes)].sort();
  }

  #reportingMembers(): ReportingMember[] {
    const { node } = this.#options;
    const reports = new Map(node.records({ key: REPORT_KEY }).map(({ owner, value }) => [owner, value]));
    return node.members().map((member) => ({ member, report: readReport(reports.get(member.id)) }));
  }
}

/** What says nothing of settings: what is about them itself, scripts of the operator's that fail, and what others send. */
function isOfOthers(code: string): boolean {
  return code.startsWith('fleet-') || code.startsWith('handler-') || code === 'events-slowed';
}

/** First of all: what is wrong with something huge nobody wants to read. */
function checkSize(config: ConfigTree): void {
  if (isTooDeep(config))
    throw new GridvineError(
      'E_CONFIG',
      `fleet: expected at most ${DEPTH_MAX} lists and sections around each other; got more`,
    );
  const length = jsonTextOf(config)?.length ?? 0;
  if (length > 2 * DOCUMENT_BYTES_MAX) throw tooLarge(length);
}

function tooLarge(length: number): GridvineError {
  return new GridvineError(
    'E_VALUE_TOO_LARGE',
    `fleet: expected settings of at most ${DOCUMENT_BYTES_MAX} bytes as CBOR, which is what one record holds; got ${length}. Name only what differs from the preset, and fewer nodes to try it.`,
  );
}

/** @throws GridvineError `E_FLEET` */
function checkAim(of: string | undefined, found: FleetDocument): void {
  if (of === undefined || of === versionOf(found)) return;
  throw new GridvineError(
    'E_FLEET',
    `nothing is changed: expected ${shortVersion(of)}, but it is ${nameOf(found)} now. Look again: gridvine fleet show`,
  );
}

function shortVersion(version: string): string {
  const [counter = '', setter = ''] = version.split('/');
  return `${counter}/${setter.slice(0, 8)}`;
}
