import type { Endpoint } from './endpoint.ts';
import type { NodeId } from './ids.ts';
import type { MemberView, TwinLife } from './views.ts';

/** What an accuser saw of a member that didn't answer. */
export interface EvidenceView {
  /** How long it waited for an answer. */
  readonly waitedMs: number;
  /** Helpers asked, and how many of them said that they heard nothing either. */
  readonly helpers: number;
  readonly nacks: number;
  /** Its own health score at that time: 0 is well. */
  readonly localHealth: number;
  /** How often the member's host said that nobody listens on its port. */
  readonly refusals: number;
}

/** One accuser of a member. */
export interface AccuserView {
  readonly id: NodeId;
  /** Its name, or its id where this node doesn't know it. */
  readonly name: string;
  readonly stage: 'suspect' | 'down';
  /** How long ago it said so, and how long ago this node heard of it. */
  readonly saidMs: number;
  readonly heardMs: number;
  readonly evidence: EvidenceView;
}

/**
 * How a suspicion ended: the member spoke up, came back in a new life, said goodbye, or answered after all; or its accusers no longer
 * said so.
 */
export type VerdictEnd = 'refuted' | 'restarted' | 'left' | 'answered' | 'withdrawn';

/** One suspicion, over or not. All times are milliseconds ago. */
export interface VerdictView {
  /** The life that was accused. */
  readonly boot: number;
  readonly incarnation: number;
  /** How long ago this node heard the first accusation. */
  readonly startedMs: number;
  /** How long ago it was declared down; null: it never was. */
  readonly downMs: number | null;
  /** How long ago it ended; null: it stands. */
  readonly endedMs: number | null;
  readonly end: VerdictEnd | null;
  /** All accusers that were heard of; the first ones are listed. */
  readonly accuserCount: number;
  readonly accusers: readonly AccuserView[];
}

/** The suspicion that stands. */
export interface SuspicionView {
  readonly accusers: readonly AccuserView[];
  /** Distinct accusers beyond the first that bring the suspicion to its least time, and how many there are. */
  readonly confirmationsWanted: number;
  readonly confirmations: number;
  /** How many of the accusers were told by the member's host that nobody listens. */
  readonly refusedBy: number;
  /** In how long the verdict falls unless the member answers; null: it has fallen. */
  readonly fallsInMs: number | null;
}

/** The evidence behind what a node says of a member. All times are milliseconds, `...Ms` of an event means ago. */
export interface WhyView {
  readonly member: MemberView;
  /** How long it has been in its state; null for this node itself. */
  readonly stateMs: number | null;
  /** How it was heard last; null: not at all in this life. */
  readonly heardBy: 'unicast' | 'multicast' | null;
  /** Whether the path in use is where it was heard from, or only what it says of itself. */
  readonly pathFrom: 'heard' | 'announced' | null;
  /** All ways to it, where there are several, and how each does; the one in use is `member.path`. */
  readonly paths?: readonly {
    readonly endpoint: Endpoint;
    readonly standing: 'works' | 'silent' | 'untried';
  }[];
  /** Through whom it says that it is reached, where nobody can send to it by itself. */
  readonly relays?: readonly { readonly id: NodeId; readonly name: string }[];
  readonly roundTrip: {
    readonly smoothedMs: number | null;
    /** About its 99th percentile. */
    readonly highMs: number | null;
    /** How long a ping waits for its ack before it is repeated. */
    readonly timeoutMs: number;
  } | null;
  /** Its multicast presence stands for a probe for so long; null: it is probed. */
  readonly vouchedForMs: number | null;
  /** Who reached it the last time that this node could not. */
  readonly lastHelper: { readonly id: NodeId; readonly name: string } | null;
  readonly suspicion: SuspicionView | null;
  /** How a member that is down is called; null for others. */
  readonly retry: {
    /** A few of all members that are down are called so often, for ever. */
    readonly everyMs: number;
    /** null: not yet. */
    readonly lastMs: number | null;
  } | null;
  /** Its identity lives twice at once; null: it doesn't. */
  readonly twin: {
    readonly sinceMs: number;
    /** Its lives as far as they were seen; of this node's own identity, the others. */
    readonly lives: readonly TwinLife[];
    /** Who says so. */
    readonly witnesses: readonly { readonly id: NodeId; readonly name: string }[];
  } | null;
  /** The last suspicions of it, the latest first; the one that stands among them. */
  readonly verdicts: readonly VerdictView[];
}
