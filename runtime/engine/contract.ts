import type { Counters } from '../core/counters.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import type { Fingerprint, KeyOperation, KeysView } from '../core/key-views.ts';
import type { Output, Path } from '../core/outputs.ts';
import type { RandomSource } from '../core/random.ts';
import type { CertifiedView, Proclaimed, TrustView } from '../core/trust-view.ts';
import type { AppValue } from '../core/value.ts';
import type { Version } from '../core/version.ts';
import type { MemberView, PutEntry, PutOptions, RecordView, WaitingView } from '../core/views.ts';
import type { WhyView } from '../core/why.ts';
import type { KeySet } from '../crypto/key-set.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { RecordGuard } from '../data/record-guard.ts';
import type { TrustOptions, TrustState } from '../trust/trust.ts';
import type { Block } from '../wire/message.ts';
import type { EventDeskOptions } from './event-desk.ts';
import type { EventFace } from './event-face.ts';
import type { FleetFace } from './fleet-face.ts';
import type { EngineGauges } from './gauges.ts';
import type { KeepFace } from './keep-face.ts';
import type { LeaseDeskOptions } from './lease-desk.ts';
import type { LeaseFace } from './lease-face.ts';
import type { LifeProofOptions } from './life-signs.ts';
import type { QuotaUsage } from './own-quota.ts';
import type { Readers } from './readers.ts';
import type { EngineSettings } from './settings.ts';

/** A link (network interface) that the node uses. */
export interface Link {
  readonly name: string;
  /** `full`: presence and data by multicast; `discovery`: presence only; `off`: unicast only. */
  readonly multicast: 'full' | 'discovery' | 'off';
}

export interface EngineOptions {
  readonly id: NodeId;
  readonly name: string;
  readonly cluster: string;
  /** This life's boot counter, persisted before the engine is made; 1 to 2^20 - 1. */
  readonly boot: number;
  /** The keys that it starts with, where `keys` doesn't say more; needed without `trust`. */
  readonly keyring?: Keyring;
  /** The keys and what operators said of them, as kept by an earlier life; absent: `keyring`, and nobody said anything. */
  readonly keys?: KeySet;
  readonly provider: CryptoProvider;
  readonly random: RandomSource;
  readonly settings: EngineSettings;
  /** For a cluster of certificates: who this node is and whom it trusts. It says nothing before somebody let it in. Absent: a pre-shared key. */
  readonly trust?: TrustOptions;
  /** Whose word a record is, without `trust`; default: everybody who has the group's key is believed. */
  readonly guard?: RecordGuard;
  /** That nobody can speak for another's life; only with a guard whose owners sign. Default: the group's key is proof enough. */
  readonly proofs?: LifeProofOptions;
  /** What it needs to vote on leases and to hold them. Default: no roster, so there are none; and nothing was ever promised. */
  readonly leases?: LeaseDeskOptions;
  /** How far earlier lives got with events. Default: this node never heard of any. */
  readonly events?: EventDeskOptions;
  readonly tags?: Readonly<Record<string, string>>;
  readonly endpoints: readonly Endpoint[];
  /** The transports by which it can call others; default: both. */
  readonly dials?: readonly Endpoint['transport'][];
  readonly links: readonly Link[];
  /** How it reads what comes; default: everything anew. Many engines in one process may share what they read. */
  readonly readers?: Readers;
}

/** What the driver knows of its host's health, as inputs of local health. */
export interface HostObservation {
  /** How much later than asked the event loop ran, in milliseconds. */
  readonly lagMs?: number;
  /**
   * Datagrams lost within this machine since the last observation: to this node, dropped by its own kernel because it didn't take them in
   * time; or probes and answers of this node that its own links' budgets refused.
   */
  readonly socketDrops?: number;
}

export interface RecordFilter {
  /** Exact key, or a prefix where it ends with `/`. Absent: all. */
  readonly key?: string;
  readonly owner?: NodeId;
}

/**
 * A gossip node as a pure state machine. Every method that takes `nowMs` (boot-time milliseconds, never going back) is one
 * mutation; after each, drain `pollOutput` until it answers `timeout`. Late or extra timeouts are harmless.
 */
