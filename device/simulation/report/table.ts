import { type Child, element, type Markup } from './markup.ts';

/** A table with one head row; the first cell of a row names it. */
export interface TableSpec {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Child[])[];
  readonly caption?: string;
}

/** A table that scrolls sideways by itself where it is wider than the page. */
export function table({ head, rows, caption }: TableSpec): Markup {
  const body = rows.map((row) =>
    element(
      'tr',
      {},
      ...row.map((cell, column) => element(column === 0 ? 'th' : 'td', rowScope(column), cell)),
    ),
  );
  return element(
    'div',
    // What scrolls can be reached by the keyboard.
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption ?? head.join(', ') },
    element(
      'table',
      {},
      caption === undefined ? undefined : element('caption', {}, element('span', {}, caption)),
      element('thead', {}, element('tr', {}, ...head.map((cell) => element('th', { scope: 'col' }, cell)))),
      element('tbody', {}, ...body),
    ),
  );
}

function rowScope(column: number): Readonly<Record<string, string>> {
  return column === 0 ? { scope: 'row' } : {};
}

/** At most `max` of the rows, evenly spread, with the first and the last. */
export function spread<T>(rows: readonly T[], max: number): readonly T[] {
  if (rows.length <= max) return rows;
  return Array.from({ length: max }, (_, i) => rows[Math.round((i * (rows.length - 1)) / (max - 1))]);
}
