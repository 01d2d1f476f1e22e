import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from './fleet.ts';
import { type Load, type LoopDelay, type MachineTicks, machineShare, readMachineTicks } from './load.ts';
import { type Condition, type Sample, sharedNowMs } from './messages.ts';
import {
  CRASH_PAUSE_MS,
  type CrashKind,
  crashesOf,
  type IdleFigures,
  LIMITS,
  type Round,
  type RoundPlan,
  UPDATE_PAUSE_MS,
  UPDATES_S_MAX,
} from './round.ts';

/** All processes at one moment. */
export interface Snapshot {
  readonly samples: readonly Sample[];
  readonly machine: MachineTicks | undefined;
}

/** One round of measurements of gridvine: n nodes in some processes on loopback, by unicast, with LAN settings. */
export async function gridvineRound(
  plan: RoundPlan,
  { processes, signal }: { readonly processes: number; readonly signal: AbortSignal },
): Promise<Round> {
  const fleet = new Fleet({ processes: Math.min(processes, plan.nodes), signal });
  try {
    const before = await snapshot(fleet);
    await fleet.start(plan.nodes);
    return await new GridvineRound(fleet, plan, signal).measure(before);
  } finally {
    await fleet.close();
  }
}

async function snapshot(fleet: Fleet): Promise<Snapshot> {
  return { samples: await fleet.askAll<'sample'>({ type: 'sample' }), machine: readMachineTicks() };
}

class GridvineRound {
  readonly #fleet: Fleet;
  readonly #plan: RoundPlan;
  readonly #signal: AbortSignal;
  /** Numbers of nodes that live. */
  #living: number[];

  constructor(fleet: Fleet, plan: RoundPlan, signal: AbortSignal) {
    this.#fleet = fleet;
    this.#plan = plan;
    this.#signal = signal;
    this.#living = fleet.nodes.map(({ number }) => number);
  }

