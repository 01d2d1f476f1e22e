import { aggregate } from '#runtime/coordination/aggregates/aggregate.ts';
import type { AggregateQuery } from '#runtime/coordination/aggregates/contract.ts';
import { SharedData } from '#runtime/coordination/shared-data/shared-data.ts';
import { createCounters } from '#runtime/core/counters.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import type { EmitOptions, UserEvent } from '#runtime/core/event-views.ts';
import type { KeyOperation, KeysView } from '#runtime/core/key-views.ts';
import type { LeasesView } from '#runtime/core/lease-views.ts';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import type { QueryAnswer, QuerySummary } from '#runtime/core/query-views.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import type { CertifiedView, Proclaimed, TrustView } from '#runtime/core/trust-view.ts';
import type { AppValue } from '#runtime/core/value.ts';
import type { MemberView, RecordView } from '#runtime/core/views.ts';
import type { WhyView } from '#runtime/core/why.ts';
import type {
  DurablePutEntry,
  DurablePutOptions,
  HealthItem,
  NodePutEntry,
  NodePutOptions,
  RunningNode,
} from '#runtime/driver/contract.ts';
import type { NodeLease } from '#runtime/driver/node-lease.ts';
import type { QueryOptions, Responder, RunningQuery } from '#runtime/driver/node-queries.ts';
import { RecordLog } from '#runtime/driver/record-log.ts';
import { type SubscribeOptions, Subscription } from '#runtime/driver/subscription.ts';
import type { RecordFilter } from '#runtime/engine/contract.ts';
import type { EngineGauges } from '#runtime/engine/gauges.ts';
import { NO_GAUGES } from './no-gauges.ts';
import { NO_KEYS } from './no-keys.ts';
import { NO_LEASES_VIEW } from './no-leases.ts';

export const FAKE_ID = '0123456789abcdef0123456789abcdef';

/** A node without a network: its own records are put and deleted, and events are what the test emits. */
export class FakeNode implements RunningNode {
  readonly id = FAKE_ID;
  readonly name = 'pump-house';
  readonly cluster = 'test';
  readonly boot = 3;
  readonly endpoints = [{ transport: 'udp', address: '127.0.0.1', port: 18262 }] as const;
  readonly uptimeMs = 1234.5;
  readonly counters = createCounters();
  readonly localHealth = 0;
  readonly cryptoProvider = 'node';
  readonly puts: { key: string; value: AppValue; options: NodePutOptions }[] = [];
  readonly batches: (readonly NodePutEntry[])[] = [];
  /** Thrown by the next `put`. */
  refusal: Error | undefined;
  /** Thrown by `persist`, and by what is put durably. */
  mediumRefusal: Error | undefined;
  /** How often it was asked to put all on its medium. */
  persisted = 0;
  /** How often its own were. */
  persistedOwn = 0;
  conditions: HealthItem[] = [];
  others: MemberView[] = [];
  left = false;
  keysView: KeysView = NO_KEYS;
  leasesView: LeasesView = NO_LEASES_VIEW;
  readonly recovered: number[] = [];
  readonly keyOperations: KeyOperation[] = [];
  /** What it answers to `why`, by id. */
  readonly evidence = new Map<string, WhyView>();
  #records: RecordView[] = [];
  #version = 100;
  readonly crdt = new SharedData(
    {
      id: FAKE_ID,
      boot: 3,
      random: new SeededRandom(1),
      nowMs: () => 0,
      wallMs: () => 1_700_000_000_000,
      members: () => this.members(),
      records: (key) => this.records({ key }),
      put: (key, value) => void this.put(key, value),
    },
    { soon: (callback) => callback() },
  );
  readonly #log = new RecordLog({ boot: 3 });
  readonly #listeners = new Set<(event: EngineEvent) => void>();

  get recordCount(): number {
    return this.#records.length;
  }

  gauges(): EngineGauges {
    return { ...NO_GAUGES, sessions: 4 };
  }

