import type { NodeId } from './ids.ts';
import type { AppValue } from './value.ts';

/** How long a query waits for answers, unless it says otherwise. */
export const QUERY_TIMEOUT_MS_DEFAULT = 5_000;

/** What every node answers by itself; no handler takes one of these names. */
export const BUILT_IN_QUERIES = ['ping', 'uptime', 'version', 'reach'] as const;

/** Whom a query asks, and for how long. A node answers if all of what is given applies to it. */
export interface AskOptions {
  /** Names, with `*` for any text and `?` for one character, or whole ids. Default: all. */
  readonly nodes?: readonly string[];
  /** Tags that a node must have, each with a pattern for its value. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Groups of the nodes' certificates; one of them is enough. Only in a cluster of certificates. */
  readonly groups?: readonly string[];
  /** When it is over, in milliseconds: 100 to an hour, 5 s by default. It is over sooner once all have answered. */
  readonly timeoutMs?: number;
  /** Whether nodes also say that they got it. Default false. */
  readonly ack?: boolean;
  /** The most answers, 1 to 4096, and the most bytes of them, 1 to 16777216; then it is over. Default 4096 and 1 MiB. */
  readonly answersMax?: number;
  readonly bytesMax?: number;
}

/** `none`: the node has nothing that answers to this name. `failed`: what answers there did not succeed; the value says why. */
export type AnswerKind = 'answer' | 'none' | 'failed';

/** What one node said to a query. */
export interface QueryAnswer {
  readonly node: NodeId;
  /** Its name; the id while that isn't known. */
  readonly name: string;
  readonly kind: AnswerKind | 'ack';
  readonly value: AppValue;
  /** Bytes of the whole answer, where only its beginning is here; null: it is all here. */
  readonly cutFrom: number | null;
  /** Since the query was sent. */
  readonly afterMs: number;
  /** Whether it came through another node, because the direct way failed. */
  readonly relayed: boolean;
}

/** `complete`: all that were expected have answered. */
export type QueryEnd = 'complete' | 'timeout' | 'limit' | 'cancelled';

/** How a query ended. */
export interface QuerySummary {
  readonly end: QueryEnd;
  /** Members that it asks, as this node knew them when it asked. */
  readonly expected: number;
  readonly acks: number;
  readonly answers: number;
  /** Who of them neither answered nor, where that was asked for, acknowledged. */
  readonly silent: readonly NodeId[];
  readonly tookMs: number;
}

/** A query of a member that asks this node. */
export interface QueryReceived {
  readonly name: string;
  readonly payload: AppValue;
  readonly asker: NodeId;
  readonly askerName: string;
  /** Names the query among those of its asker. */
  readonly number: number;
  /** How long an answer is waited for. */
  readonly leftMs: number;
}
