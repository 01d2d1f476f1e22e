import type { ConnectionState } from './connection.ts';

/** What a bridge does and has done; the counts only grow. */
export interface MqttStatus {
  /** `alone`: it needs no lease. `standby`: another node feeds the brokers, or nobody may. */
  readonly role: 'alone' | 'active' | 'standby';
  readonly state: ConnectionState;
  /** The broker in use, or the one to be tried next. */
  readonly server: string;
  readonly clientId: string;
  /** Retained topics that hold something. */
  readonly topics: number;
  readonly waiting: number;
  readonly inFlight: number;
  /** Messages that a broker acknowledged. */
  readonly published: number;
  /** Messages that a broker answered with a refusal. */
  readonly refused: number;
  /** Messages that a newer one of their topic replaced before they were sent. */
  readonly coalesced: number;
  /** Deletions lost because too many waited. */
  readonly forgotten: number;
  readonly connections: number;
  readonly attempts: number;
  /** Topic of the last acknowledged message. */
  readonly lastTopic: string | null;
}
