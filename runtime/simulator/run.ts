import { sample } from '../core/random.ts';
import { CheckerSet } from './checkers/checker-set.ts';
import { falseDownPromise } from './checkers/false-down-promise.ts';
import { gaugeHosts } from './gauges.ts';
import { startClockSteps } from './impairments.ts';
import type { HostIndex } from './network.ts';
import type { ScenarioOptions } from './options.ts';
import { Inspector } from './self-check.ts';
import { distribution, meanMax, percentiles } from './statistics.ts';
import { TrafficWindow } from './traffic-window.ts';
import { VerdictMeter } from './verdict-meter.ts';
import type { World } from './world.ts';

/** Time between the starts of a cluster's nodes, and the most that all of them take. */
const START_GAP_MS = 5;
const START_SPAN_MS_MAX = 10_000;
/** Larger clusters have formed before a scenario begins. */
const FORMED_ABOVE = 300;
/** A cluster that isn't one by then never will be. */
const FORM_MS_MAX = 120_000;
/** After forming: the news of the joins has died down. */
const QUIET_MS = 5_000;
/** What was lost is found by digests: where those are rare, agreement is given time for so many of them. */
const DIGESTS_TO_AGREE = 12;
const CLUSTER_SEEDS = 3;
const GAUGE_INTERVAL_MS = 1_000;
/** Records are compared so often while waiting for agreement: comparing them all isn't cheap. */
const AGREE_STEP_MS = 50;
const READING_KEY = 'reading/power';

/** What a scenario reports; JSON. */
export type ScenarioResults = Readonly<Record<string, unknown>>;

/** What all scenarios do alike: form a cluster, measure, let it agree, report. */
export class Run {
  readonly world: World;
  readonly options: ScenarioOptions;
  readonly verdicts: VerdictMeter;
  readonly checkers: CheckerSet;
  readonly #inspector: Inspector;
  #isSettling = false;
  readonly #distributions = new Map<string, readonly number[]>();
  #traffic: TrafficWindow;
  readonly #sources: { stop(): void }[] = [];

