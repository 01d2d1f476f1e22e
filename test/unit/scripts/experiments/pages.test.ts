import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readFlags } from '../../../../scripts/experiments/flags.ts';
import { measureCell } from '../../../../scripts/experiments/measure.ts';
import { planSetups } from '../../../../scripts/experiments/plan.ts';
import { withFigures } from '../../../../scripts/experiments/presets-page.ts';
import { reportPage } from '../../../../scripts/experiments/report-page.ts';
import { defaultSetup } from '../../../../scripts/experiments/setup.ts';
import { CellStore } from '../../../../scripts/experiments/store.ts';
import { StudyResults } from '../../../../scripts/experiments/study-results.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const SIZES = [3, 10];

/** A study whose cells all say the same. */
async function filled(t: TestContext): Promise<StudyResults> {
  const store = new CellStore(join(await temporaryDirectory(t), 'cells.jsonl'), 'a');
  const result = measureCell({ setup: defaultSetup(3), seed: 1, quick: true });
  for (const quick of [true, false])
    for (const setup of planSetups({ sizes: SIZES, quick })) store.add({ setup, seed: 1, quick }, 1, result);
  return new StudyResults(store, { quick: false });
}

test('the report has a chart and a table for each metric of each factor, and needs nothing else', async (t) => {
  const flags = readFlags(['--sizes', SIZES.join(',')]);
  const html = reportPage({ flags, results: await filled(t), code: 'abc', missing: 2 });
  for (const heading of [
    'Probe interval',
    'Medium',
    'Suspicion multiplier and loss',
    'Presets on kinds of links',
  ])
    assert.match(html, new RegExp(`<h2 [^>]*>${heading}</h2>`));
  assert.match(html, /Not complete: 2 runs are missing/);
  assert.doesNotMatch(html, /NaN|undefined|Infinity|<script/);
  assert.equal(html.match(/<figure>/g)?.length, html.match(/<summary>/g)?.length);
});

test('a study of nothing yet is a report that says so', async (t) => {
  const store = new CellStore(join(await temporaryDirectory(t), 'cells.jsonl'), 'a');
  const flags = readFlags(['--quick']);
  const html = reportPage({ flags, results: new StudyResults(store, flags), code: 'abc', missing: 9 });
  assert.match(html, /Nothing was measured/);
  assert.match(html, /Not for decisions/);
});

const PAGE =
  'before\n<!-- figures: written by npm run experiments -->\nold\n<!-- end of figures -->\nafter\n';

test('figures go between the marks of the page, and again give the same', async (t) => {
  const results = await filled(t);
  const options = { sizes: SIZES, results, code: 'abc' };
  const once = withFigures(PAGE, options);
  assert.match(once, /^before\n/);
  assert.match(once, /\nafter\n$/);
  assert.doesNotMatch(once, /\nold\n/);
  assert.match(once, /### 10 nodes, cable/);
  assert.match(once, /\| metered \|/);
  assert.match(once, /`fanOut` 4 \(default\)/);
  assert.equal(withFigures(once, options), once);
});

test('a page without marks is not touched', async (t) => {
  const results = await filled(t);
  assert.throws(() => withFigures('no marks', { sizes: SIZES, results, code: 'abc' }), /expected the lines/);
});

test('wrong flags are named with what was expected and what came', () => {
  assert.throws(() => readFlags(['--sizes', '3,many']), /--sizes: expected a whole number .*; got many/);
  assert.throws(() => readFlags(['--minutes', '0']), /--minutes: expected a whole number from 1/);
  assert.deepEqual(readFlags(['--quick']).seeds, { small: 1, large: 1 });
  assert.equal(readFlags(['--quick']).writesPresets, false);
});
