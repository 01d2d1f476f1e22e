import type { Aggregate, AggregateQuery } from '../coordination/aggregates/contract.ts';
import type { SharedDataFace } from '../coordination/shared-data/contract.ts';
import type { Counters } from '../core/counters.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { EmitOptions, UserEvent } from '../core/event-views.ts';
import type { NodeId } from '../core/ids.ts';
import type { Fingerprint, KeyOperation, KeysView } from '../core/key-views.ts';
import type { LeasesView, OwnLease } from '../core/lease-views.ts';
import type { EngineEvent, TrafficClass } from '../core/outputs.ts';
import type { Roster } from '../core/roster.ts';
import type { CertifiedView, Proclaimed, TrustView } from '../core/trust-view.ts';
import type { AppValue } from '../core/value.ts';
import type { Version } from '../core/version.ts';
import type { MemberView, PutOptions, RecordView } from '../core/views.ts';
import type { WhyView } from '../core/why.ts';
import type { RecordFilter } from '../engine/contract.ts';
import type { EngineGauges } from '../engine/gauges.ts';
import type { QuotaUsage } from '../engine/own-quota.ts';
import type { EngineSettings, PresetName } from '../engine/settings.ts';
import type { FollowOptions } from './node-events.ts';
import type { NodeLease } from './node-lease.ts';
import type { NodeLeaseOptions } from './node-leases.ts';
import type { QueryOptions, Responder, RunningQuery } from './node-queries.ts';
import type { SubscribeOptions, Subscription } from './subscription.ts';

/** Traffic of one link since the start. */
export interface LinkTraffic {
  readonly name: string;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxDatagrams: number;
  readonly txDatagrams: number;
  /** Datagrams that the kernel dropped because this node didn't keep up; 0 where the platform doesn't tell. */
  readonly rxDropped: number;
  /** Datagrams that were not sent because they exceed the link's byte budget. */
  readonly txDropped: Readonly<Record<TrafficClass, number>>;
  /** That budget, in bytes a second with IP and UDP headers; null: none. */
  readonly bytesPerSecondMax: number | null;
}

/** A lasting condition that people should know of; it disappears when the condition does. */
export interface HealthItem {
  /** Stable, kebab-case: `port-in-use`, `no-interface`, `foreign-cluster`. */
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'failure';
  readonly title: string;
  /** What happened, and what to do next. */
  readonly text: string;
  /** How long it has lasted. */
  readonly sinceMs: number;
}

/** What a node's owner can ask for beyond what the engine knows. */
export interface NodePutOptions extends PutOptions {
  /**
   * Whether the record survives a restart of the node: it is then in the data directory within two minutes, usually within seconds, and put
   * again at the start, as old as it is. Default true; a record with a ttl is never kept. False for readings: they are worth nothing
   * in the next life.
   */
  readonly keep?: boolean;
}

/** A put that is to be on the medium: it outlives restarts, so it has no ttl. */
export type DurablePutOptions = Omit<PutOptions, 'ttlMs'>;

/** One of several records that are put together. */
export interface NodePutEntry extends NodePutOptions {
  readonly key: string;
  readonly value: AppValue;
}

/** One of several records that are put together, and are to be on the medium. */
export interface DurablePutEntry extends DurablePutOptions {
  readonly key: string;
  readonly value: AppValue;
}

/**
 * A running node: the engine with sockets, a clock and storage. Everything a daemon or an embedding program uses. With `await using` it
 * leaves at the end of the block.
 */
