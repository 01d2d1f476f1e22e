import Table from 'cli-table3';
import type { CliIo } from './io.ts';
import { painter, printLines } from './output.ts';

/** One column of a table for people. */
export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Takes what the others leave of the width, and is cut to it. At most one column. */
  readonly flexible?: boolean;
  /** A flexible column goes on in the next line instead of being cut, there or between words. */
  readonly wrap?: 'anywhere' | 'words';
}

const GAP = 2;
const FLEXIBLE_MIN = 8;

/** Prints rows below their titles, without borders, within the terminal's width; whole lines where stdout is none. */
export function printTable(
  io: CliIo,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): void {
  const paint = painter(io);
  const widths = columnWidths(columns, rows, io.stdout.columns ?? Number.POSITIVE_INFINITY);
  const wrap = columns.find((column) => column.wrap !== undefined)?.wrap;
  const table = new Table({
    wordWrap: wrap !== undefined,
    wrapOnWordBoundary: wrap === 'words',
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP },
    colAligns: columns.map((column) => column.align ?? 'left'),
    colWidths: widths.map((width) => width + GAP),
  });
  table.push(columns.map(({ title }) => paint('dim', title)));
  for (const row of rows) table.push([...row]);
  printLines(
    io,
    table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd()),
  );
}

const NO_BORDERS = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((name) => [name, '']),
);

function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  total: number,
): number[] {
  const natural = columns.map((column, index) =>
    Math.max(...[column.title, ...rows.map((row) => row[index] ?? '')].map(visibleWidth)),
  );
  const sum = natural.reduce((all, width) => all + width + GAP, 0);
  return natural.map((width, index) =>
    columns[index]?.flexible && sum > total ? Math.max(FLEXIBLE_MIN, width - (sum - total)) : width,
  );
}

function visibleWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the sequences that `painter` makes
  return [...text.replace(/\u001b\[\d+m/g, '')].length;
}
