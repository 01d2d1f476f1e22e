import { type ChartSeries, chart } from '#device/simulation/report/chart.ts';
import { element, type Markup } from '#device/simulation/report/markup.ts';
import { formatPercent } from '#device/simulation/report/quantity.ts';
import type { AxisSpec } from '#device/simulation/report/scale.ts';
import type { CellResult } from './measure.ts';
import { FACTOR_METRICS, METRICS, type Metric, PAIR_METRICS } from './metrics.ts';
import { type Factor, LOSS_SHARES, type Pair } from './plan.ts';
import type { StudyResults } from './study-results.ts';

/** The charts of one factor: over the size of the cluster, a line for each level. */
export function factorCharts(factor: Factor, sizes: readonly number[], results: StudyResults): Markup {
  const x: AxisSpec = { label: 'nodes', scale: 'log', ticks: sizes, format: String };
  const lines = factor.levels.map((level) => ({
    name: level.isDefault ? `${level.label} (default)` : level.label,
    isDefault: level.isDefault,
    cells: sizes.map((nodes) => [nodes, results.of(level.setup(nodes))] as const),
  }));
  return charts(FACTOR_METRICS, { x, lines, about: factor.title });
}

/** The charts of one pair: over the loss, a line for each level. */
export function pairCharts(pair: Pair, nodes: number, results: StudyResults): Markup {
  const x: AxisSpec = {
    label: `loss, ${nodes} nodes`,
    scale: 'linear',
    ticks: LOSS_SHARES,
    format: formatPercent,
  };
  const lines = pair.levels.map((level) => ({
    name: level.isDefault ? `${level.label} (default)` : level.label,
    isDefault: level.isDefault,
    cells: LOSS_SHARES.map((loss) => [loss, results.of(level.setup(nodes, loss))] as const),
  }));
  return charts(PAIR_METRICS, { x, lines, about: pair.title });
}

interface Line {
  readonly name: string;
  readonly isDefault: boolean;
  readonly cells: readonly (readonly [number, CellResult | undefined])[];
}

interface Charts {
  readonly x: AxisSpec;
  readonly lines: readonly Line[];
  readonly about: string;
}

function charts(names: readonly (keyof typeof METRICS)[], options: Charts): Markup {
  return element(
    'div',
    { class: 'charts' },
    ...names.map((name): Markup => metricChart(METRICS[name], options)),
  );
}

function metricChart(metric: Metric, { x, lines }: Charts): Markup {
  const shownOf = (result: CellResult | undefined) => (result === undefined ? null : metric.of(result));
  const series = lines.map(
    ({ name, cells, isDefault }, colour): ChartSeries => ({
      name,
      colour,
      mark: 'line-dots',
      dashed: !isDefault,
      points: cells
        .map(([at, result]): [number, number | null] => [at, shownOf(result)])
        .filter(([, value]) => value !== null),
    }),
  );
  const show = (value: number | null) => (value === null ? '-' : metric.format(value));
  const positions = lines[0]?.cells.map(([at]) => at) ?? [];
  return chart({
    title: metric.title,
    note: metric.note,
    x,
    y: {
      label: metric.label,
      scale: metric.scale,
      format: metric.format,
      include: metric.scale === 'linear' ? [0, 1] : [],
    },
    series,
    table: {
      head: [x.label, ...lines.map(({ name }) => name)],
      rows: positions.map((at, row) => [
        x.format(at),
        ...lines.map(({ cells }) => show(shownOf(cells[row][1]))),
      ]),
    },
  });
}
