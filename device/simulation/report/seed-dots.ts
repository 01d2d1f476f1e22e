import { scaleLinear } from 'd3-scale';
import type { ScenarioResults } from '#runtime/simulator/run.ts';
import { flatResults } from './flat-results.ts';
import { element, type Markup } from './markup.ts';
import { formatResult } from './quantity.ts';
import { table } from './table.ts';

/** One run's results, and where its randomness came from. */
export interface SeedResults {
  readonly seed: number;
  readonly results: ScenarioResults;
}

const WIDTH = 150;
const HEIGHT = 16;
const EDGE = 7;
const RADIUS = 4;

/** Each result as a row: its middle, least and most over the runs, and a dot for each run between them. */
export function seedDots(runs: readonly SeedResults[], combined: ScenarioResults): Markup {
  const flat = runs.map(({ seed, results }) => ({ seed, values: flatResults(results) }));
  const combinedFlat = flatResults(combined);
  const rows = [...combinedFlat].map(([name, middle]) => {
    const found = flat.map(({ seed, values }) => ({ seed, value: values.get(name) ?? null }));
    const numbers = found.map(({ value }) => value).filter((value) => value !== null);
    const show = (value: number | null) => (value === null ? '-' : formatResult(name, value));
    if (numbers.length === 0) return [name, show(middle), '-', '-', ''];
    return [name, show(middle), show(Math.min(...numbers)), show(Math.max(...numbers)), strip(name, found)];
  });
  return table({
    head: ['result', runs.length > 1 ? 'median' : 'value', 'least', 'most', 'each run'],
    rows,
    caption:
      'All results. Of counted faults (falseDowns, lost, stale) the worst run stands in place of the median.',
  });
}

function strip(
  name: string,
  found: readonly { readonly seed: number; readonly value: number | null }[],
): Markup {
  const numbers = found.map(({ value }) => value).filter((value) => value !== null);
  const low = Math.min(0, ...numbers);
  const high = Math.max(...numbers, low + Number.MIN_VALUE);
  const scale = scaleLinear([low, high], [EDGE, WIDTH - EDGE]);
  const middle = HEIGHT / 2;
  const dots = found.flatMap(({ seed, value }) =>
    value === null
      ? []
      : [
          element(
            'circle',
            { class: 'dot', cx: Math.round(scale(value) * 10) / 10, cy: middle, r: RADIUS },
            element('title', {}, `seed ${seed}: ${formatResult(name, value)}`),
          ),
        ],
  );
  return element(
    'svg',
    {
      class: 'strip c0',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      width: WIDTH,
      height: HEIGHT,
      'aria-hidden': 'true',
    },
    element('line', { x1: EDGE, x2: WIDTH - EDGE, y1: middle, y2: middle }),
    ...dots,
  );
}
