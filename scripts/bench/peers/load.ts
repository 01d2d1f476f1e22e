import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** How late an event loop ran, over a stretch of time, in milliseconds. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What a part of a round asked of the machine. */
export interface Load {
  readonly wallMs: number;
  /** Processor time of all processes of the side. */
  readonly cpuMs: number;
  /** Sent by all nodes together. */
  readonly datagrams: number;
  /** How much of all processors was in use, by anybody: 0 to 1; null: the platform doesn't tell. */
  readonly machineShare: number | null;
  /** How much of its time the busiest event loop was busy: 0 to 1; null: there is no such thing. */
  readonly busiestLoop: number | null;
  /** Of the worst process; null: not watched, or there is no such thing. */
  readonly loopDelayMs: LoopDelay | null;
}

/** Processor time of the whole machine since its start, in ticks. */
export interface MachineTicks {
  readonly busy: number;
  readonly all: number;
}

/** From here on more work would only have waited. */
export const LOOP_BUSY_SHARE = 0.8;
export const MACHINE_BUSY_SHARE = 0.9;
/** What others may take before it is told. */
const OTHERS_SHARE = 0.15;

/** Fields of the first line of `/proc/stat` (proc(5)): idle and iowait are the times when a processor had nothing to do. */
const FIELDS = { idle: 3, iowait: 4, count: 8 } as const;

/** @param text of `/proc/stat`. */
export function parseMachineTicks(text: string): MachineTicks | undefined {
  const fields = /^cpu +([\d ]+)/.exec(text)?.[1].split(' ').slice(0, FIELDS.count).map(Number);
  if (fields === undefined || fields.length < FIELDS.count) return undefined;
  const all = fields.reduce((sum, ticks) => sum + ticks, 0);
  return { busy: all - fields[FIELDS.idle] - fields[FIELDS.iowait], all };
}

/** undefined where the platform doesn't tell. */
export function readMachineTicks(): MachineTicks | undefined {
  try {
    return parseMachineTicks(readFileSync('/proc/stat', 'latin1'));
  } catch {
    return undefined;
  }
}

export function machineShare(before: MachineTicks | undefined, after: MachineTicks | undefined) {
  if (before === undefined || after === undefined || after.all <= before.all) return null;
  return (after.busy - before.busy) / (after.all - before.all);
}

/** The share of all processors that the side itself took: 0 to 1. */
export function ownShare({ cpuMs, wallMs }: Load, processors = availableParallelism()): number {
  return wallMs > 0 ? cpuMs / wallMs / processors : 0;
}

/** Processor time of the side for each datagram, from its making to its end at the receiver, with all that goes on besides; undefined: none. */
export function cpuPerDatagramUs({ cpuMs, datagrams }: Load): number | undefined {
  return datagrams > 0 ? (1_000 * cpuMs) / datagrams : undefined;
}

/** Whether the figure that was measured meanwhile says more of this machine's processors than of the protocol; in words, or undefined. */
export function boundBy(load: Load, processors = availableParallelism()): string | undefined {
  const { machineShare: machine, busiestLoop: loop, loopDelayMs: delay } = load;
  const own = ownShare(load, processors);
  const loopIsBusy = loop !== null && loop >= LOOP_BUSY_SHARE;
  const machineIsBusy = machine !== null && machine >= MACHINE_BUSY_SHARE;
  if (!loopIsBusy && !machineIsBusy) return undefined;
  const others = machine === null ? 0 : Math.max(0, machine - own);
  const reasons: string[] = [];
  if (loopIsBusy) reasons.push(`an event loop busy ${percent(loop)}`);
  if (machine !== null) reasons.push(`${processors} processors busy ${percent(machine)}`);
  if (others >= OTHERS_SHARE) reasons.push(`${percent(others)} with other work`);
  if (delay !== null) reasons.push(`loop delay p99 ${delay.p99.toFixed(0)} ms`);
  return `${loopIsBusy || own >= others ? 'CPU-bound' : 'disturbed'}: ${reasons.join(', ')}`;
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
