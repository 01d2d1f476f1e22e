import type { Series } from '#runtime/simulator/sampler.ts';
import type { SimulationResult } from '#runtime/simulator/simulate.ts';
import { type ChartSeries, type ChartSpec, chart } from './chart.ts';
import type { Markup } from './markup.ts';
import { formatMs, formatNumber, formatPercent } from './quantity.ts';
import type { AxisSpec } from './scale.ts';
import { spread } from './table.ts';

const TABLE_ROWS = 20;

/** A line in a chart over time, and its column in the table. */
interface Trace {
  readonly name: string;
  readonly column: string;
  readonly colour: number;
}

/** A run seen over time. */
interface Timed {
  readonly seed: number;
  readonly series: Series;
}

/** The charts over time: who agrees, and what is sent. Runs without a series are left out. */
export function timeCharts(runs: readonly SimulationResult[]): Markup[] {
  const timed = runs.flatMap(({ seed, series }) => (series === undefined ? [] : [{ seed, series }]));
  if (timed.length === 0) return [];
  return [agreementChart(timed), bytesChart(timed), datagramsChart(timed), runningChart(timed)];
}

function agreementChart(timed: readonly Timed[]): Markup {
  return timeChart(timed, {
    part: 'agreement',
    title: 'Convergence',
    note: 'Share of pairs that agree with the truth: node and other node, node and record.',
    label: 'pairs that agree',
    include: [0, 1],
    format: formatPercent,
    traces: [
      { name: 'members', column: 'members', colour: 0 },
      { name: 'records', column: 'records', colour: 1 },
    ],
  });
}

function bytesChart(timed: readonly Timed[]): Markup {
  return timeChart(timed, {
    part: 'traffic',
    title: 'Bytes sent',
    note: 'UDP payload of each node; a multicast counts once.',
    label: 'bytes per node and second',
    include: [0],
    format: (value) => `${formatNumber(value)}B`,
    traces: [
      { name: 'mean over nodes', column: 'bytesMean', colour: 0 },
      { name: 'the node that sent most', column: 'bytesMax', colour: 1 },
    ],
  });
}

function datagramsChart(timed: readonly Timed[]): Markup {
  return timeChart(timed, {
    part: 'traffic',
    title: 'Datagrams sent',
    label: 'datagrams per node and second',
    include: [0],
    format: formatNumber,
    traces: [{ name: 'mean over nodes', column: 'datagramsMean', colour: 0 }],
  });
}

function runningChart(timed: readonly Timed[]): Markup {
  return timeChart(timed, {
    part: 'agreement',
    title: 'Nodes that run',
    note: 'Neither off nor stalled: what the scenario did to them.',
    label: 'nodes',
    include: [0],
    format: formatNumber,
    steps: true,
    traces: [{ name: 'running', column: 'running', colour: 2 }],
  });
}

interface TimeChart {
  readonly part: keyof Series;
  readonly title: string;
  readonly note?: string;
  readonly label: string;
  readonly include: readonly number[];
  readonly format: (value: number) => string;
  readonly steps?: boolean;
  readonly traces: readonly Trace[];
}

function timeChart(timed: readonly Timed[], spec: TimeChart): Markup {
  const { part, title, label, include, format, traces } = spec;
  const each = timed.length > 1 ? ' Each thin line is one run.' : '';
  const series = timed.flatMap(({ series: one }) =>
    traces.map(
      ({ name, column, colour }): ChartSeries => ({
        name,
        colour,
        mark: spec.steps === true ? 'steps' : 'line',
        faint: timed.length > 1,
        points: one[part].atMs.map((atMs, row) => [atMs, columnOf(one[part], column)[row]]),
      }),
    ),
  );
  return chart({
    title,
    note: `${spec.note ?? ''}${each}`.trim() || undefined,
    x: timeAxis(),
    y: { label, scale: 'linear', include, format },
    series,
    table: timeTable(timed[0], spec),
  });
}

/** The first run, at some of its moments. */
function timeTable({ seed, series }: Timed, { part, traces, format }: TimeChart): ChartSpec['table'] {
  const rows = series[part].atMs.map((atMs, row) => [
    formatMs(atMs),
    ...traces.map(({ column }) => format(columnOf(series[part], column)[row])),
  ]);
  return {
    caption: `Seed ${seed}`,
    head: ['virtual time', ...traces.map(({ name }) => name)],
    rows: spread(rows, TABLE_ROWS),
  };
}

function columnOf(columns: Series[keyof Series], name: string): readonly number[] {
  return (columns as Readonly<Record<string, readonly number[]>>)[name];
}

function timeAxis(): AxisSpec {
  return { label: 'virtual time', scale: 'linear', tight: true, format: formatMs };
}

const DISTRIBUTION_TITLES: Readonly<Record<string, { readonly title: string; readonly note: string }>> = {
  deliveredMs: { title: 'Update delay', note: 'From each update until each node has it.' },
  detectionMs: { title: 'Detection time', note: 'From each crash until each survivor says down.' },
  recoveredMs: {
    title: 'Recovery time',
    note: 'From the end of a stall or cut until alive everywhere.',
  },
};
const TABLE_QUANTILES = [0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100];

/** A cumulative distribution for each thing that the scenario measured often enough. */
export function distributionCharts(runs: readonly SimulationResult[]): Markup[] {
  const names = new Set(runs.flatMap(({ distributions }) => Object.keys(distributions)));
  return [...names].map((name) => distributionChart(name, runs));
}

function distributionChart(name: string, runs: readonly SimulationResult[]): Markup {
  const { title, note } = DISTRIBUTION_TITLES[name] ?? { title: name, note: '' };
  const measured = runs.filter(({ distributions }) => distributions[name] !== undefined);
  const each = measured.length > 1 ? ' Each thin line is one run.' : '';
  return chart({
    title,
    note: `${note} Share of cases that took no longer.${each}`.trim(),
    x: { label: 'time', scale: 'linear', include: [0], format: formatMs },
    y: { label: 'share of cases', scale: 'linear', include: [0, 1], format: formatPercent },
    series: measured.map(({ distributions }) => ({
      name: title,
      colour: 0,
      mark: 'steps',
      faint: measured.length > 1,
      points: distributions[name].map((value, step) => [value, step / 100]),
    })),
    table: {
      head: ['share', ...measured.map(({ seed }) => `seed ${seed}`)],
      rows: TABLE_QUANTILES.map((step) => [
        formatPercent(step / 100),
        ...measured.map(({ distributions }) => formatMs(distributions[name][step])),
      ]),
    },
  });
}
