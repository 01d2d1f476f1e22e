import { aggregate } from '../coordination/aggregates/aggregate.ts';
import type { Aggregate, AggregateQuery } from '../coordination/aggregates/contract.ts';
import type { SharedData } from '../coordination/shared-data/shared-data.ts';
import type { Counters } from '../core/counters.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { GridvineError } from '../core/errors.ts';
import type { EmitOptions, UserEvent } from '../core/event-views.ts';
import type { NodeId } from '../core/ids.ts';
import type { Fingerprint, KeyOperation, KeysView } from '../core/key-views.ts';
import type { LeasesView, OwnLease } from '../core/lease-views.ts';
import type { EngineEvent } from '../core/outputs.ts';
import type { RandomSource } from '../core/random.ts';
import type { Roster } from '../core/roster.ts';
import type { CertifiedView, Proclaimed, TrustView } from '../core/trust-view.ts';
import type { AppValue } from '../core/value.ts';
import type { Version } from '../core/version.ts';
import type { MemberView, RecordView } from '../core/views.ts';
import type { WhyView } from '../core/why.ts';
import { isCrdtKey } from '../data/crdt/crdt-key.ts';
import type { GossipEngine, RecordFilter } from '../engine/contract.ts';
import type { EngineGauges } from '../engine/gauges.ts';
import type { QuotaUsage } from '../engine/own-quota.ts';
import { type EngineSettings, type PresetName, settingsOf } from '../engine/settings.ts';
import type { KnownPeers } from '../storage/known-peers.ts';
import type { Transport } from '../transport/transport.ts';
import { builtInQueries } from './built-in-queries.ts';
import type { Clock } from './clock.ts';
import type {
  DurablePutEntry,
  DurablePutOptions,
  HealthItem,
  LinkTraffic,
  NodePutEntry,
  NodePutOptions,
  RunningNode,
} from './contract.ts';
import type { Driver } from './driver.ts';
import type { EventListener, EventQueue } from './event-queue.ts';
import type { HealthBoard } from './health-board.ts';
import { sumTraffic } from './link-traffic.ts';
import type { LogSink } from './log.ts';
import { type FollowOptions, NodeEvents } from './node-events.ts';
import { NodeHealth } from './node-health.ts';
import type { NodeLease } from './node-lease.ts';
import { type NodeLeaseOptions, NodeLeases } from './node-leases.ts';
import { ROOT_NAMES_VOTERS } from './node-options.ts';
import { NodeQueries, type QueryOptions, type Responder, type RunningQuery } from './node-queries.ts';
import { PeerWatch } from './peer-watch.ts';
import { RecordLog } from './record-log.ts';
import type { Scheduler } from './scheduler.ts';
import { SharedTender } from './shared-tender.ts';
import type { ShownPlaces } from './shown-places.ts';
import { type SubscribeOptions, Subscription } from './subscription.ts';
import type { TableKeeper } from './table-keeper.ts';

/** Past the engine's own bound on leaving: it should never be needed. */
const LEAVE_GRACE_MS = 1_000;
/** So long the medium may take to note what was taken of events, when the node ends. */
const EVENTS_STOP_MS = 1_000;

export interface LocalNodeOptions {
  readonly name: string;
  readonly cluster: string;
  /** What runs the node, for the query `version`. */
  readonly software: string | undefined;
  readonly engine: GossipEngine;
  readonly driver: Driver;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly transports: readonly Transport[];
  /** The budgets of links, for showing. */
  readonly linkBytesPerSecond: Readonly<Record<string, number>>;
  readonly events: EventQueue;
  readonly health: HealthBoard;
  readonly table: TableKeeper;
  readonly peers: KnownPeers;
  readonly leaveTimeoutMs: number;
  /** The key of the key file; undefined in a cluster of certificates. */
  readonly configuredKey: Fingerprint | undefined;
  /** Whom it was told to join. */
  readonly seeds: readonly Endpoint[];
  readonly shown: ShownPlaces;
  /** The wall clock, in seconds since 1970. */
  readonly wallSeconds: () => number;
  /** Whose cryptography it uses, for showing. */
  readonly cryptoProvider: string;
  readonly random: RandomSource;
  readonly log: LogSink;
  /** Closes what was opened for this node, storage last. */
  readonly release: () => Promise<void>;
}

