import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SimulationReport, simulationReport } from '#device/simulation/report/simulation-report.ts';
import { playSeed } from '#device/simulation/seed-task.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { combineResults } from '#runtime/simulator/combine.ts';
import { DEFAULT_QUALITY } from '#runtime/simulator/options.ts';

function reportOf(scenario: string, seeds: readonly number[]): SimulationReport {
  const options = {
    scenario,
    nodes: 3,
    seed: seeds[0],
    medium: 'unicast',
    quality: DEFAULT_QUALITY,
    settings: settingsOf('lan', { fanOut: 7 }),
    durationMs: 3_000,
    crashes: 1,
  } as const;
  const runs = seeds.map((seed) =>
    playSeed({ options: { ...options, seed }, extras: { series: true }, fast: true }),
  );
  const results = combineResults(runs.map((run) => run.results));
  const command = `gridvine simulate --scenario ${scenario}`;
  return { options, fast: true, runs, results, wallMs: 12, program: 'gridvine 1.2.3 (abc)', command };
}

const crash = reportOf('crash', [1, 2]);

test('the report needs nothing but itself', () => {
  const html = simulationReport(crash);
  assert.match(html, /^<!doctype html>/);
  assert.match(html, /Content-Security-Policy" content="default-src &#39;none&#39;/);
  for (const [, target] of html.matchAll(/(?:href|src)="([^"]*)"/g)) assert.match(target, /^#/);
  assert.doesNotMatch(html, /<script|<link|@import|url\(/);
});

test('it has the plots, the parameters and the command, and the numbers behind each plot', () => {
  const html = simulationReport(crash);
  for (const title of ['Convergence', 'Bytes sent', 'Datagrams sent', 'Detection time']) {
    assert.match(html, new RegExp(`<strong>${title}</strong>`));
    assert.match(html, new RegExp(`<summary>Table: ${title}</summary>`));
  }
  assert.match(html, /gridvine simulate --scenario crash/);
  assert.match(html, /<th scope="row">fanOut<\/th><td>7<\/td>/);
  assert.match(html, /<title>seed 2: /);
  assert.doesNotMatch(html, /NaN|undefined|Infinity/);
});

test('its links lead to headings that are there', () => {
  const html = simulationReport(crash);
  const targets = [...html.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
  assert.ok(targets.length >= 4);
  for (const id of targets) assert.match(html, new RegExp(`<h2 id="${id}"`));
});

test('a scenario without distributions has no section for them', () => {
  const html = simulationReport(reportOf('idle', [4]));
  assert.doesNotMatch(html, /id="distributions"/);
  assert.match(html, /All invariants held/);
});

test('what was broken is told, and can not write into the page', () => {
  const violation = { checker: 'converges', atMs: 1_500, text: '<b>node 1</b> & others disagree' };
  const runs = crash.runs.map((run) => ({ ...run, violations: [violation], violationCount: 1 }));
  const html = simulationReport({ ...crash, runs });
  assert.match(html, /2 of 2 runs broke an invariant/);
  assert.match(html, /&lt;b&gt;node 1&lt;\/b&gt; &amp; others disagree/);
  assert.doesNotMatch(html, /<b>node 1/);
});

test('runs without a series have a report without plots over time', () => {
  const runs = crash.runs.map(({ series: _, ...run }) => run);
  assert.doesNotMatch(simulationReport({ ...crash, runs }), /Convergence/);
});