export interface GossipEngine {
  readonly id: NodeId;
  readonly boot: number;
  readonly counters: Readonly<Counters>;
  /** Announces this node; call once. Records may be put before, so that the announcement stands for them too. */
  start(nowMs: number): void;
  /** Adds seeds; they are tried until answered, and again whenever this node is alone. */
  join(nowMs: number, seeds: readonly Endpoint[]): void;
  /** Says goodbye; the event `left` tells when to stop. */
  leave(nowMs: number): void;
  /** @throws GridvineError (`E_KEY_...`, `E_VALUE_...`, `E_QUOTA`, `E_VERSION_CONFLICT`, `E_NOT_ALLOWED`); the state is unchanged then. */
  put(nowMs: number, key: string, value: AppValue, options?: PutOptions): Version;
  /**
   * Puts up to 32 records under consecutive versions: every reader, here and elsewhere, sees all of them or none [P-5.40].
   * @returns their versions, in the same order. @throws GridvineError as `put`, and `E_BATCH`; the state is unchanged then.
   */
  putMany(nowMs: number, entries: readonly PutEntry[]): Version[];
  /** How much of what this node may put is used. */
  quota(): QuotaUsage;
  /**
   * Forgets a member that is down or has left, for all nodes: its records and its place among the members. It comes back as itself if it
   * does. @throws GridvineError `E_NOT_FOUND`, `E_MEMBER_ALIVE`, and `E_NOT_ALLOWED` in a cluster of certificates.
   */
  forget(nowMs: number, id: NodeId): void;
  /** @throws GridvineError `E_NOT_FOUND` where this node has no such record. */
  delete(nowMs: number, key: string): Version;
  /** All that it holds of an owner, for `restore`; undefined: nothing. */
  blockOf(nowMs: number, owner: NodeId): Block | undefined;
  /**
   * Takes what was known of others before, after `start`: it is old, so it isn't told on, and whoever it speaks of is looked into like
   * any member. What this node knows better by now stays.
   */
  restore(nowMs: number, blocks: readonly Block[]): void;
  /** The host's addresses changed. */
  setEndpoints(nowMs: number, endpoints: readonly Endpoint[], links: readonly Link[]): void;
  setTags(nowMs: number, tags: Readonly<Record<string, string>>): void;
  /** After `boot-behind`: go on under this higher boot, which the driver has persisted. */
  adoptBoot(nowMs: number, boot: number): void;
  /**
   * An operator's command on the cluster's keys. It counts here once the output `keep-keys` was answered, and elsewhere when heard of.
   * @returns the key's fingerprint. @throws GridvineError `E_KEYS`, `E_NOT_FOUND`, `E_QUOTA`; the state is unchanged then.
   */
  operateKeys(nowMs: number, operation: KeyOperation): Fingerprint;
  /** After the output `keep-keys`: what it holds is on the medium. */
  keysKept(nowMs: number, ticket: number): void;
  /** Which keys there are, and who follows. */
  keys(): KeysView;
  /**
   * An operator brought something that the root signed (a revocation, a policy, an endorsement): it counts here and is told to all.
   * @returns what it is, and whether it was news. @throws GridvineError `E_CERTIFICATE`; the state is unchanged then.
   */
  proclaim(nowMs: number, signed: Uint8Array): Proclaimed;
  /**
   * What time it is, by a clock that can be believed: a registrar renews certificates by it. Others have no use for it. Tell it at the
   * start, and whenever the clock was set.
   * @param unixSeconds whole seconds since 1970.
   */
  tellTime(nowMs: number, unixSeconds: number): void;
  /** What a node in a cluster of certificates lives by; undefined in one of a pre-shared key. */
  trust(): TrustView | undefined;
  /** Who is certified there, and who is out; undefined as above. */
  certified(): CertifiedView | undefined;
  /** What to keep of it, readable by nobody else, whenever the event `trust-changed` came; undefined as above. */
  trustState(): TrustState | undefined;
  /** Leases: this node's own vote, and what it claims. */
  readonly leases: LeaseFace;
  /** Settings that change while it runs, and who may change those of all. */
  readonly fleet: FleetFace;
  /** Events and queries. */
  readonly events: EventFace;
  /** The table as it outlives the process. */
  readonly keep: KeepFace;
  observeHost(nowMs: number, observation: HostObservation): void;
  /** The platform says that nothing listens there (connection refused). */
  handleUnreachable(nowMs: number, endpoint: Endpoint): void;
  /** Whether a member has shown that it receives there, and was last heard from there by that transport. */
  isMemberAt(endpoint: Endpoint): boolean;
  handleDatagram(nowMs: number, path: Path, bytes: Uint8Array): void;
  handleTimeout(nowMs: number): void;
  pollOutput(): Output;
  members(nowMs: number): MemberView[];
  /** The evidence behind what this node says of a member, or of itself; undefined: it knows no such member. */
  why(nowMs: number, id: NodeId): WhyView | undefined;
  records(nowMs: number, filter?: RecordFilter): RecordView[];
  /** Records that came more than `overMs` ago and that readers don't see yet, because something that belongs to them isn't here; the longest first. */
  waiting(nowMs: number, overMs: number): WaitingView[];
  /** Number of records that readers see. */
  readonly recordCount: number;
  /** Local health score, 0 (well) to `localHealthMax - 1`. */
  readonly localHealth: number;
  /** How much it holds at this moment. */
  gauges(): EngineGauges;
  /** The version up to which it has every live record of this owner [P-5.2]; 0 where it has none, or is being reset. */
  knownOf(owner: NodeId): Version;
}
