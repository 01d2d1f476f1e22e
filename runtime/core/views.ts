import type { Endpoint } from './endpoint.ts';
import type { NodeId } from './ids.ts';
import type { AppValue, Quality } from './value.ts';
import type { Version } from './version.ts';

/** A member's state as this node sees it. */
export type MemberState = 'joining' | 'alive' | 'suspect' | 'down' | 'leaving' | 'left';

/** One of the lives of an identity that lives twice. */
export interface TwinLife {
  readonly boot: number;
  /** Where it was heard. */
  readonly endpoint: Endpoint;
}

/** One row of the membership view. */
export interface MemberView {
  readonly id: NodeId;
  readonly name: string;
  readonly state: MemberState;
  readonly boot: number;
  readonly incarnation: number;
  readonly endpoints: readonly Endpoint[];
  readonly tags: Readonly<Record<string, string>>;
  /** Since the last evidence of life heard directly; null: none yet (hearsay). 0 for this node itself. */
  readonly lastHeardMs: number | null;
  /** Suspicion level by arrival times; null: too few samples. */
  readonly phi: number | null;
  /** Smoothed round-trip time; null: not measured. */
  readonly rttMs: number | null;
  /** Who can't reach it at present. */
  readonly accusers: readonly NodeId[];
  /** The link on which it is heard by multicast, if any. */
  readonly segment: string | null;
  /** Transport and address in use towards it. */
  readonly path: Endpoint | null;
  /** Whether its identity lives twice at once: a cloned card. Then it may hold no lease. */
  readonly twin: boolean;
  /** `self`; `twin`; `relayed`: this node reaches it through others only. */
  readonly flags: readonly string[];
}

/** One record as a reader sees it. */
export interface RecordView {
  readonly owner: NodeId;
  /** The owner's name, or its id while the name isn't known. */
  readonly node: string;
  readonly key: string;
  readonly value: AppValue;
  readonly unit: string | null;
  readonly quality: Quality;
  readonly version: Version;
  /** Milliseconds since its owner set it. */
  readonly ageMs: number;
  /** The age's error bound; null: the age is only a lower bound; Infinity: it is unknown, as after a power cut of this node that lasted nobody knows how long. */
  readonly ageBoundMs: number | null;
  /** Remaining validity is `ttlMs - ageMs`; null: doesn't expire. */
  readonly ttlMs: number | null;
}

/** A record that came and isn't shown yet: readers see the one before, or nothing. */
export interface WaitingView {
  readonly owner: NodeId;
  /** The owner's name, or its id while the name isn't known. */
  readonly node: string;
  readonly key: string;
  /** Since it came, or an older one that it took the place of; in milliseconds. */
  readonly waitedMs: number;
  /** What isn't here: its value, which travels apart; or the rest of what it was put together with. */
  readonly lacks: 'value' | 'batch';
}

/** How a record spreads: at once, with the next batch, or on request only. */
export type Priority = 'urgent' | 'normal' | 'lazy';

/** Priorities in the order of their codes on the wire. */
export const PRIORITIES: readonly Priority[] = ['urgent', 'normal', 'lazy'];

export interface PutOptions {
  /** Validity in milliseconds, 1 to a year; absent: until deleted. */
  readonly ttlMs?: number;
  readonly unit?: string;
  readonly quality?: Quality;
  /** Default `normal`. */
  readonly priority?: Priority;
  /** How long ago the value was measured, in milliseconds; default 0. */
  readonly ageMs?: number;
  /** Only if the record has this version now (0: only if there is none). */
  readonly ifVersion?: Version;
}

/** One of several records that are put together. */
export interface PutEntry extends PutOptions {
  readonly key: string;
  readonly value: AppValue;
}