export interface RunningNode extends AsyncDisposable {
  readonly id: NodeId;
  readonly name: string;
  readonly cluster: string;
  readonly boot: number;
  /** Addresses the node listens on, with real port numbers. */
  readonly endpoints: readonly Endpoint[];
  readonly uptimeMs: number;
  readonly counters: Readonly<Counters>;
  readonly localHealth: number;
  /** Whose cryptography it uses: `node` or `noble`. */
  readonly cryptoProvider: string;
  readonly recordCount: number;
  /** How much the engine holds at this moment. */
  gauges(): EngineGauges;
  members(): MemberView[];
  /** The evidence behind what this node says of a member, or of itself; undefined: it knows no such member. */
  why(id: NodeId): WhyView | undefined;
  records(filter?: RecordFilter): RecordView[];
  /** Counters, registers, sets and maps that all nodes write at the same time. */
  readonly crdt: SharedDataFace;
  /**
   * One number of a key's values on many nodes, out of what is known here now; unknown rather than of less than was asked for.
   * @throws GridvineError `E_VALUE_INVALID` for a question that makes no sense.
   */
  aggregate(query: AggregateQuery): Aggregate;
  /** @throws GridvineError as `GossipEngine.put`; `E_KEY_RESERVED` also below `crdt/`, which is written by `crdt`. */
  put(key: string, value: AppValue, options?: NodePutOptions): Version;
  /**
   * As `put`, and resolves when the record is on the medium: a power cut can't undo it then. Each costs a write, so it isn't for readings.
   * @throws GridvineError (rejects) as `put`; `E_NOT_DURABLE` where the medium takes nothing: it is put, and spreads, all the same.
   */
  putDurably(key: string, value: AppValue, options?: DurablePutOptions): Promise<Version>;
  /** Resolves when all that this node knows at this moment is on the medium. @throws GridvineError (rejects) `E_NOT_DURABLE`. */
  persist(): Promise<void>;
  /**
   * Puts 1 to 32 records that arrive together: `records()`, here and elsewhere, shows all of them or none. Events and subscriptions tell
   * them one after another.
   * @returns their versions, in the same order. @throws GridvineError as `put`, and `E_BATCH`; nothing was put then.
   */
  putMany(entries: readonly NodePutEntry[]): Version[];
  /** As `putMany`, and resolves when all of them are on the medium. @throws GridvineError (rejects) as `putMany` and `putDurably`. */
  putManyDurably(entries: readonly DurablePutEntry[]): Promise<Version[]>;
  /** How much of what this node may put is used: what `E_QUOTA` is about. */
  quota(): QuotaUsage;
  /**
   * Forgets a member that is down or has left, for all nodes: its records (what it contributed to `crdt` counts on) and its place among the members. It comes back as itself if it
   * does. @throws GridvineError `E_NOT_FOUND`, `E_MEMBER_ALIVE`, and `E_NOT_ALLOWED` in a cluster of certificates.
   */
  forget(id: NodeId): void;
  /** @throws GridvineError `E_NOT_FOUND`. */
  delete(key: string): Version;
  /** The cluster's keys and who follows, as this node knows it. */
  keys(): KeysView;
  /**
   * An operator's command on the cluster's keys, told to all. It returns at once: `keys()` shows who has followed.
   * @returns the key's fingerprint. @throws GridvineError `E_KEYS`, `E_NOT_FOUND`, `E_QUOTA`.
   */
  operateKeys(operation: KeyOperation): Fingerprint;
  /** What this node lives by in a cluster of certificates; undefined in one of a pre-shared key. */
  trust(): TrustView | undefined;
  /** Who is certified there, and who is out; undefined as above. */
  certified(): CertifiedView | undefined;
  /**
   * An operator brought something that the root signed: it counts here, and is told to all.
   * @returns what it is, and whether it was news. @throws GridvineError `E_CERTIFICATE`; the state is unchanged then.
   */
  proclaim(signed: Uint8Array): Proclaimed;
  /**
   * Gets a lease [P-17], and keeps it until it is released or lost. At most one claim a name on one node.
   * @throws GridvineError (rejects) `E_LEASE` (no voters, a bad name or time, or this node has or wants it already), `E_LEASE_UNAVAILABLE` (not
   * had in `waitMs`), `E_QUOTA`, `E_CLOSED`; the reason of the caller's signal.
   */
  lease(name: string, options?: NodeLeaseOptions): Promise<NodeLease>;
  /** What this node has of a lease at this very moment; undefined: nothing. */
  ownLease(name: string): OwnLease | undefined;
  /** Lets a lease go, whoever on this node asked for it. @throws GridvineError `E_NOT_FOUND`. */
  releaseLease(name: string): void;
  /** All leases that this node knows of, who votes, and its own vote. */
  leases(): LeasesView;
  /** Another roster of voters. @throws GridvineError `E_LEASE`. */
  setLeaseRoster(roster: Roster): void;
  /** An operator answers for what this voter has forgotten: fences up to this one are spent. @throws GridvineError `E_LEASE`. */
  recoverLeases(fenceAbove: number): void;
  /**
   * Goes on under other settings of the engine, from now on: as the same `preset` and `settings` of `NodeOptions` would have it from the
   * start. @throws GridvineError `E_CLOSED`.
   */
  retune(tuning: { readonly preset?: PresetName; readonly settings?: Partial<EngineSettings> }): void;
  /** Whether the cluster lets this member write a key on which the whole fleet acts [P-11.16]. */
  isEntitled(owner: NodeId, key: string): boolean;
  /**
   * Sends an event to all members, this node among them: each that lives gets it once, in the order in which this node sends, and who comes
   * late gets it within its window [P-18]. @returns its number. @throws GridvineError `E_EVENT` (a bad name or window), `E_VALUE_INVALID`,
   * `E_VALUE_TOO_LARGE`, `E_QUOTA` (too many in their windows), `E_NOT_ALLOWED`, `E_CLOSED`; nothing is sent then.
   */
  emitEvent(name: string, payload?: AppValue, options?: EmitOptions): number;
  /** With the option `holdEvents`: from now on user events and queries come. Idempotent. @throws GridvineError `E_CLOSED`. */
  releaseEvents(): void;
  /**
   * From now on no more events are taken: they come in the next life, if that begins within their windows. Resolves when listeners have all
   * that were taken, or a second later where the data directory doesn't answer. `leave` and `close` do it, too. Idempotent.
   */
  stopEvents(): Promise<void>;
  /** Called for each user event that is delivered here; @returns the unsubscriber. Gaps come by `onEvent` (`event-gap`). */
  onUserEvent(listener: (event: UserEvent) => void): () => void;
  /** User events from now on, until the signal or the node's end. Who takes them slowly loses the oldest beyond 1024. */
  userEvents(options?: FollowOptions): AsyncIterableIterator<UserEvent>;
  /**
   * Asks nodes, this one among them, and iterates their answers as they come. @throws GridvineError as `emitEvent`; `E_EVENT` also for a
   * filter that can't be; the reason of a signal that has aborted.
   */
  query(name: string, options?: QueryOptions): RunningQuery;
  /** Answers queries of this name here. @returns the end of it. @throws GridvineError `E_EVENT` where the name is taken. */
  onQuery(name: string, responder: Responder): () => void;
  join(seeds: readonly Endpoint[]): void;
  /** Called for each event after it took effect, outside the engine; @returns the unsubscriber. */
  onEvent(listener: (event: EngineEvent) => void): () => void;
  /**
   * Records and their changes as an async iterator, in order: first the whole state (or, with `since`, what was missed), then each change.
   * A slow reader is told each record's newest value only. Ends with the node. @throws GridvineError `E_CURSOR`, `E_CLOSED`.
   */
  subscribe(options?: SubscribeOptions): Subscription;
  traffic(): LinkTraffic[];
  health(): HealthItem[];
  /** Says goodbye to the cluster, waits for acknowledgements (bounded by `leaveTimeoutMs`), closes. */
  leave(): Promise<void>;
  /** Closes sockets and storage at once, without a goodbye. Idempotent. */
  close(): Promise<void>;
}
