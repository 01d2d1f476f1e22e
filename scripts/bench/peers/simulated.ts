/**
 * Plays one scenario in the simulator, as the bench plays it on sockets. The plan comes as JSON in the first argument; the result is
 * one line of JSON on standard output.
 */
import { sample } from '#runtime/core/random.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { modelSealing } from '#runtime/simulator/modelled-provider.ts';
import { DEFAULT_QUALITY, type WorldOptions } from '#runtime/simulator/options.ts';
import { Run } from '#runtime/simulator/run.ts';
import { simulate } from '#runtime/simulator/simulate.ts';
import type { MeanMax, Percentiles } from '#runtime/simulator/statistics.ts';
import { World, type WorldParts } from '#runtime/simulator/world.ts';
import type { Predicted, PredictedScenario, PredictionPlan } from './prediction.ts';
import { CRASH_PAUSE_MS, LIMITS } from './round.ts';

/** A new update every second, as in the scenario's own usage. */
const UPDATE_INTERVAL_MS = 1_000;

type Player = (plan: PredictionPlan) => Predicted;

const PLAYERS: Readonly<Record<PredictedScenario, Player>> = {
  join: (plan) => ({ joinMs: [play(plan, 'join', { durationMs: 1 }).convergedMs as number | null] }),
  update(plan) {
    const durationMs = plan.updates * UPDATE_INTERVAL_MS;
    const { p50, p99, max } = play(plan, 'update', { durationMs }).reachedAllMs as Percentiles;
    return { updateP50Ms: [p50], updateP99Ms: [p99], updateMaxMs: [max] };
  },
  closed: (plan) => ({ closedMs: playCrashes(plan, { hostStaysUp: true }) }),
  silent: (plan) => ({ silentMs: playCrashes(plan, { hostStaysUp: false }) }),
  idle(plan) {
    const results = play(plan, 'idle', { readings: 0, durationMs: plan.idleS * 1_000 });
    return {
      idleDatagramBytes: [(results.bytesPerNodePerSecond as MeanMax).mean],
      idleDatagrams: [(results.datagramsPerNodePerSecond as MeanMax).mean],
    };
  },
};

const parts: WorldParts = {
  provider: modelSealing(createNodeProvider()),
  createEngine: (options) => new Engine(options),
};

function worldOptions({ nodes, seed, linkDelayMs }: PredictionPlan): WorldOptions {
  const latency = { shape: 'uniform', delayMs: linkDelayMs, jitterMs: linkDelayMs / 2 } as const;
  return {
    nodes,
    seed,
    medium: 'unicast',
    quality: { ...DEFAULT_QUALITY, latency },
    settings: settingsOf('lan'),
  };
}

function play(plan: PredictionPlan, scenario: string, options: Readonly<Record<string, number>>) {
  return simulate({ ...worldOptions(plan), ...options, scenario }, parts).results;
}

/** As on sockets: who has crashed stays away. The simulator's own scenario brings them back, and knows power cuts only. */
function playCrashes(plan: PredictionPlan, how: { readonly hostStaysUp: boolean }): (number | null)[] {
  const world = new World(worldOptions(plan), parts);
  const run = new Run(world, {});
  run.form();
  const crashMs: (number | null)[] = [];
  for (let i = 0; i < Math.min(plan.crashes, plan.nodes - 1); i++) {
    world.runFor(CRASH_PAUSE_MS);
    const [{ index }] = sample(world.random, world.living(), 1);
    world.kill(index, how);
    const known = () => world.members.countAbout(index, 'joining', 'alive', 'suspect', 'leaving');
    crashMs.push(world.runUntil(() => known() === 0, LIMITS.crashS * 1_000) ?? null);
  }
  return crashMs;
}

const plan: PredictionPlan = JSON.parse(process.argv[2]);
process.stdout.write(`${JSON.stringify(PLAYERS[plan.scenario](plan))}\n`);
