import {
  curveLinear,
  curveStepAfter,
  line,
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
} from 'd3-shape';
import { element, type Markup, together } from './markup.ts';
import { type AxisSpec, layOut, type Scale } from './scale.ts';
import { type TableSpec, table } from './table.ts';

/** One line, or set of dots, of a chart. Series of the same name share one entry of the legend. */
export interface ChartSeries {
  readonly name: string;
  /** Which colour and symbol: 0-7. */
  readonly colour: number;
  readonly mark: 'line' | 'steps' | 'dots' | 'line-dots';
  /** `y` null: nothing there; a line is broken. */
  readonly points: readonly (readonly [number, number | null])[];
  /** One of many alike: drawn thin. */
  readonly faint?: boolean;
  readonly dashed?: boolean;
}

export interface ChartSpec {
  readonly title: string;
  /** One sentence: what is shown, and how to read it. */
  readonly note?: string;
  readonly x: AxisSpec;
  readonly y: AxisSpec;
  readonly series: readonly ChartSeries[];
  /** The same in numbers. */
  readonly table: TableSpec;
}

const WIDTH = 420;
const HEIGHT = 250;
const LEFT = 54;
const RIGHT = 14;
const TOP = 22;
const BOTTOM = 40;
const SYMBOLS = [
  symbolCircle,
  symbolSquare,
  symbolTriangle,
  symbolDiamond,
  symbolCross,
  symbolWye,
  symbolStar,
  symbolCircle,
];
const SYMBOL_AREA = 34;

/** A chart as a figure: caption, drawing, legend, and the table behind it, which can be unfolded. */
export function chart(spec: ChartSpec): Markup {
  const points = spec.series.flatMap((series) => series.points);
  const x = layOut(spec.x, {
    values: points.map(([value]) => value),
    range: [LEFT, WIDTH - RIGHT],
    tickCount: 5,
  });
  const y = layOut(spec.y, {
    values: points.map(([, value]) => value).filter((value) => value !== null),
    range: [HEIGHT - BOTTOM, TOP],
    tickCount: 5,
  });
  const drawing = element(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': describe(spec) },
    xAxis(spec.x, x),
    yAxis(spec.y, y),
    ...spec.series.map((series) => drawSeries(series, { x, y, spec })),
  );
  return element(
    'figure',
    {},
    element('figcaption', {}, element('strong', {}, spec.title), note(spec.note)),
    points.length === 0 ? element('p', { class: 'none' }, 'Nothing was measured.') : drawing,
    points.length === 0 ? undefined : legend(spec.series),
    points.length === 0 ? undefined : unfoldable(spec),
  );
}

function note(text: string | undefined): Markup | undefined {
  return text === undefined ? undefined : element('span', {}, text);
}

function describe({ title, x, y }: ChartSpec): string {
  return `${title}: ${y.label} over ${x.label}; the numbers are in the table below`;
}

function unfoldable(spec: ChartSpec): Markup {
  return element('details', {}, element('summary', {}, `Table: ${spec.title}`), table(spec.table));
}

function xAxis(axis: AxisSpec, scale: Scale): Markup {
  const base = HEIGHT - BOTTOM;
  return element(
    'g',
    { class: 'axis' },
    ...scale.ticks.map((tick) => {
      const at = round(scale.place(tick));
      return together(
        element('line', { x1: at, x2: at, y1: base, y2: base + 4 }),
        element('text', { x: at, y: base + 16, 'text-anchor': 'middle' }, axis.format(tick)),
      );
    }),
    element('line', { class: 'base', x1: LEFT, x2: WIDTH - RIGHT, y1: base, y2: base }),
    element(
      'text',
      { class: 'label', x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, 'text-anchor': 'middle' },
      axis.label,
    ),
  );
}

function yAxis(axis: AxisSpec, scale: Scale): Markup {
  return element(
    'g',
    { class: 'axis' },
    ...scale.ticks.map((tick) => {
      const at = round(scale.place(tick));
      return together(
        element('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: at, y2: at }),
        element('text', { x: LEFT - 6, y: at + 4, 'text-anchor': 'end' }, axis.format(tick)),
      );
    }),
    element('text', { class: 'label', x: 2, y: 11 }, axis.label),
  );
}

interface Frame {
  readonly x: Scale;
  readonly y: Scale;
  readonly spec: ChartSpec;
}

function drawSeries(series: ChartSeries, frame: Frame): Markup {
  const { mark, colour } = series;
  return element(
    'g',
    { class: `c${colour % 8}${series.faint === true ? ' faint' : ''}` },
    mark === 'dots' ? undefined : drawLine(series, frame),
    ...(mark === 'dots' || mark === 'line-dots' ? drawDots(series, frame) : []),
  );
}

function drawLine({ points, mark, dashed }: ChartSeries, { x, y }: Frame): Markup {
  const path = line<readonly [number, number | null]>()
    .defined(([, value]) => value !== null)
    .x(([value]) => round(x.place(value)))
    .y(([, value]) => round(y.place(value ?? 0)))
    .curve(mark === 'steps' ? curveStepAfter : curveLinear);
  return element('path', { class: dashed === true ? 'line dashed' : 'line', d: path(points) ?? '' });
}

function drawDots({ points, colour, name }: ChartSeries, { x, y, spec }: Frame): Markup[] {
  return points.flatMap(([atX, atY]) => {
    if (atY === null) return [];
    const place = `translate(${round(x.place(atX))},${round(y.place(atY))})`;
    const said = `${name}: ${spec.x.format(atX)}, ${spec.y.format(atY)}`;
    return [
      element('path', { class: 'dot', d: symbolPath(colour), transform: place }, element('title', {}, said)),
    ];
  });
}

/** One entry for each name, where there is more than one to tell apart. */
function legend(series: readonly ChartSeries[]): Markup | undefined {
  const named = new Map(series.map((one) => [one.name, one]));
  if (named.size < 2) return undefined;
  const entries = [...named.values()].map(({ name, colour, mark, dashed }) => {
    const hasDot = mark === 'dots' || mark === 'line-dots';
    const key = element(
      'svg',
      { viewBox: '-11 -6 22 12', width: 22, height: 12, 'aria-hidden': 'true', class: `c${colour % 8}` },
      mark === 'dots'
        ? undefined
        : element('path', { class: dashed === true ? 'line dashed' : 'line', d: 'M-11,0H11' }),
      hasDot ? element('path', { class: 'dot', d: symbolPath(colour) }) : undefined,
    );
    return element('li', {}, key, ' ', name);
  });
  return element('ul', { class: 'legend' }, ...entries);
}

function symbolPath(colour: number): string {
  return symbol(SYMBOLS[colour % SYMBOLS.length], SYMBOL_AREA)() ?? '';
}

/** A tenth of a unit is less than anybody sees. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