  /** @param empty the processes before they had nodes. */
  async measure(empty: Snapshot): Promise<Round> {
    const { settleS, idleS, updates } = this.#plan;
    const join = await this.#phase(() => this.#join(), { watchLoop: true });
    await this.#sleep(settleS * 1_000);
    const idle =
      idleS > 0 ? await this.#phase(() => this.#sleep(idleS * 1_000), { watchLoop: false }) : undefined;
    const update = updates > 0 ? await this.#phase(() => this.#update(), { watchLoop: true }) : undefined;
    const closed = await this.#crashPhase('closed');
    const silent = await this.#crashPhase('silent');
    const { samples } = silent?.after ?? (await snapshot(this.#fleet));
    const lost = sum(samples, ({ eventsLost }) => eventsLost);
    if (lost > 0) throw new Error(`${lost} events came too fast to be counted: expected none`);
    const rss = (of: Snapshot) => sum(of.samples, ({ rssBytes }) => rssBytes);
    return {
      joinMs: join.result,
      idle: idle === undefined ? null : idleFigures(idle.before, idle.after, this.#plan.nodes),
      memoryKb: (rss(idle?.after ?? join.after) - rss(empty)) / 1_024 / this.#plan.nodes,
      updateMs: update?.result ?? [],
      crashMs: { closed: closed?.result ?? [], silent: silent?.result ?? [] },
      falseDowns: sum(samples, ({ falseDowns }) => falseDowns),
      suspicions: sum(samples, ({ suspicions }) => suspicions),
      dropped: sum(samples, ({ dropped }) => dropped),
      load: {
        join: join.load,
        idle: idle?.load ?? null,
        update: update?.load ?? null,
        closed: closed?.load ?? null,
        silent: silent?.load ?? null,
      },
    };
  }

  async #phase<T>(run: () => Promise<T>, { watchLoop }: { readonly watchLoop: boolean }) {
    await this.#fleet.askAll<'watch-loop'>({ type: 'watch-loop', on: watchLoop });
    const before = await snapshot(this.#fleet);
    const result = await run();
    const after = await snapshot(this.#fleet);
    return { result, before, after, load: loadBetween(before, after) };
  }

  async #join(): Promise<number | null> {
    const { nodes: total, joinOverS, joinS } = this.#plan;
    const overMs = joinOverS * 1_000;
    const startMs = sharedNowMs();
    await this.#fleet.askAll<'join'>({ type: 'join', seeds: this.#fleet.nodes[0].endpoints, total, overMs });
    const joined = await this.#until(startMs, { type: 'joined', total }, joinOverS + joinS);
    return joined === null ? null : Math.max(0, joined - overMs);
  }

  async #update(): Promise<(number | null)[]> {
    const beganMs = sharedNowMs();
    const updateMs: (number | null)[] = [];
    for (let number = 0; number < this.#plan.updates; number++) {
      if (sharedNowMs() - beganMs > UPDATES_S_MAX * 1_000) break;
      await this.#sleep(randomInt(UPDATE_PAUSE_MS.min, UPDATE_PAUSE_MS.max));
      const node = this.#living[randomInt(this.#living.length)];
      const bytes = this.#plan.payloadBytes;
      const { atMs } = await this.#fleet.put({ type: 'put', node, number, bytes });
      updateMs.push(await this.#until(atMs, { type: 'updated', number }, LIMITS.updateS));
    }
    return updateMs;
  }

  async #crashPhase(how: CrashKind) {
    const count = crashesOf(this.#plan);
    if (count === 0) return undefined;
    return this.#phase(
      async () => {
        const crashMs: (number | null)[] = [];
        for (let i = 0; i < count; i++) crashMs.push(await this.#crash(how));
        return crashMs;
      },
      { watchLoop: true },
    );
  }

  async #crash(how: CrashKind): Promise<number | null> {
    await this.#sleep(CRASH_PAUSE_MS);
    const [node] = this.#living.splice(randomInt(this.#living.length), 1);
    const { id } = this.#fleet.nodes[node];
    await this.#fleet.askAll<'expect-down'>({ type: 'expect-down', id });
    const { atMs } = await this.#fleet.crash({ type: 'crash', node, how });
    return this.#until(atMs, { type: 'down', id }, LIMITS.crashS);
  }

  /** @returns milliseconds from `fromMs` until it held in all processes; null: not within the limit. */
  async #until(fromMs: number, condition: Condition, limitS: number): Promise<number | null> {
    const order = { type: 'await', condition, limitMs: limitS * 1_000 } as const;
    const times = await this.#fleet.askAll<'await'>(order);
    let lastMs = fromMs;
    for (const { atMs } of times) {
      if (atMs === null) return null;
      lastMs = Math.max(lastMs, atMs);
    }
    return lastMs - fromMs;
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#signal });
  }
}

/** What all processes did between two moments. */
export function loadBetween(before: Snapshot, after: Snapshot): Load {
  const pairs = after.samples.map((sample, i) => ({ first: before.samples[i], last: sample }));
  const active = pairs.map(({ first, last }) => last.loopActiveMs - first.loopActiveMs);
  const idle = pairs.map(({ first, last }) => last.loopIdleMs - first.loopIdleMs);
  const delays = after.samples.map(({ loopDelayMs }) => loopDelayMs).filter((delay) => delay !== null);
  return {
    wallMs: Math.max(...pairs.map(({ first, last }) => last.atMs - first.atMs)),
    cpuMs: sum(pairs, ({ first, last }) => last.cpuMs - first.cpuMs),
    datagrams: sum(pairs, ({ first, last }) => last.datagrams - first.datagrams),
    machineShare: machineShare(before.machine, after.machine),
    busiestLoop: Math.max(...active.map((ms, i) => (ms > 0 ? ms / (ms + idle[i]) : 0))),
    loopDelayMs: delays.length === 0 ? null : worstDelay(delays),
  };
}

export function idleFigures(before: Snapshot, after: Snapshot, nodes: number): IdleFigures {
  const { wallMs, cpuMs } = loadBetween(before, after);
  const share = 1_000 / wallMs / nodes;
  const sent = (field: 'datagrams' | 'datagramBytes') =>
    (sum(after.samples, (sample) => sample[field]) - sum(before.samples, (sample) => sample[field])) * share;
  return {
    datagrams: sent('datagrams'),
    datagramBytes: sent('datagramBytes'),
    streamBytes: 0,
    cpuMs: cpuMs * share,
  };
}

function worstDelay(delays: readonly LoopDelay[]): LoopDelay {
  return {
    p50: Math.max(...delays.map(({ p50 }) => p50)),
    p99: Math.max(...delays.map(({ p99 }) => p99)),
    max: Math.max(...delays.map(({ max }) => max)),
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
