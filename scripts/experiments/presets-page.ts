import { LAN } from '#runtime/engine/settings.ts';
import { METRICS, type MetricName } from './metrics.ts';
import { comparedSizes, factors, linkNames, pairSize } from './plan.ts';
import { LINK_TEXTS, PRESET_COLUMNS, presetRows } from './preset-table.ts';
import type { StudyResults } from './study-results.ts';

const BEGIN = '<!-- figures: written by npm run experiments -->';
const END = '<!-- end of figures -->';
/** Of all sizes these two say it: a house, and a large site. */
const SHOWN_SIZES = 2;

const FACTOR_COLUMNS: readonly MetricName[] = [
  'idleBytes',
  'idleDatagrams',
  'busyBytes',
  'urgent',
  'normal',
  'allDown',
  'falseDowns',
];

/**
 * Puts the figures into the page for installers, between its two marks.
 * @throws Error where the page has no marks.
 */
export function withFigures(
  text: string,
  options: { readonly sizes: readonly number[]; readonly results: StudyResults; readonly code: string },
): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin)
    throw new Error(`the page for installers: expected the lines ${BEGIN} and ${END}`);
  return `${text.slice(0, begin)}${BEGIN}\n${figures(options)}${text.slice(end)}`;
}

function figures({
  sizes,
  results,
  code,
}: {
  readonly sizes: readonly number[];
  readonly results: StudyResults;
  readonly code: string;
}): string {
  const compared = comparedSizes(sizes);
  const shown = compared.length > SHOWN_SIZES ? [compared[0], compared[compared.length - 1]] : compared;
  const parts = shown.flatMap((nodes) =>
    linkNames().flatMap((link) => {
      const rows = presetRows({ nodes, link }, results);
      if (rows.length === 0) return [];
      return [
        `### ${nodes} nodes, ${LINK_TEXTS[link]}\n`,
        markdownTable(['preset', ...PRESET_COLUMNS.map(({ head }) => head)], rows),
      ];
    }),
  );
  const nodes = pairSize(sizes);
  return [
    ...parts,
    ...(nodes === undefined ? [] : factorTable(nodes, results)),
    `Measured code: ${code}.\n`,
  ].join('\n');
}

/** What single settings trade, at one size. */
function factorTable(nodes: number, results: StudyResults): string[] {
  const rows = factors({ quick: false })
    .filter(({ id }) => Object.hasOwn(LAN, id))
    .flatMap(({ id, levels }) =>
      levels.flatMap((level) => {
        const result = results.of(level.setup(nodes));
        if (result === undefined) return [];
        const cells = FACTOR_COLUMNS.map((name) => {
          const value = METRICS[name].of(result);
          return value === null ? 'not in time' : METRICS[name].format(value);
        });
        return [[`\`${id}\` ${level.label}${level.isDefault ? ' (default)' : ''}`, ...cells]];
      }),
    );
  if (rows.length === 0) return [];
  const head = ['setting', ...FACTOR_COLUMNS.map((name) => METRICS[name].title.toLowerCase())];
  return [`### Single settings, ${nodes} nodes, cable\n`, markdownTable(head, rows)];
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `${[line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')}\n`;
}
