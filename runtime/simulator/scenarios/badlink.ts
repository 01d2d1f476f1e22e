import { sample } from '../../core/random.ts';
import type { HostIndex } from '../network.ts';
import type { Scenario } from './scenario.ts';

const DURATION_MS = 120_000;
const SETTLE_MS_MAX = 120_000;
const REACHED_SHARE = 0.2;

/** One node can be reached by a fifth of the others only. It must not make others flap. */
export const badlink: Scenario = {
  name: 'badlink',
  summary: 'one node can be reached by a fifth of the others only; the others must not flap',
  nodesMin: 3,
  play(run) {
    const { world } = run;
    run.form();
    run.startReadings(run.options.readings ?? 0);
    const [bad] = sample(world.random, world.hosts, 1);
    const others = world.hosts.filter((host) => host !== bad).map((host) => host.index);
    const reached = Math.max(1, Math.round(others.length * REACHED_SHARE));
    const cut = sample(world.random, others, others.length - reached);
    let flaps = 0;
    world.observe((observation) => {
      if (observation.type !== 'event' || observation.event.type !== 'member') return;
      const { id, to } = observation.event;
      if (to === 'suspect' && id !== bad.id && observation.node !== bad.id) flaps++;
    });
    run.measureFromNow();
    world.degrade(
      cut.map((other): [HostIndex, HostIndex] => [bad.index, other]),
      { lossShare: 1 },
    );
    world.runFor(run.options.durationMs ?? DURATION_MS);
    const flapsMeanwhile = flaps;
    world.heal();
    const settledMs = run.settle(SETTLE_MS_MAX);
    return { flaps: flapsMeanwhile, ...run.commonResults(settledMs !== undefined) };
  },
};
