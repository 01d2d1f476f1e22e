import { element } from '#device/simulation/report/markup.ts';
import { page, type Section } from '#device/simulation/report/page.ts';
import { table } from '#device/simulation/report/table.ts';
import type { StudyFlags } from './flags.ts';
import { comparedSizes, factors, linkNames, pairSize, pairs } from './plan.ts';
import { LINK_TEXTS, PRESET_COLUMNS, presetRows } from './preset-table.ts';
import { factorCharts, pairCharts } from './study-charts.ts';
import type { StudyResults } from './study-results.ts';

export interface ReportOptions {
  readonly flags: StudyFlags;
  readonly results: StudyResults;
  /** Of the measured code. */
  readonly code: string;
  /** Runs that are not there yet. */
  readonly missing: number;
}

/** The study as the text of one HTML file. */
export function reportPage({ flags, results, code, missing }: ReportOptions): string {
  const { quick } = flags;
  const sizes = [...flags.sizes].sort((a, b) => a - b);
  const nodes = pairSize(sizes);
  const single: Section[] = factors({ quick }).map((factor) => ({
    id: factor.id,
    heading: factor.title,
    content: [element('p', {}, factor.note), factorCharts(factor, sizes, results)],
  }));
  const paired: Section[] =
    nodes === undefined
      ? []
      : pairs({ quick }).map((pair) => ({
          id: pair.id,
          heading: pair.title,
          content: [element('p', {}, pair.why), pairCharts(pair, nodes, results)],
        }));
  return page({
    title: 'What the settings of gridvine trade',
    lead: [
      element(
        'p',
        {},
        `Simulated clusters of ${sizes.join(', ')} nodes, each with the daemon's own engine, full encode and seal. One thing is varied at a time, from the preset lan on wired links (2 ms ± 1 ms) with unicast; what interacts is varied in pairs. Values are medians over ${seedsText(flags)}.`,
      ),
      quick
        ? element(
            'p',
            { class: 'bad' },
            'A quick look: short runs, small sizes, one seed. Not for decisions.',
          )
        : undefined,
      missing > 0 ? element('p', { class: 'bad' }, `Not complete: ${missing} runs are missing.`) : undefined,
      element('p', { class: 'soft' }, `Code ${code}; made by npm run experiments.`),
    ],
    sections: [...single, ...presetSections(sizes, results), ...paired],
  });
}

function seedsText({ seeds }: StudyFlags): string {
  const runs = (count: number) => (count === 1 ? 'one run' : `${count} runs`);
  if (seeds.small === seeds.large) return runs(seeds.small);
  return `${runs(seeds.small)}, above 100 nodes ${runs(seeds.large)}`;
}

function presetSections(sizes: readonly number[], results: StudyResults): Section[] {
  const tables = comparedSizes(sizes).flatMap((nodes) =>
    linkNames().map((link) =>
      table({
        head: ['preset', ...PRESET_COLUMNS.map(({ head }) => head)],
        rows: presetRows({ nodes, link }, results),
        caption: `${nodes} nodes, ${LINK_TEXTS[link]}`,
      }),
    ),
  );
  if (tables.length === 0) return [];
  return [{ id: 'links', heading: 'Presets on kinds of links', content: tables }];
}
