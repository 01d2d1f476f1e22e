import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { modelSealing } from '#runtime/simulator/modelled-provider.ts';
import { DEFAULT_QUALITY } from '#runtime/simulator/options.ts';
import { simulate } from '#runtime/simulator/simulate.ts';

const parts = {
  provider: modelSealing(createNodeProvider()),
  createEngine: (options: ConstructorParameters<typeof Engine>[0]) => new Engine(options),
};

function play(scenario: string, extras: { readonly series: boolean }) {
  const options = {
    scenario,
    nodes: 4,
    seed: 3,
    medium: 'unicast',
    quality: DEFAULT_QUALITY,
    settings: settingsOf('lan'),
  } as const;
  return simulate({ ...options, durationMs: 10_000, crashes: 1 }, parts, extras);
}

test('looking at a run does not change it', () => {
  const seen = play('crash', { series: true });
  const unseen = play('crash', { series: false });
  assert.deepEqual(seen.trace, unseen.trace);
  assert.deepEqual(seen.results, unseen.results);
  assert.equal(unseen.series, undefined);
});

test('a crash shows over time: a node less, views that are wrong, and right again', () => {
  const { series, virtualMs } = play('crash', { series: true });
  assert.ok(series !== undefined);
  const { agreement } = series;
  assert.equal(agreement.atMs.length, agreement.members.length);
  assert.equal(Math.round(agreement.atMs.at(-1) ?? 0), virtualMs);
  const formed = agreement.running.indexOf(4);
  const crashed = agreement.running.indexOf(3, formed);
  assert.ok(crashed > formed);
  // Three of the nine pairs around the survivors are wrong, and none of those that are left when they have noticed.
  assert.ok(agreement.members[crashed] < 1);
  assert.equal(agreement.members.at(-1), 1);
  assert.equal(agreement.running.at(-1), 4);
});

test('rates over time add up to the traffic of the run', () => {
  const { series, results } = play('idle', { series: true });
  assert.ok(series !== undefined);
  const { bytesMean, bytesMax, datagramsMean, atMs } = series.traffic;
  assert.ok(atMs.length > 15, 'a row each second');
  assert.ok(bytesMax.every((max, i) => max >= bytesMean[i]));
  assert.ok(datagramsMean.some((rate) => rate > 0));
  // The scenario's own measurement starts 5 s after the cluster has formed and lasts 10 s.
  const quiet = bytesMean.slice(7, 15);
  const mean = quiet.reduce((sum, rate) => sum + rate, 0) / quiet.length;
  const told = (results.bytesPerNodePerSecond as { mean: number }).mean;
  assert.ok(Math.abs(mean - told) < told / 2, `${mean} B/s over time, ${told} B/s in the results`);
});

test('detection times are kept as a whole distribution', () => {
  const { distributions } = play('crash', { series: false });
  const { detectionMs } = distributions;
  assert.equal(detectionMs.length, 101);
  assert.ok(detectionMs.every((value, i) => i === 0 || value >= detectionMs[i - 1]));
  assert.ok(detectionMs[0] > 0);
});
