import type { HealthItem, RunningNode } from '#runtime/driver/contract.ts';
import type { FleetDesk } from '../fleet/fleet-desk.ts';
import type { EventLog } from './event-log.ts';

/** Why an interface is used or not, as the board's profile sees it. */
export interface InterfaceReport {
  readonly name: string;
  readonly kind: string;
  readonly multicast: string;
  readonly used: boolean;
  readonly reason: string;
}

/** The profile in force. */
export interface ProfileReport {
  readonly id: string;
  readonly title: string;
  /** How it was found: `requested`, or what matched. */
  readonly matchedBy: string;
  readonly interfaces: readonly InterfaceReport[];
}

/** One configured source, as it runs. */
export interface SourceReport {
  readonly name: string;
  readonly kind: string;
  readonly simulated: boolean;
  readonly state: 'running' | 'failed';
  readonly counters: Readonly<Record<string, number>>;
  readonly health: readonly Omit<HealthItem, 'sinceMs'>[];
}

/** What operators ask for of settings for all boards. */
export type FleetFace = Pick<FleetDesk, 'view' | 'set' | 'promote' | 'rollback'>;

/** What the API serves: the daemon as its clients see it. */
export interface ApiService {
  readonly node: RunningNode;
  /** Semantic version of this program. */
  readonly version: string;
  /** Protocol version on the wire. */
  readonly protocol: number;
  readonly events: EventLog;
  /** Settings for all boards. */
  readonly fleet: FleetFace;
  profile(): ProfileReport | null;
  sources(): readonly SourceReport[];
  /** What handlers of events did; absent: there are none. */
  handlers?(): {
    readonly runs: number;
    readonly failed: number;
    readonly timedOut: number;
    readonly dropped: number;
  };
  /** Conditions of the node and of everything around it. */
  health(): readonly HealthItem[];
  /** Says goodbye to the cluster and ends the daemon; resolves once the goodbye is said. */
  leave(): Promise<void>;
}
