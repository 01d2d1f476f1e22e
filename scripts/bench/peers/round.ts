import type { Load } from './load.ts';

/** What a round is to do; both sides take the same kind of plan. Durations are in seconds. */
export interface RoundPlan {
  /** From 1. */
  readonly nodes: number;
  /** The nodes join one after the other, evenly over so long; 0: all at the same moment. */
  readonly joinOverS: number;
  /** How long after the last one began the join is waited for before it counts as missed, and the round goes on. */
  readonly joinS: number;
  /** Updates to spread, one after the other. */
  readonly updates: number;
  readonly payloadBytes: number;
  /** Quiet after the join. */
  readonly settleS: number;
  /** The idle window after it; 0: none in this round. */
  readonly idleS: number;
  /** Crashes of each kind, one after the other. */
  readonly crashes: number;
}

/**
 * `closed`: a node's sockets are closed without a goodbye, as when its process is killed: its host lives and refuses what comes.
 * `silent`: they stay open, and it says nothing any more, as when its power is cut.
 */
export const CRASH_KINDS = ['closed', 'silent'] as const;
export type CrashKind = (typeof CRASH_KINDS)[number];

/** What is waited for each other thing before it counts as missed, in seconds. */
export const LIMITS = { updateS: 10, crashS: 45 } as const;

/** No further update is begun after so many seconds of them: a cluster that loses them all would take for ever. */
export const UPDATES_S_MAX = 30;

/** Pause before each update, in milliseconds: longer than either side's gossip interval, and in no fixed phase to it. */
export const UPDATE_PAUSE_MS = { min: 200, max: 500 } as const;

/** Before each crash, in milliseconds. */
export const CRASH_PAUSE_MS = 2_000;

/** Averages of the idle window, per node and second, of what was sent. */
export interface IdleFigures {
  readonly datagrams: number;
  /** UDP payload. */
  readonly datagramBytes: number;
  /** Payload of TCP streams. */
  readonly streamBytes: number;
  /** Processor time of all processes. */
  readonly cpuMs: number;
}

export const PHASES = ['join', 'idle', 'update', 'closed', 'silent'] as const;
/** Parts of a round whose load is measured. */
export type Phase = (typeof PHASES)[number];

/** What one side measured in one round. null: not within its limit. */
export interface Round {
  /** From the moment when the last one joins until everybody sees everybody. */
  readonly joinMs: number | null;
  /** null: this round had no idle window. */
  readonly idle: IdleFigures | null;
  /** Resident memory that the nodes added to their processes, for each node, after the idle window. */
  readonly memoryKb: number;
  /** Each from the call at its origin until the last node has it. */
  readonly updateMs: readonly (number | null)[];
  /** Each from the crash until the last survivor says down. */
  readonly crashMs: Readonly<Record<CrashKind, readonly (number | null)[]>>;
  /** Verdicts against nodes that lived. */
  readonly falseDowns: number;
  /** Suspicions of nodes that lived, over all observers; null: this side doesn't tell. */
  readonly suspicions: number | null;
  /** Datagrams that the kernel dropped because a receive queue was full; null: this side doesn't tell. */
  readonly dropped: number | null;
  /** null: the round had no such phase. */
  readonly load: Readonly<Record<Phase, Load | null>>;
}

/** Crashes of each kind that leave somebody to see them. */
export function crashesOf({ nodes, crashes }: RoundPlan): number {
  return Math.min(crashes, Math.floor((nodes - 1) / CRASH_KINDS.length));
}

/** The longest that a round may take, in milliseconds, with every limit used up. */
export function roundLimitMs(plan: RoundPlan): number {
  const crashes = CRASH_KINDS.length * crashesOf(plan);
  const updatesS = Math.min(plan.updates * LIMITS.updateS, UPDATES_S_MAX + LIMITS.updateS);
  const waitsS = plan.joinOverS + plan.joinS + plan.settleS + plan.idleS + updatesS + crashes * LIMITS.crashS;
  return waitsS * 1_000 + plan.updates * UPDATE_PAUSE_MS.max + crashes * CRASH_PAUSE_MS + START_MS;
}

/** For starting and ending processes with a thousand nodes on a busy machine. */
const START_MS = 30_000;

/** @throws Error where a side answered something else than a round. */
export function parseRound(text: string): Round {
  const round = parseOrUndefined(text);
  if (!isRound(round)) throw new Error(`expected the figures of a round; got ${text.slice(0, 200)}`);
  return round;
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isNumber = (value: unknown) => typeof value === 'number';
const isWait = (value: unknown) => value === null || isNumber(value);
const isWaits = (value: unknown) => Array.isArray(value) && value.every(isWait);

function isRound(value: unknown): value is Round {
  const { joinMs, idle, memoryKb, updateMs, crashMs, falseDowns, suspicions, dropped, load } = (value ??
    {}) as Partial<Round>;
  const idles = idle === null ? [] : [idle?.datagrams, idle?.datagramBytes, idle?.streamBytes, idle?.cpuMs];
  return (
    [...idles, memoryKb, falseDowns].every(isNumber) &&
    [joinMs, suspicions, dropped].every(isWait) &&
    isWaits(updateMs) &&
    CRASH_KINDS.every((kind) => isWaits(crashMs?.[kind])) &&
    PHASES.every((phase) => load?.[phase] === null || isNumber(load?.[phase]?.cpuMs))
  );
}
