import type { Load } from '../../scripts/bench/peers/load.ts';
import type { Round } from '../../scripts/bench/peers/round.ts';

/** A part of a round on a machine that had time. */
export function makeLoad(changes: Partial<Load> = {}): Load {
  return {
    wallMs: 1_000,
    cpuMs: 100,
    datagrams: 1_000,
    machineShare: 0.1,
    busiestLoop: 0.1,
    loopDelayMs: { p50: 0.1, p99: 1, max: 2 },
    ...changes,
  };
}

type Changes = Partial<Omit<Round, 'load'>> & { readonly load?: Partial<Round['load']> };

/** A round in which all went well. */
export function makeRound({ load = {}, ...changes }: Changes = {}): Round {
  const quiet = makeLoad();
  return {
    joinMs: 50,
    idle: { datagrams: 2, datagramBytes: 100, streamBytes: 20, cpuMs: 1 },
    memoryKb: 900,
    updateMs: [10, 30],
    crashMs: { closed: [1_400], silent: [3_000] },
    falseDowns: 0,
    suspicions: 0,
    dropped: 0,
    load: { join: quiet, idle: quiet, update: quiet, closed: quiet, silent: quiet, ...load },
    ...changes,
  };
}