/** A node on this machine: commands and views of its engine, records that outlive it, and its end. */
export class LocalNode implements RunningNode {
  readonly id: NodeId;
  readonly name: string;
  readonly cluster: string;
  readonly crdt: SharedData;
  readonly #options: LocalNodeOptions;
  readonly #startedMs: number;
  /** Whom it calls to join, or to be let in. */
  readonly #called = new Set<string>();
  readonly #tender: SharedTender;
  readonly #leases: NodeLeases;
  readonly #health: NodeHealth;
  readonly #userEvents: NodeEvents;
  readonly #queries: NodeQueries;
  readonly #log: RecordLog;
  readonly #subscriptions = new Set<Subscription>();
  readonly #peerWatch: PeerWatch;
  #leaveTimeoutMs: number;
  #leaving: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: LocalNodeOptions) {
    this.id = options.engine.id;
    this.name = options.name;
    this.cluster = options.cluster;
    this.#options = options;
    this.#startedMs = options.clock.nowMs();
    this.#leaveTimeoutMs = options.leaveTimeoutMs;
    this.#log = new RecordLog({ boot: options.engine.boot });
    for (const seed of options.seeds) this.#called.add(options.shown.seed(seed));
    this.#tender = new SharedTender({
      ...options,
      members: () => this.members(),
      records: (key) => this.records({ key }),
      put: (key, value) => void this.#put(key, value, {}),
    });
    this.crdt = this.#tender.data;
    this.#leases = new NodeLeases(options);
    this.#health = new NodeHealth({ ...options, crdt: this.crdt, called: this.#called });
    this.#userEvents = new NodeEvents(options);
    this.#queries = new NodeQueries(options, builtInQueries(this));
    this.#peerWatch = new PeerWatch(options);
  }

  get software(): string | undefined {
    return this.#options.software;
  }

  get boot(): number {
    return this.#options.engine.boot;
  }

  get endpoints(): readonly Endpoint[] {
    return this.#options.transports.flatMap((transport) => transport.endpoints);
  }

  get uptimeMs(): number {
    return this.#options.clock.nowMs() - this.#startedMs;
  }

  get counters(): Readonly<Counters> {
    return this.#options.engine.counters;
  }

  get localHealth(): number {
    return this.#options.engine.localHealth;
  }

  get recordCount(): number {
    return this.#options.engine.recordCount;
  }

  get cryptoProvider(): string {
    return this.#options.cryptoProvider;
  }

  gauges(): EngineGauges {
    return this.#options.engine.gauges();
  }

  members(): MemberView[] {
    const { engine, clock, shown } = this.#options;
    return engine.members(clock.nowMs()).map((member) => shown.member(member));
  }

  why(id: NodeId): WhyView | undefined {
    const { engine, clock, shown } = this.#options;
    const view = engine.why(clock.nowMs(), id);
    return view && shown.why(view);
  }

  records(filter?: RecordFilter): RecordView[] {
    return this.#options.engine.records(this.#options.clock.nowMs(), filter);
  }

  aggregate(query: AggregateQuery): Aggregate {
    return aggregate(query, this.members(), this.records({ key: query.key }));
  }

  /** Every event of the engine, in its drain: nothing here may call the node. */
  observe(event: EngineEvent): void {
    if (event.type !== 'record') {
      this.#queries.observe(event);
      return;
    }
    this.crdt.onRecord(event);
    this.#log.append(event);
  }

  put(key: string, value: AppValue, options: NodePutOptions = {}): Version {
    refuseCrdtKey(key);
    return this.#put(key, value, options);
  }

  putMany(entries: readonly NodePutEntry[]): Version[] {
    for (const { key } of entries) refuseCrdtKey(key);
    const puts = entries.map(({ keep: _keep, ...entry }) => entry);
    const versions = this.#options.driver.mutate((engine, nowMs) => engine.putMany(nowMs, puts));
    for (const entry of entries) this.#keep(entry);
    return versions;
  }

  async putManyDurably(entries: readonly DurablePutEntry[]): Promise<Version[]> {
    const versions = this.putMany(entries.map((entry) => ({ ...entry, keep: true })));
    await this.#options.table.persistOwn();
    return versions;
  }

  quota(): QuotaUsage {
    return this.#options.engine.quota();
  }

  async putDurably(key: string, value: AppValue, options: DurablePutOptions = {}): Promise<Version> {
    const version = this.put(key, value, { ...options, keep: true });
    await this.#options.table.persistOwn();
    return version;
  }

  persist(): Promise<void> {
    return this.#options.table.persist();
  }

  #keep({ key, keep = true, ttlMs }: Pick<NodePutEntry, 'key' | 'keep' | 'ttlMs'>): void {
    if (keep && ttlMs === undefined) this.#options.table.keepOwn(key);
    else this.#options.table.dropOwn(key);
  }

  #put(key: string, value: AppValue, { keep = true, ...options }: NodePutOptions): Version {
    const version = this.#options.driver.mutate((engine, nowMs) => engine.put(nowMs, key, value, options));
    this.#keep({ key, keep, ...options });
    return version;
  }

  forget(id: NodeId): void {
    this.#options.driver.mutate((engine, nowMs) => engine.forget(nowMs, id));
  }

  delete(key: string): Version {
    const { driver, table } = this.#options;
    const version = driver.mutate((engine, nowMs) => engine.delete(nowMs, key));
    table.dropOwn(key);
    return version;
  }

  keys(): KeysView {
    return this.#options.engine.keys();
  }

  operateKeys(operation: KeyOperation): Fingerprint {
    return this.#options.driver.mutate((engine, nowMs) => engine.operateKeys(nowMs, operation));
  }

  trust(): TrustView | undefined {
    return this.#options.engine.trust();
  }

  certified(): CertifiedView | undefined {
    return this.#options.engine.certified();
  }

  proclaim(signed: Uint8Array): Proclaimed {
    return this.#options.driver.mutate((engine, nowMs) => engine.proclaim(nowMs, signed));
  }

  lease(name: string, options: NodeLeaseOptions = {}): Promise<NodeLease> {
    return this.#leases.acquire(name, options);
  }

  ownLease(name: string): OwnLease | undefined {
    return this.#leases.own(name);
  }

  releaseLease(name: string): void {
    this.#options.driver.mutate((engine, nowMs) => engine.leases.release(nowMs, name));
  }

  leases(): LeasesView {
    return this.#options.engine.leases.view(this.#options.clock.nowMs());
  }

  setLeaseRoster(roster: Roster): void {
    if (this.trust() !== undefined) throw new GridvineError('E_LEASE', `roster: ${ROOT_NAMES_VOTERS}`);
    this.#options.driver.mutate((engine, nowMs) => engine.leases.setRoster(nowMs, roster));
  }

  recoverLeases(fenceAbove: number): void {
    this.#options.driver.mutate((engine, nowMs) => engine.leases.recover(nowMs, fenceAbove));
  }

  retune(tuning: { readonly preset?: PresetName; readonly settings?: Partial<EngineSettings> }): void {
    const settings = settingsOf(tuning.preset ?? 'lan', tuning.settings);
    this.#options.driver.mutate((engine, nowMs) => engine.fleet.retune(nowMs, settings));
    this.#leaveTimeoutMs = settings.leaveTimeoutMs;
  }

  isEntitled(owner: NodeId, key: string): boolean {
    return this.#options.engine.fleet.isEntitled(owner, key);
  }

  emitEvent(name: string, payload: AppValue = null, options: EmitOptions = {}): number {
    return this.#userEvents.emit(name, payload, options);
  }

  releaseEvents(): void {
    this.#options.driver.mutate((engine, nowMs) => engine.events.release(nowMs));
  }

  async stopEvents(): Promise<void> {
    const { driver, engine, events, log } = this.#options;
    await driver.stopEvents(EVENTS_STOP_MS);
    // Also what was delivered before and waits for its turn.
    events.flush();
    const left = engine.events.unsettled();
    if (left > 0) log('warn', 'events-undelivered', { count: left });
  }

  onUserEvent(listener: (event: UserEvent) => void): () => void {
    return this.#userEvents.listen(listener);
  }

  userEvents(options: FollowOptions = {}): AsyncIterableIterator<UserEvent> {
    return this.#userEvents.follow(options);
  }

  query(name: string, options: QueryOptions = {}): RunningQuery {
    return this.#queries.ask(name, options);
  }

  onQuery(name: string, responder: Responder): () => void {
    return this.#queries.onQuery(name, responder);
  }

  join(seeds: readonly Endpoint[]): void {
    for (const seed of seeds) this.#called.add(this.#options.shown.seed(seed));
    this.#options.driver.mutate((engine, nowMs) => engine.join(nowMs, seeds));
  }

  onEvent(listener: EventListener): () => void {
    return this.#options.events.subscribe(listener);
  }

  subscribe(options: SubscribeOptions = {}): Subscription {
    if (this.#closing !== undefined)
      throw new GridvineError('E_CLOSED', 'this node is closed: make a new one');
    const subscription = new Subscription(options, {
      log: this.#log,
      records: (filter) => this.records(filter),
      onEnd: (ended) => this.#subscriptions.delete(ended),
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  traffic(): LinkTraffic[] {
    const { transports, linkBytesPerSecond } = this.#options;
    return sumTraffic(
      transports.flatMap((transport) => transport.traffic()),
      linkBytesPerSecond,
    );
  }

  health(): HealthItem[] {
    return this.#health.items();
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#closing ?? this.#leaveAndClose();
    return this.#leaving;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #leaveAndClose(): Promise<void> {
    const { driver, table } = this.#options;
    // Afterwards everybody is somebody that said goodbye.
    this.#peerWatch.update();
    // Meanwhile: whoever asked for it may not wait for a slow medium after a slow goodbye. What is refused shows as a condition.
    const kept = table.persist().catch(() => undefined);
    const told = this.stopEvents();
    await driver.leave(this.#leaveTimeoutMs + LEAVE_GRACE_MS);
    await Promise.all([kept, told]);
    await this.close();
  }

  async #close(): Promise<void> {
    const { driver, events, table, peers, release } = this.#options;
    if (this.#leaving === undefined) this.#peerWatch.update();
    this.#peerWatch.stop();
    this.#tender.stop();
    const told = driver.stopEvents(EVENTS_STOP_MS);
    if (told !== undefined) await told;
    // Whoever waits for answers hears how far they came.
    this.#queries.cancelAll();
    events.flush();
    driver.stop();
    this.#leases.stop();
    this.#userEvents.stop();
    this.#queries.stop();
    events.flush();
    for (const subscription of this.#subscriptions) subscription.close();
    await Promise.all([table.close(), peers.close(), driver.settle()]);
    await release();
  }
}

/** @throws GridvineError `E_KEY_RESERVED`. */
function refuseCrdtKey(key: string): void {
  if (!isCrdtKey(key)) return;
  throw new GridvineError(
    'E_KEY_RESERVED',
    `${key}: what is below crdt/ is written by gridvine crdt. Choose another name.`,
  );
}
