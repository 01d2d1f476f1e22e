/** The library: everything an embedding program uses. Other modules of this folder are internal and may change. */
export type {
  Aggregate,
  AggregateFunction,
  AggregateGroup,
  AggregateQuery,
  LeftOut,
  LeftOutReason,
  UnknownReason,
} from './coordination/aggregates/contract.ts';
export type {
  CrdtChange,
  CrdtView,
  SharedDataCounters,
  SharedDataFace,
} from './coordination/shared-data/contract.ts';
export type { Counters, DropReason } from './core/counters.ts';
export { formatDuration, parseDuration } from './core/durations.ts';
export {
  DEFAULT_PORT,
  type Endpoint,
  endpointKey,
  formatAuthority,
  parseAuthority,
} from './core/endpoint.ts';
export { type ErrorCode, GridvineError } from './core/errors.ts';
export type { EmitOptions, EventGap, UserEvent } from './core/event-views.ts';
export { isNodeId, type NodeId } from './core/ids.ts';
export type { LeaseEnd, LeaseOptions, LeasesView, LeaseView, OwnLease } from './core/lease-views.ts';
export type { Destination, EngineEvent, Path, RefusalCode, TrafficClass } from './core/outputs.ts';
export type {
  AnswerKind,
  AskOptions,
  QueryAnswer,
  QueryEnd,
  QueryReceived,
  QuerySummary,
} from './core/query-views.ts';
export type { RandomSource } from './core/random.ts';
export type { Roster } from './core/roster.ts';
export type {
  CertifiedMember,
  CertifiedView,
  Proclaimed,
  RevokedView,
  TrustView,
} from './core/trust-view.ts';
export type { AppValue, Quality } from './core/value.ts';
export type { Version } from './core/version.ts';
export type { MemberState, MemberView, Priority, PutEntry, PutOptions, RecordView } from './core/views.ts';
export type {
  AccuserView,
  EvidenceView,
  SuspicionView,
  VerdictEnd,
  VerdictView,
  WhyView,
} from './core/why.ts';
export { formatPsk, parsePsk } from './crypto/keyring.ts';
export { nobleProvider } from './crypto/noble-provider.ts';
export { createNodeProvider } from './crypto/node-provider.ts';
export type { CryptoProvider, ScryptCost, SealKey } from './crypto/provider.ts';
export type { CrdtOperation, Written } from './data/crdt/crdt-type.ts';
export type { CrdtTypeName } from './data/crdt/type-names.ts';
export { BootClock, type BootClockOptions, type Clock } from './driver/clock.ts';
export type {
  DurablePutOptions,
  HealthItem,
  LinkTraffic,
  NodePutEntry,
  NodePutOptions,
  RunningNode,
} from './driver/contract.ts';
export { createNode } from './driver/create-node.ts';
export type { LogLevel, LogSink } from './driver/log.ts';
export type { FollowOptions } from './driver/node-events.ts';
export type { NodeLease } from './driver/node-lease.ts';
export type { NodeLeaseOptions } from './driver/node-leases.ts';
export type { CertificateOptions, NodeOptions, NodeParts } from './driver/node-options.ts';
export { CutAnswer, type QueryOptions, type Responder, type RunningQuery } from './driver/node-queries.ts';
export { nodeScheduler, type Scheduler } from './driver/scheduler.ts';
export type { SubscribeOptions, Subscription, SubscriptionItem } from './driver/subscription.ts';
export type { Link, RecordFilter } from './engine/contract.ts';
export type { QuotaUsage } from './engine/own-quota.ts';
export { type EngineSettings, LAN, PRESETS, type PresetName, settingsOf } from './engine/settings.ts';
export type { FilePort } from './storage/file-port.ts';
export { nodeFiles } from './storage/node-files.ts';
export {
  type StoreAbout,
  type StoreBatch,
  type StoreContent,
  type StoredRow,
  StoreError,
  type TablePlace,
  type TableStore,
} from './storage/table-store.ts';
export { readInterfaces } from './transport/interface-table.ts';
export type {
  Transport,
  TransportFailure,
  TransportHandlers,
  TransportTraffic,
} from './transport/transport.ts';
export { DEFAULT_MULTICAST, type MulticastGroup } from './transport/udp-multicast.ts';
export type { Bind } from './transport/udp-unicast.ts';
