import type { NodeId } from './ids.ts';
import type { MemberState } from './views.ts';

/** What a caller asks for. */
export interface LeaseOptions {
  /** For how long a majority promises it, in milliseconds: 2 to 60 s. Shorter: a crash is followed by a new holder sooner; longer: it survives longer outages. Default 10 s. */
  readonly ttlMs?: number;
  /** How long to try, in milliseconds; absent: until it is released. */
  readonly waitMs?: number;
}

export const LEASE_TTL_MS_DEFAULT = 10_000;

/** Why a lease is no longer held, or was not had. */
export type LeaseEnd = 'released' | 'lapsed' | 'taken' | 'no-majority' | 'roster' | 'twin';

/** A lease that this node itself wants or holds, at this moment. */
export interface OwnLease {
  readonly state: 'asking' | 'held';
  /** null while it asks. */
  readonly fence: number | null;
  readonly ttlMs: number;
  /** How long it may still act if nothing renews it; null while it asks. */
  readonly leftMs: number | null;
}

/** One lease as this node sees it. It is a view: only the holder's own clock and the actuator's check of the fence decide. */
export interface LeaseView {
  readonly name: string;
  /** `unsettled`: promises of some voters stand, but no majority promises the same. */
  readonly state: 'held' | 'free' | 'unsettled';
  readonly holder: NodeId | null;
  /** The holder's name. */
  readonly node: string | null;
  readonly fence: number | null;
  readonly ttlMs: number | null;
  /** Voters that promise it to this holder, as far as this node has heard. */
  readonly votes: number;
  readonly own: OwnLease | null;
}

/** Why a node votes, or doesn't. */
export type VoterStandingName =
  | 'votes'
  | 'no-roster'
  | 'no-voter'
  /** The root's policy gives its certificate no vote. */
  | 'not-entitled'
  | 'twin'
  | 'unsaved'
  | 'roster-conflict'
  | 'waits'
  | 'learns';

/** Who votes, as this node follows it. */
export interface RosterView {
  readonly version: number;
  /** The roster's name: 16 hex digits; equal where the rosters are. */
  readonly mark: string;
  /** Whether the roster before is out of use; only then may another one follow. null: only voters know. */
  readonly settled: boolean | null;
  readonly voters: readonly {
    readonly id: NodeId;
    readonly name: string | null;
    readonly state: MemberState | 'unknown';
    /** Whether it votes in this version, or was a voter in the one before, or both. */
    readonly set: 'present' | 'previous' | 'both';
  }[];
}

/** This node's own vote. */
export interface VoterView {
  readonly standing: VoterStandingName;
  /** Answers of other voters that it still needs; 0: none. */
  readonly missing: number;
  /** How long it waits before it asks them; null: it doesn't wait. */
  readonly waitMs: number | null;
  /** The version of the roster that it was given, where it doesn't follow that one. */
  readonly givenVersion: number | null;
  readonly promises: number;
}

export interface LeasesView {
  /** null: none is configured, so there are no leases. */
  readonly roster: RosterView | null;
  readonly voter: VoterView;
  /** By name. */
  readonly leases: readonly LeaseView[];
}
