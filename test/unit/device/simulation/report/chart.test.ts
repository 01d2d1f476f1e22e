import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChartSpec, chart } from '#device/simulation/report/chart.ts';
import { formatNumber } from '#device/simulation/report/quantity.ts';
import { layOut } from '#device/simulation/report/scale.ts';
import { spread } from '#device/simulation/report/table.ts';

const axis = (label: string, scale: 'linear' | 'log') => ({ label, scale, format: formatNumber });

function spec(points: ChartSpec['series'][number]['points'], scale: 'linear' | 'log' = 'linear'): ChartSpec {
  return {
    title: 'Speed',
    x: axis('nodes', scale),
    y: axis('bytes', scale),
    series: [{ name: 'one', colour: 0, mark: 'line-dots', points }],
    table: { head: ['nodes', 'bytes'], rows: points.map(([x, y]) => [x, y ?? '-']) },
  };
}

test('a chart of no points says so', () => {
  const { markup } = chart(spec([]));
  assert.match(markup, /Nothing was measured/);
  assert.doesNotMatch(markup, /<svg/);
});

for (const scale of ['linear', 'log'] as const) {
  test(`a ${scale} chart of one point, or of equal ones, has an axis all the same`, () => {
    const one = chart(spec([[5, 5]], scale)).markup;
    const equal = chart(
      spec(
        [
          [0, 0],
          [0, 0],
        ],
        scale,
      ),
    ).markup;
    for (const markup of [one, equal]) assert.doesNotMatch(markup, /NaN|Infinity|undefined/);
  });
}

test('a missing value breaks the line and has no dot', () => {
  const { markup } = chart(
    spec([
      [1, 1],
      [2, null],
      [3, 3],
    ]),
  );
  assert.equal(markup.match(/class="dot"/g)?.length, 2);
});

test('a logarithmic axis shows zero below everything else', () => {
  const values = [0, 1, 10, 1000];
  const scale = layOut(axis('bytes', 'log'), { values, range: [100, 0], tickCount: 5 });
  const places = values.map((value) => scale.place(value));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => b - a),
  );
  assert.ok(places[0] > places[1]);
  assert.ok(scale.ticks.length >= 2 && scale.ticks.length <= 7, String(scale.ticks));
});

test('long tables keep their first and last row', () => {
  const rows = Array.from({ length: 1_000 }, (_, i) => i);
  const kept = spread(rows, 20);
  assert.equal(kept.length, 20);
  assert.deepEqual([kept[0], kept.at(-1)], [0, 999]);
  assert.deepEqual(spread([1, 2], 20), [1, 2]);
});

test('numbers are short', () => {
  assert.deepEqual([0, 0.25, 12.34, 999.6, 1234, 2_500_000].map(formatNumber), [
    '0',
    '0.25',
    '12.3',
    '1k',
    '1.23k',
    '2.5M',
  ]);
});
