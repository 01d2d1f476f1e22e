import type { Run, ScenarioResults } from '../run.ts';
import type { Scenario } from './scenario.ts';

const DURATION_MS = 60_000;
const SETTLE_MS_MAX = 60_000;

/** Nothing happens: what does that cost? Without readings, and with one a second on each node. */
export const idle: Scenario = {
  name: 'idle',
  summary: 'nothing happens; measured without readings and with one a second on each node',
  nodesMin: 1,
  play(run) {
    run.form();
    const quiet = measure(run, run.options.readings ?? 0);
    const busy =
      run.options.readings === undefined ? { withReadings: { readings: 1, ...measure(run, 1) } } : {};
    const settledMs = run.settle(SETTLE_MS_MAX);
    return { ...run.commonResults(settledMs !== undefined), ...quiet, ...busy };
  },
};

function measure(run: Run, readings: number): ScenarioResults {
  const source = run.startReadings(readings);
  run.measureFromNow();
  run.world.runFor(run.options.durationMs ?? DURATION_MS);
  source.stop();
  return run.trafficResults();
}
