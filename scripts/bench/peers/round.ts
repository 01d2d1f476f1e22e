/** What a round is to do; both sides take the same. Durations are in seconds. */
export interface RoundPlan {
  /** Nodes in one process, from 2. */
  readonly nodes: number;
  readonly broadcasts: number;
  readonly payloadBytes: number;
  readonly settleS: number;
  readonly idleS: number;
}

/** What is waited for each thing before it counts as missed, in seconds. */
export const LIMITS = { joinS: 30, broadcastS: 10, crashS: 60 } as const;

/** Pause before each broadcast, in milliseconds: longer than either side's gossip interval, and in no fixed phase to it. */
export const BROADCAST_PAUSE_MS = { min: 200, max: 500 } as const;

/** Between the last broadcast and the crash, in milliseconds. */
export const CRASH_PAUSE_MS = 2_000;

/** Averages of the idle window, per node and second, of what was sent. */
export interface IdleFigures {
  readonly datagrams: number;
  /** UDP payload. */
  readonly datagramBytes: number;
  /** Payload of TCP streams. */
  readonly streamBytes: number;
  /** Processor time of the process. */
  readonly cpuMs: number;
}

/** What one side measured in one round. null: not within its limit. */
export interface Round {
  /** From the first join until everybody sees everybody. */
  readonly joinMs: number | null;
  readonly idle: IdleFigures;
  /** Each from the call at its origin until the last node has it. */
  readonly broadcastMs: readonly (number | null)[];
  /** From the closing of a node's sockets until the last survivor says down. */
  readonly crashMs: number | null;
  /** Verdicts against nodes that lived. */
  readonly falseDowns: number;
}

/** The longest that a round may take, in milliseconds, with every limit used up. */
export function roundLimitMs(plan: RoundPlan): number {
  const waitsS =
    LIMITS.joinS + plan.settleS + plan.idleS + LIMITS.crashS + plan.broadcasts * LIMITS.broadcastS;
  return waitsS * 1_000 + plan.broadcasts * BROADCAST_PAUSE_MS.max + CRASH_PAUSE_MS + START_MS;
}

/** For starting and ending processes with a hundred nodes on a busy machine. */
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

function isRound(value: unknown): value is Round {
  const { joinMs, idle, broadcastMs, crashMs, falseDowns } = (value ?? {}) as Partial<Round>;
  if (!Array.isArray(broadcastMs)) return false;
  const numbers = [idle?.datagrams, idle?.datagramBytes, idle?.streamBytes, idle?.cpuMs, falseDowns];
  const waits = [joinMs, crashMs, ...broadcastMs];
  return (
    numbers.every((number) => typeof number === 'number') &&
    waits.every((wait) => wait === null || typeof wait === 'number')
  );
}