  constructor(world: World, options: ScenarioOptions) {
    this.world = world;
    this.options = options;
    const falseDowns = falseDownPromise(world.options);
    const couldMeet = world.couldMeet.bind(world);
    this.verdicts = new VerdictMeter({
      stallMsMax: falseDowns?.stallMsMax ?? 0,
      couldMeet,
      indexOf: (node) => world.indexOf(node),
      doubtersOf: (host) => countDoubters(world, host),
    });
    this.checkers = new CheckerSet({ falseDowns: falseDowns && { ...falseDowns, couldMeet } });
    world.observe(this.verdicts.observe);
    world.observe(this.checkers.observe);
    this.#traffic = this.#openWindow();
    this.#inspector = new Inspector(world);
    startClockSteps(world, () => this.#isSettling);
    world.clock.every(GAUGE_INTERVAL_MS, () => {
      gaugeHosts(world);
      this.#inspector.onTurn();
      return true;
    });
  }

  /** Whom newcomers ask: the first nodes, or nobody where one multicast segment shows them everybody. */
  seeds(count = CLUSTER_SEEDS): HostIndex[] {
    if (this.#findsByMulticast) return [];
    return this.world.hosts.slice(0, count).map((host) => host.index);
  }

  /** Whom one asks who comes back: some that run, or nobody. */
  livingSeeds(): HostIndex[] {
    if (this.#findsByMulticast) return [];
    return sample(this.world.random, this.world.living(), CLUSTER_SEEDS).map((host) => host.index);
  }

  /** Distributions that the scenario measured, by the name of the result: see `distribution`. */
  get distributions(): Readonly<Record<string, readonly number[]>> {
    return Object.fromEntries(this.#distributions);
  }

  /** Keeps a whole distribution, beside the percentiles of the results. */
  keepDistribution(name: string, values: readonly number[]): void {
    if (values.length > 0) this.#distributions.set(name, distribution(values));
  }

  /**
   * Starts all nodes shortly after each other, waits until they are one cluster, and lets it grow quiet. Large clusters have been
   * together before: to play all their joins takes longer than most stories about them.
   * @returns milliseconds after the last start; undefined where it never became one cluster.
   */
  form(): number | undefined {
    const { clock, hosts } = this.world;
    if (hosts.length > FORMED_ABOVE && this.options.cold !== true) {
      const all = hosts.map(({ index }) => index);
      this.world.startTogether(all, this.seeds());
      const formedMs = this.agree(this.#patienceMs(FORM_MS_MAX));
      this.world.runFor(QUIET_MS);
      return formedMs;
    }
    const gapMs = Math.min(START_GAP_MS, START_SPAN_MS_MAX / hosts.length);
    for (const host of hosts)
      clock.after(host.index * gapMs, () => this.world.start(host.index, this.seeds()));
    this.world.runFor(hosts.length * gapMs);
    const formedMs = this.agree(this.#patienceMs(FORM_MS_MAX));
    this.world.runFor(QUIET_MS);
    return formedMs;
  }

  /** The traffic, and the peaks, of the results count from here on. */
  measureFromNow(): void {
    this.#traffic = this.#openWindow();
    for (const host of this.world.hosts) this.world.network.traffic(host.index).resetPeak();
  }

  /** Each node puts this many readings a second, not in step with the others, until the run ends or `stop` is called. */
  startReadings(perSecond: number): { stop(): void } {
    let running = true;
    const source = {
      stop() {
        running = false;
      },
    };
    if (perSecond <= 0) return source;
    this.#sources.push(source);
    const intervalMs = 1000 / perSecond;
    for (const host of this.world.hosts) {
      this.world.clock.after(this.world.random.next() * intervalMs, () => {
        this.world.clock.every(intervalMs, () => {
          if (running && host.state === 'running') this.#putReading(host.index);
          return running;
        });
      });
    }
    return source;
  }

  /**
   * Runs until all running nodes agree on the members and the records.
   * @returns how long that took; undefined where it took longer than `withinMs`.
   */
  agree(withinMs: number): number | undefined {
    const { world } = this;
    const startMs = world.nowMs;
    const endMs = startMs + withinMs;
    for (;;) {
      if (world.runUntil(() => world.members.disagreements === 0, endMs - world.nowMs) === undefined)
        return undefined;
      if (world.records.disagreements === 0) return world.nowMs - startMs;
      if (world.nowMs >= endMs) return undefined;
      world.runFor(Math.min(AGREE_STEP_MS, endMs - world.nowMs));
    }
  }

  /** The end of a scenario: readings and clock steps stop, and agreement within the time is an invariant. @returns as `agree`. */
  settle(leastMs: number): number | undefined {
    const withinMs = this.#patienceMs(leastMs);
    this.#isSettling = true;
    for (const source of this.#sources) source.stop();
    const agreedMs = this.agree(withinMs);
    const { members, records, nowMs } = this.world;
    const detail = [members.describeDisagreements(), records.describeDisagreements()].filter((text) => text);
    this.world.emit({
      type: 'settled',
      atMs: nowMs,
      agreed: agreedMs !== undefined,
      detail: `${Math.round(withinMs / 1000)} s after the last fault: ${detail.join('; ')}`,
    });
    return agreedMs;
  }

  /** The results that all scenarios share [contract: simulation results]. */
  commonResults(converged: boolean): ScenarioResults {
    this.#inspector.conclude();
    const { verdicts } = this;
    this.keepDistribution('recoveredMs', verdicts.recoveries);
    return {
      converged,
      falseDowns: verdicts.falseDowns,
      stalledDowns: verdicts.stalledDowns,
      isolatedDowns: verdicts.isolatedDowns,
      suspicions: verdicts.suspicions,
      recoveredMs: percentiles(verdicts.recoveries),
      ...this.#queueResults(),
      ...this.trafficResults(),
    };
  }

  /** Where interfaces have a limit: the datagrams that each dropped because its queue was full. */
  #queueResults(): ScenarioResults {
    const { hosts, network, options } = this.world;
    if (options.bytesPerSecondMax === undefined) return {};
    return { queueDropped: meanMax(hosts.map(({ index }) => network.queueDrops(index))) };
  }

  trafficResults(): ScenarioResults {
    return { ...this.#traffic.rates(this.world.nowMs) };
  }

  /** Per node, the most bytes it sent in one second since `measureFromNow`. */
  peakResults(): ScenarioResults {
    const peaks = this.world.hosts.map((host) => this.world.network.traffic(host.index).peakBytesPerSecond);
    return { peakBytesPerSecond: meanMax(peaks).max };
  }

  #patienceMs(leastMs: number): number {
    return Math.max(leastMs, DIGESTS_TO_AGREE * this.world.options.settings.digestIntervalMs);
  }

  get #findsByMulticast(): boolean {
    const { medium, segments } = this.world.options;
    return medium === 'multicast' && (segments ?? 1) === 1;
  }

  #openWindow(): TrafficWindow {
    return new TrafficWindow(this.world.network, {
      hosts: this.world.hosts.length,
      nowMs: this.world.nowMs,
    });
  }

  #putReading(host: HostIndex): void {
    this.world.put(host, READING_KEY, Math.round(this.world.random.next() * 10_000) / 10, { unit: 'W' });
  }
}

/** Nodes that run and are neither stalled nor cut off, and don't say `alive` of this one. */
function countDoubters(world: World, subject: HostIndex): number {
  let doubters = 0;
  for (const { index } of world.hosts) {
    if (index === subject || !world.isWell(index)) continue;
    doubters += Number(world.members.stateOf(index, subject) !== 'alive');
  }
  return doubters;
}