  members(): MemberView[] {
    return [memberView({ id: this.id, name: this.name, lastHeardMs: 0, flags: ['self'] }), ...this.others];
  }

  why(id: string): WhyView | undefined {
    return this.evidence.get(id);
  }

  records({ key, owner }: RecordFilter = {}): RecordView[] {
    return this.#records.filter(
      (record) =>
        (owner === undefined || record.owner === owner) &&
        (key === undefined || (key.endsWith('/') ? record.key.startsWith(key) : record.key === key)),
    );
  }

  put(key: string, value: AppValue, options: NodePutOptions = {}): number {
    if (this.refusal !== undefined) throw this.refusal;
    this.puts.push({ key, value, options });
    this.#records = this.#records.filter((record) => record.key !== key);
    this.#version++;
    const { unit = null, quality = 'good', ttlMs = null } = options;
    this.#records.push(recordView({ key, value, unit, quality, ttlMs, version: this.#version }));
    return this.#version;
  }

  async putDurably(key: string, value: AppValue, options: DurablePutOptions = {}): Promise<number> {
    const version = this.put(key, value, options);
    await this.#persistOwn();
    return version;
  }

  async putManyDurably(entries: readonly DurablePutEntry[]): Promise<number[]> {
    const versions = this.putMany(entries);
    await this.#persistOwn();
    return versions;
  }

  async #persistOwn(): Promise<void> {
    if (this.mediumRefusal !== undefined) throw this.mediumRefusal;
    this.persistedOwn++;
  }

  async persist(): Promise<void> {
    if (this.mediumRefusal !== undefined) throw this.mediumRefusal;
    this.persisted++;
  }

  putMany(entries: readonly NodePutEntry[]): number[] {
    if (this.refusal !== undefined) throw this.refusal;
    this.batches.push(entries);
    return entries.map(({ key, value, ...options }) => this.put(key, value, options));
  }

  readonly forgotten: string[] = [];

  forget(id: string): void {
    if (this.refusal !== undefined) throw this.refusal;
    this.forgotten.push(id);
    this.#records = this.#records.filter((record) => record.owner !== id);
  }

  quota() {
    return { records: this.#records.length, recordsMax: 952, bytes: 100, bytesMax: 51_200 };
  }

  delete(key: string): number {
    if (!this.#records.some((record) => record.key === key)) {
      throw new GridvineError('E_NOT_FOUND', `${key}: this node has no such record`);
    }
    this.#records = this.#records.filter((record) => record.key !== key);
    return ++this.#version;
  }

  keys(): KeysView {
    return this.keysView;
  }

  operateKeys(operation: KeyOperation): string {
    if (this.refusal !== undefined) throw this.refusal;
    this.keyOperations.push(operation);
    return operation.type === 'install' ? 'ab'.repeat(8) : operation.fingerprint;
  }

  trustView: TrustView | undefined;
  certifiedView: CertifiedView | undefined;
  readonly proclaimed: Uint8Array[] = [];

  trust(): TrustView | undefined {
    return this.trustView;
  }

  certified(): CertifiedView | undefined {
    return this.certifiedView;
  }

  proclaim(signed: Uint8Array): Proclaimed {
    if (this.refusal !== undefined) throw this.refusal;
    this.proclaimed.push(signed);
    return { kind: 'revocation', isNew: this.proclaimed.length === 1 };
  }

  async lease(name: string): Promise<NodeLease> {
    if (this.refusal !== undefined) throw this.refusal;
    throw new GridvineError('E_LEASE', `lease ${name}: nobody votes here`);
  }

  ownLease(): undefined {}

  releaseLease(name: string): void {
    throw new GridvineError('E_NOT_FOUND', `lease ${name}: not held`);
  }

  leases(): LeasesView {
    return this.leasesView;
  }

  setLeaseRoster(): void {}

  recoverLeases(fenceAbove: number): void {
    this.recovered.push(fenceAbove);
  }

  readonly tunings: { readonly preset?: string; readonly settings?: object }[] = [];
  /** Who may not write what all nodes act on. */
  readonly unentitled = new Set<string>();

  retune(tuning: { readonly preset?: string; readonly settings?: object }): void {
    this.tunings.push(tuning);
  }

  isEntitled(owner: string): boolean {
    return !this.unentitled.has(owner);
  }

  readonly emitted: { readonly name: string; readonly payload: AppValue; readonly options: EmitOptions }[] =
    [];

  releaseEvents(): void {}

  async stopEvents(): Promise<void> {}

  emitEvent(name: string, payload: AppValue = null, options: EmitOptions = {}): number {
    if (this.refusal !== undefined) throw this.refusal;
    this.emitted.push({ name, payload, options });
    return 0x3_0000_0000 + this.emitted.length;
  }

  onUserEvent(listener: (event: UserEvent) => void): () => void {
    return this.onEvent((event) => {
      if (event.type === 'user-event') listener(event.event);
    });
  }

  readonly asked: { readonly name: string; readonly options: QueryOptions }[] = [];
  /** What nodes answer to the next queries. */
  queryAnswers: readonly QueryAnswer[] = [];

  /** How they end, where it matters. */
  queryEnd: Partial<QuerySummary> = {};

  query(name: string, options: QueryOptions = {}): RunningQuery {
    if (this.refusal !== undefined) throw this.refusal;
    this.asked.push({ name, options });
    const answers = this.queryAnswers;
    const summary = { expected: 3, acks: 0, answers: answers.length, silent: ['ab'.repeat(16)], tookMs: 12 };
    async function* iterate() {
      yield* answers;
    }
    const done = Promise.resolve({ end: 'timeout' as const, ...summary, ...this.queryEnd });
    return { number: 7, done, cancel() {}, [Symbol.asyncIterator]: iterate };
  }

  readonly responders = new Map<string, Responder>();

  onQuery(name: string, responder: Responder): () => void {
    this.responders.set(name, responder);
    return () => this.responders.delete(name);
  }

  async *userEvents(): AsyncGenerator<UserEvent, void, void> {}

  join(): void {}

  subscribe(options: SubscribeOptions = {}): Subscription {
    const records = (filter: RecordFilter) => this.records(filter);
    return new Subscription(options, { log: this.#log, records, onEnd: () => undefined });
  }

  onEvent(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  aggregate(query: AggregateQuery) {
    return aggregate(query, this.members(), this.records({ key: query.key }));
  }

  emit(event: EngineEvent): void {
    if (event.type === 'record') {
      this.crdt.onRecord(event);
      this.#log.append(event);
    }
    for (const listener of this.#listeners) listener(event);
  }

  /** A record of another node arrives. */
  arrive(record: RecordView): void {
    this.#records.push(record);
    this.emit({ type: 'record', change: 'put', record });
  }

  traffic() {
    return [
      {
        name: 'eth0',
        rxBytes: 10,
        txBytes: 20,
        rxDatagrams: 1,
        txDatagrams: 2,
        rxDropped: 3,
        txDropped: { liveness: 0, membership: 4, data: 5 },
        bytesPerSecondMax: 20_000,
      },
    ];
  }

  health(): HealthItem[] {
    return this.conditions;
  }

  async leave(): Promise<void> {
    this.left = true;
  }

  async close(): Promise<void> {}

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }
}

export function recordView(values: Partial<RecordView>): RecordView {
  return {
    owner: FAKE_ID,
    node: 'pump-house',
    key: 'k',
    value: 1,
    unit: null,
    quality: 'good',
    version: 1,
    ageMs: 5,
    ageBoundMs: 0,
    ttlMs: null,
    ...values,
  };
}

export function memberView(values: Partial<MemberView>): MemberView {
  return {
    id: FAKE_ID,
    name: 'n',
    state: 'alive',
    boot: 1,
    incarnation: 0,
    endpoints: [],
    tags: {},
    lastHeardMs: 10,
    phi: null,
    rttMs: null,
    accusers: [],
    segment: null,
    path: null,
    twin: false,
    flags: [],
    ...values,
  };
}
