import assert from 'node:assert/strict';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import type { LinkQuality } from '#runtime/simulator/network.ts';
import { DEFAULT_QUALITY, type SimulationOptions } from '#runtime/simulator/options.ts';
import { replayCommand } from '#runtime/simulator/replay.ts';
import { type SimulationResult, simulate } from '#runtime/simulator/simulate.ts';
import type { Percentiles } from '#runtime/simulator/statistics.ts';
import { World, type WorldParts } from '#runtime/simulator/world.ts';

/** The daemon's engine with real sealing. */
export const REAL_PARTS: WorldParts = {
  provider: createNodeProvider(),
  createEngine: (options) => new Engine(options),
};

export interface Play extends Partial<Omit<SimulationOptions, 'scenario' | 'quality'>> {
  readonly scenario: string;
  readonly nodes: number;
  /** 0 to 1. */
  readonly loss?: number;
  readonly quality?: Partial<LinkQuality>;
}

/** The options of a run: the contract's defaults, and what the test changes. */
export function optionsOf({ loss, quality, ...play }: Play): SimulationOptions {
  return {
    seed: 1,
    medium: 'unicast',
    settings: settingsOf('lan'),
    ...play,
    quality: { ...DEFAULT_QUALITY, lossShare: loss ?? 0, ...quality },
  };
}

/** Plays a scenario with the real engine; a broken invariant fails with the command that replays it. */
export function play(wish: Play): SimulationResult {
  const options = optionsOf(wish);
  const result = simulate(options, REAL_PARTS);
  const broken = result.violations
    .slice(0, 5)
    .map(({ atMs, checker, text }) => `${(atMs / 1000).toFixed(3)} s: ${checker}: ${text}`);
  assert.equal(
    result.violationCount,
    0,
    `${result.violationCount} violations\n${broken.join('\n')}\nreplay: ${replayCommand(options)}`,
  );
  return result;
}

/** A number among the results; fails where it isn't one, because what it measures never came to pass. */
export function numberOf(result: SimulationResult, name: string): number {
  const value = result.results[name];
  assert.equal(typeof value, 'number', `${name} of seed ${result.seed} is ${JSON.stringify(value)}`);
  return value as number;
}

/** Percentiles among the results. */
export function spreadOf(result: SimulationResult, name: string): { p50: number; p99: number; max: number } {
  const { p50, p99, max } = result.results[name] as Percentiles;
  assert.ok(
    p50 !== null && p99 !== null && max !== null,
    `${name} of seed ${result.seed} was never measured`,
  );
  return { p50, p99, max };
}

/** A world of the real engine, for stories that no scenario tells. */
export function worldOf(wish: Omit<Play, 'scenario'>): World {
  return new World(optionsOf({ ...wish, scenario: 'join' }), REAL_PARTS);
}
