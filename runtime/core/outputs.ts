import type { Endpoint } from './endpoint.ts';
import type { EventGap, UserEvent } from './event-views.ts';
import type { NodeId } from './ids.ts';
import type { LeaseEnd } from './lease-views.ts';
import type { QueryAnswer, QueryReceived, QuerySummary } from './query-views.ts';
import type { MemberState, RecordView, TwinLife } from './views.ts';

/** Where a datagram came from. */
export interface Path {
  readonly transport: 'udp' | 'http';
  /** The interface it came in by (`eth0`), or `lo`. */
  readonly link: string;
  /** Whether it was addressed to the multicast group. */
  readonly multicast: boolean;
  readonly address: string;
  readonly port: number;
}

/** Where a datagram goes: to one endpoint, or to the multicast group on one link. */
export type Destination =
  | { readonly kind: 'unicast'; readonly endpoint: Endpoint }
  | { readonly kind: 'multicast'; readonly link: string };

/** Classes share an interface's byte budget, in this order of precedence. */
export type TrafficClass = 'liveness' | 'membership' | 'data';

/** What the engine asks of its driver, drained after each mutation; `timeout` comes last and ends the drain. */
export type Output =
  | {
      readonly type: 'transmit';
      readonly to: Destination;
      readonly bytes: Uint8Array;
      readonly trafficClass: TrafficClass;
    }
  /** Ask the host at this endpoint whether anybody listens there; a refusal comes back by `handleUnreachable` [P-6.9]. */
  | { readonly type: 'touch'; readonly endpoint: Endpoint; readonly bytes: Uint8Array }
  | { readonly type: 'event'; readonly event: EngineEvent }
  /** Put this node's keys on the medium, readable by nobody else, then call `keysKept` with the ticket; until then they don't count. */
  | { readonly type: 'keep-keys'; readonly ticket: number; readonly kept: { reveal(): Uint8Array } }
  /** Put what this node promised as a voter on the medium, then call `leasesKept` with the ticket: nothing of it is told before. */
  | { readonly type: 'keep-leases'; readonly ticket: number; readonly kept: Uint8Array }
  /**
   * Put how far this node got with others' events on the medium, then call `events.kept` with the ticket: they are delivered then. `changes`:
   * since `all` was kept last (`withChanges`). `slowed`: some had to wait, because this sender's were too many, or (null) those of all.
   */
  | {
      readonly type: 'keep-events';
      readonly ticket: number;
      readonly kept: Uint8Array;
      readonly scope: 'all' | 'changes';
      readonly slowed: { readonly sender: NodeId | null } | null;
    }
  | { readonly type: 'timeout'; readonly atMs: number };

/** What happened, for the application. */
export type EngineEvent =
  | {
      readonly type: 'member';
      readonly id: NodeId;
      readonly name: string;
      /** undefined: not known before. */
      readonly from: MemberState | undefined;
      /** undefined: forgotten. */
      readonly to: MemberState | undefined;
      readonly boot: number;
      readonly incarnation: number;
    }
  | {
      readonly type: 'record';
      readonly change: 'put' | 'delete' | 'expire' | 'forget';
      readonly record: RecordView;
    }
  /** Peers have seen this identity with a higher boot: the driver persists `seenBoot + 1` and calls `adoptBoot`. */
  | { readonly type: 'boot-behind'; readonly seenBoot: number }
  /** So far above this node's boot was its identity seen, or so often, that it isn't followed: somebody lies, or lied. */
  | { readonly type: 'boot-claim'; readonly seenBoot: number }
  /** An identity, this node's or another's, lives twice; or no longer does. */
  | {
      readonly type: 'twin';
      readonly id: NodeId;
      readonly name: string;
      readonly change: 'seen' | 'over';
      /** Its lives, as far as they were seen, the latest seen first. */
      readonly lives: readonly TwinLife[];
    }
  /** So many members of those asked lately are silent to this node, and nobody else misses them: its own link is suspected first. */
  | { readonly type: 'self-doubt'; readonly silent: number; readonly asked: number }
  /** The leave was acknowledged by enough peers, or its time is over. */
  | { readonly type: 'left' }
  /** A refusal that echoes a join of ours; a hint, not authenticated. */
  | {
      readonly type: 'refused';
      readonly code: RefusalCode;
      readonly cluster: string;
      readonly address: string;
    }
  /** What this node lives by in a cluster of certificates has changed: epochs, the root's word, the time floor. The driver keeps it. */
  | { readonly type: 'trust-changed' }
  /** Somebody this node called doesn't let it in. `isProven`: this node would let that one in; else it is a hint. */
  | {
      readonly type: 'denied';
      readonly reason: string;
      readonly address: string;
      readonly isProven: boolean;
    }
  /** This node's own certificate doesn't stand any more. */
  | { readonly type: 'own-certificate-lapsed' }
  /** A lease that this node asked for: held from now on under this fence, or over. */
  | {
      readonly type: 'lease';
      readonly name: string;
      /** Which of this node's claims on it: what `acquire` returned. */
      readonly claim: string;
      readonly state: 'held' | 'over';
      /** null: it was never held. */
      readonly fence: number | null;
      /** null: it is held. */
      readonly end: LeaseEnd | null;
    }
  /** An application's event, of this node or another: once each, in each sender's order. */
  | { readonly type: 'user-event'; readonly event: UserEvent }
  /** Events of a sender that this node was to get, and missed. */
  | { readonly type: 'event-gap'; readonly gap: EventGap }
  /** A query asks this node: it answers by `events.answer`, or not at all. */
  | { readonly type: 'query'; readonly query: QueryReceived }
  /** Somebody answered a query of this node. */
  | { readonly type: 'query-answer'; readonly number: number; readonly answer: QueryAnswer }
  | { readonly type: 'query-over'; readonly number: number; readonly summary: QuerySummary }
  /** First datagram of this cluster under a key that this node doesn't hold, from this address (rate-limited). */
  | { readonly type: 'unknown-key'; readonly address: string }
  /** First datagram of a foreign cluster from this address (rate-limited). */
  | { readonly type: 'foreign-cluster'; readonly tag: string; readonly address: string };

export type RefusalCode = 'wrong-cluster' | 'unknown-key' | 'not-admitted' | 'version-too-old';
