import { formatDuration } from '#runtime/core/durations.ts';
import { type EngineSettings, LAN } from '#runtime/engine/settings.ts';
import type { SimulationOptions } from '#runtime/simulator/options.ts';
import type { ScenarioResults } from '#runtime/simulator/run.ts';
import { findScenario } from '#runtime/simulator/scenarios/registry.ts';
import type { SimulationResult } from '#runtime/simulator/simulate.ts';
import { type Child, element, type Markup } from './markup.ts';
import { page } from './page.ts';
import { formatMs, formatNumber, formatPercent } from './quantity.ts';
import { distributionCharts, timeCharts } from './run-charts.ts';
import { seedDots } from './seed-dots.ts';
import { table } from './table.ts';

/** What `simulate --html` tells. */
export interface SimulationReport {
  readonly options: SimulationOptions;
  readonly fast: boolean;
  /** At least one; with their series, for the charts over time. */
  readonly runs: readonly SimulationResult[];
  /** Those of all runs together. */
  readonly results: ScenarioResults;
  readonly wallMs: number;
  /** Which build made it. */
  readonly program: string;
  /** Plays the same runs again. */
  readonly command: string;
}

const VIOLATIONS_SHOWN = 20;

/** The report as the text of one HTML file. */
export function simulationReport(report: SimulationReport): string {
  const { options, runs, results, command } = report;
  const distributions = distributionCharts(runs);
  return page({
    title: `${options.scenario}: ${options.nodes} nodes, ${options.medium}`,
    lead: [
      element('p', {}, `${sentence(findScenario(options.scenario)?.summary ?? '')} ${ranAs(report)}`),
      verdict(runs),
      element('pre', { 'aria-label': 'Command that plays this again' }, command),
    ],
    sections: [
      {
        id: 'time',
        heading: 'Over time',
        content: [element('div', { class: 'charts' }, ...timeCharts(runs))],
      },
      ...(distributions.length === 0
        ? []
        : [
            {
              id: 'distributions',
              heading: 'How long it takes',
              content: [element('div', { class: 'charts' }, ...distributions)],
            },
          ]),
      { id: 'results', heading: 'Results', content: [seedDots(runs, results)] },
      { id: 'invariants', heading: 'Invariants', content: invariants(runs) },
      { id: 'parameters', heading: 'Parameters', content: [parameters(report)] },
    ],
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function ranAs({ runs, wallMs }: SimulationReport): string {
  const virtualMs = runs.reduce((total, run) => total + run.virtualMs, 0);
  const deliveries = runs.reduce((total, run) => total + run.deliveries, 0);
  const count = runs.length === 1 ? 'One run' : `${runs.length} runs`;
  return `${count}: ${formatDuration(virtualMs)} of virtual time in ${formatDuration(wallMs)}, ${formatNumber(deliveries)} datagrams arrived.`;
}

function verdict(runs: readonly SimulationResult[]): Markup {
  const broken = runs.filter((run) => run.violationCount > 0).length;
  if (broken > 0)
    return element('p', { class: 'bad' }, `${broken} of ${runs.length} runs broke an invariant: see below.`);
  return element('p', { class: 'good' }, 'All invariants held.');
}

function invariants(runs: readonly SimulationResult[]): Child[] {
  const overview = table({
    head: ['seed', 'violations', 'virtual time', 'trace'],
    rows: runs.map((run) => [
      run.seed,
      run.violationCount === 0 ? '0' : element('strong', { class: 'bad' }, run.violationCount),
      formatDuration(run.virtualMs),
      element('code', {}, run.trace.hash),
    ]),
    caption: 'Equal runs have equal traces.',
  });
  const lines = runs.flatMap((run) =>
    run.violations.map(({ checker, atMs, text }) => [run.seed, formatMs(atMs), checker, text]),
  );
  if (lines.length === 0) return [overview];
  const shown = lines.slice(0, VIOLATIONS_SHOWN);
  return [
    overview,
    table({
      head: ['seed', 'virtual time', 'invariant', 'what'],
      rows: shown,
      caption: `What was broken: the first ${shown.length}`,
    }),
  ];
}

function parameters({ options, fast, program }: SimulationReport): Markup {
  const { quality } = options;
  const { latency } = quality;
  const given = (name: string, value: string | number | undefined): (readonly [string, string | number])[] =>
    value === undefined ? [] : [[name, value]];
  return table({
    head: ['parameter', 'value'],
    rows: [
      ['program', program],
      ['scenario', options.scenario],
      ['nodes', options.nodes],
      ['first seed', options.seed],
      ['medium', options.medium],
      ['segments', options.segments ?? 1],
      ['delay', `${formatMs(latency.delayMs)} +- ${formatMs(latency.jitterMs)}, ${latency.shape}`],
      ['loss', formatPercent(quality.lossShare)],
      ['duplicates', formatPercent(quality.duplicateShare)],
      ['reordered', formatPercent(quality.reorderShare)],
      ['corrupted', formatPercent(quality.corruptShare)],
      ...given('one-way pairs', options.asymmetricShare ? formatPercent(options.asymmetricShare) : undefined),
      ...given(
        'bandwidth of a node',
        options.bytesPerSecondMax === undefined ? undefined : `${formatNumber(options.bytesPerSecondMax)}B/s`,
      ),
      ...given('clock steps a minute', options.clockStepsPerMinute || undefined),
      ...given(
        'tables written every',
        options.tableWriteIntervalMs === undefined ? undefined : formatMs(options.tableWriteIntervalMs),
      ),
      ['sealing', fast ? 'modelled' : 'real'],
      ...given('duration', options.durationMs === undefined ? undefined : formatMs(options.durationMs)),
      ...given('updates a second', options.rate),
      ...given('crashes', options.crashes),
      ...given('crashes together', options.together === true ? 'yes' : undefined),
      ...given('crashes end', options.hostsStayUp === true ? 'the process alone' : undefined),
      ...given('readings a second and node', options.readings),
      ...settingRows(options.settings),
    ],
    caption: 'Settings that differ from the preset lan stand at the end.',
  });
}

function settingRows(settings: EngineSettings): (readonly [string, number])[] {
  return Object.entries(settings).filter(([name, value]) => value !== LAN[name as keyof EngineSettings]) as [
    string,
    number,
  ][];
}
