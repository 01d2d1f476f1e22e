import { sample } from '../../core/random.ts';
import { CrashMeter } from '../crash-meter.ts';
import type { HostIndex } from '../network.ts';
import type { Run } from '../run.ts';
import type { Scenario } from './scenario.ts';

const CRASHES = 3;
const NOTICE_MS_MAX = 90_000;
const RETURN_MS_MAX = 60_000;
const BETWEEN_MS = 2_000;

/** Nodes lose power, one after the other or together, and come back; or only their processes are killed. */
export const crash: Scenario = {
  name: 'crash',
  summary:
    'nodes lose power, one after the other (or --together), and come back; with --hosts-stay-up only their processes die',
  nodesMin: 2,
  play(run) {
    const { world } = run;
    run.form();
    run.startReadings(run.options.readings ?? 0);
    const meter = new CrashMeter(world);
    const crashes = run.options.crashes ?? CRASHES;
    run.measureFromNow();
    let noticed = true;
    if (run.options.together === true) {
      // Somebody has to be left to see it.
      const count = Math.min(crashes, world.hosts.length - 1);
      const victims = sample(world.random, world.hosts, count).map((host) => host.index);
      noticed = crashAndReturn(run, meter, victims);
    } else {
      for (let i = 0; i < crashes; i++) {
        const [victim] = sample(world.random, world.living(), 1);
        noticed = crashAndReturn(run, meter, [victim.index]) && noticed;
      }
    }
    run.keepDistribution('detectionMs', meter.detections);
    const settledMs = run.settle(RETURN_MS_MAX);
    return { ...meter.results(), ...run.commonResults(noticed && settledMs !== undefined) };
  },
};

function crashAndReturn(run: Run, meter: CrashMeter, victims: readonly HostIndex[]): boolean {
  const { world } = run;
  for (const victim of victims) meter.kill(victim, { hostStaysUp: run.options.hostsStayUp });
  const noticed = world.runUntil(() => meter.open === 0, NOTICE_MS_MAX) !== undefined;
  meter.giveUp();
  world.runFor(BETWEEN_MS);
  const seeds = run.livingSeeds();
  for (const victim of victims) world.start(victim, seeds);
  run.agree(RETURN_MS_MAX);
  world.runFor(BETWEEN_MS);
  return noticed;
}
