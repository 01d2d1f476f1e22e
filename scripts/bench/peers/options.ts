import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { RoundPlan } from './round.ts';
import { SIDES, type SideName } from './sides.ts';

/** Beyond it the ports, and the patience, of one machine are what is measured. */
const NODES_MAX = 2_000;
const PAYLOAD_BYTES = 256;

/** Of settling and the idle window where nothing else is asked for, in seconds: everything that gridvine does comes every 10 s. */
const GRIDVINE_IDLE = { settleS: 10, idleS: 30 } as const;
/** memberlist's members begin with push-pull within so many seconds after their start, and repeat it after this, or a multiple of it. */
const PUSH_PULL_S = 30;
/** Up to so many members the interval isn't stretched. */
const PUSH_PULL_NODES = 32;
/** Between join and updates of a round without an idle window, in seconds. */
const SHORT_SETTLE_S = 5;

/** The command line can't be understood. */
export class UsageError extends Error {}

export interface SocketsOptions {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly processes: number;
  readonly updates: number;
  readonly crashes: number;
  readonly joinOverS: number;
  readonly joinLimitS: number;
  /** undefined: as long as each side needs. */
  readonly settleS: number | undefined;
  readonly idleS: number | undefined;
  readonly sides: readonly SideName[];
  readonly compare: boolean;
  readonly linkDelayMs: number;
  readonly seeds: number;
  readonly json: boolean;
}

/** @throws UsageError with the option, what was expected and what came. */
export function readOptions(args: readonly string[]): SocketsOptions {
  const { values } = parseOrRefuse(args);
  const whole = (name: string, text: string, min: number, max: number) =>
    readNumber(`--${name}`, text, { min, max, whole: true });
  const only = values.only;
  if (only !== undefined && !SIDES.some((side) => side === only))
    throw new UsageError(`--only: expected one of ${SIDES.join(', ')}; got ${only || 'nothing'}`);
  if (values.compare && only === 'memberlist')
    throw new UsageError('--compare: the simulator plays gridvine only; leave out --only memberlist');
  return {
    sizes: values.nodes.split(',').map((text) => whole('nodes', text, 1, NODES_MAX)),
    rounds: whole('rounds', values.rounds, 1, 20),
    processes:
      values.processes === undefined ? availableParallelism() : whole('processes', values.processes, 1, 64),
    updates: whole('updates', values.updates, 1, 1_000),
    crashes: whole('crashes', values.crashes, 0, 20),
    joinOverS: whole('join-over', values['join-over'], 0, 600),
    joinLimitS: whole('join-limit', values['join-limit'], 1, 600),
    settleS: values.settle === undefined ? undefined : whole('settle', values.settle, 0, 600),
    idleS: values.idle === undefined ? undefined : whole('idle', values.idle, 1, 600),
    sides: only === undefined ? SIDES : SIDES.filter((side) => side === only),
    compare: values.compare,
    linkDelayMs: readNumber('--link-delay', values['link-delay'], { min: 0, max: 1_000, whole: false }),
    seeds: whole('seeds', values.seeds, 1, 100),
    json: values.json,
  };
}

/**
 * What a side does in a round. The idle window is in the first one only: traffic at rest hardly varies, and memberlist's takes
 * minutes to be seen whole.
 */
export function planOf(
  options: SocketsOptions,
  round: { readonly nodes: number; readonly side: SideName; readonly first: boolean },
): RoundPlan {
  const usual =
    round.side === 'gridvine'
      ? GRIDVINE_IDLE
      : { settleS: PUSH_PULL_S, idleS: pushPullIntervalS(round.nodes) };
  return {
    nodes: round.nodes,
    updates: options.updates,
    crashes: options.crashes,
    joinOverS: options.joinOverS,
    joinS: options.joinLimitS,
    payloadBytes: PAYLOAD_BYTES,
    settleS: round.first ? (options.settleS ?? usual.settleS) : SHORT_SETTLE_S,
    idleS: round.first ? (options.idleS ?? usual.idleS) : 0,
  };
}

/** How often each memberlist member exchanges its full state: doubled from 33 members on, tripled from 65 (`pushPullScale`). */
export function pushPullIntervalS(nodes: number): number {
  if (nodes <= PUSH_PULL_NODES) return PUSH_PULL_S;
  return PUSH_PULL_S * (Math.ceil(Math.log2(nodes / PUSH_PULL_NODES)) + 1);
}

function parseOrRefuse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        nodes: { type: 'string', default: '10,50,100' },
        rounds: { type: 'string', default: '3' },
        processes: { type: 'string' },
        updates: { type: 'string', default: '20' },
        crashes: { type: 'string', default: '1' },
        'join-over': { type: 'string', default: '0' },
        'join-limit': { type: 'string', default: '60' },
        settle: { type: 'string' },
        idle: { type: 'string' },
        only: { type: 'string' },
        compare: { type: 'boolean', default: false },
        'link-delay': { type: 'string', default: '0.05' },
        seeds: { type: 'string', default: '3' },
        json: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readNumber(
  option: string,
  text: string,
  { min, max, whole }: { readonly min: number; readonly max: number; readonly whole: boolean },
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= min && value <= max && (!whole || Number.isInteger(value))))
    throw new UsageError(
      `${option}: expected a ${whole ? 'whole ' : ''}number from ${min} to ${max}; got ${text || 'nothing'}`,
    );
  return value;
}
