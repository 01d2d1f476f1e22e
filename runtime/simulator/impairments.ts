import type { RandomSource } from '../core/random.ts';
import { randomBelow, sample } from '../core/random.ts';
import type { HostIndex } from './network.ts';
import type { WorldOptions } from './options.ts';
import type { World } from './world.ts';

/** Steps of clocks: as often small as large. */
const STEP_MS_MIN = 100;
const STEP_MS_MAX = 10_000;

/** A direction between two hosts. */
export interface OneWay {
  readonly from: HostIndex;
  readonly to: HostIndex;
}

/**
 * The directions that carry nothing: one each of so many pairs as the options say, chosen at random. None is with host 0, which is
 * everybody's seed: whoever can't reach a single one would never find the others.
 */
export function oneWayLinks({ nodes, asymmetricShare = 0 }: WorldOptions, random: RandomSource): OneWay[] {
  if (asymmetricShare === 0) return [];
  const pairs: OneWay[] = [];
  for (let from = 1; from < nodes; from++) for (let to = 1; to < from; to++) pairs.push({ from, to });
  const count = Math.round((asymmetricShare * nodes * (nodes - 1)) / 2);
  return sample(random, pairs, count).map(({ from, to }) =>
    randomBelow(random, 2) === 0 ? { from, to } : { from: to, to: from },
  );
}

/** Lets clocks jump ahead as often as the options say, until `isOver`. */
export function startClockSteps(world: World, isOver: () => boolean): void {
  const { clockStepsPerMinute = 0 } = world.options;
  if (clockStepsPerMinute === 0) return;
  world.clock.every(60_000 / clockStepsPerMinute, () => {
    if (isOver()) return false;
    const [host] = sample(world.random, world.living(), 1);
    const stepMs = STEP_MS_MIN * (STEP_MS_MAX / STEP_MS_MIN) ** world.random.next();
    if (host !== undefined) world.stepClock(host.index, Math.round(stepMs));
    return true;
  });
}
