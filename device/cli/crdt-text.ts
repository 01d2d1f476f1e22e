import type { CrdtJson, CrdtsJson } from './documents.ts';
import { formatValue } from './format.ts';
import type { CliIo } from './io.ts';
import { painter, plain, printLines } from './output.ts';
import { printTable } from './table.ts';

/** One counter, register, set or map: its value so that a script can take it, what is wrong on stderr. */
export function printCrdt(io: CliIo, document: CrdtJson): void {
  printLines(io, linesOf(document));
  for (const { node, problem } of document.ignored)
    io.stderr.write(`gridvine: ignored what ${plain(node)} holds of it: ${plain(problem)}\n`);
}

/** All of them, in a table. */
export function printCrdts(io: CliIo, { crdts }: CrdtsJson): void {
  if (crdts.length === 0) {
    io.stderr.write('gridvine: no shared data\n');
    return;
  }
  const paint = painter(io);
  printTable(
    io,
    [
      { title: 'NAME' },
      { title: 'TYPE' },
      { title: 'VALUE', flexible: true },
      { title: 'NODES', align: 'right' },
      { title: 'NOTE' },
    ],
    crdts.map((crdt) => [
      plain(crdt.name),
      crdt.type,
      formatValue({ value: crdt.value, unit: null }),
      String(crdt.slots.length),
      paint('yellow', noteOf(crdt)),
    ]),
  );
}

function linesOf({ type, value }: Pick<CrdtJson, 'type' | 'value'>): string[] {
  const text = (item: unknown) => formatValue({ value: item, unit: null });
  if (Array.isArray(value) && ['mv', 'gset', 'orset'].includes(type)) return value.map(text);
  if (type === 'lwwmap' || type === 'ormap')
    return Object.entries(entriesOf(value)).map(([key, item]) => `${plain(key)} ${text(item)}`);
  return value === null ? [] : [text(value)];
}

/** A map whose only key looks like a mark is wrapped on its way. */
function entriesOf(value: unknown): object {
  const map = value as { readonly $map?: object };
  return typeof map.$map === 'object' && Object.keys(map).length === 1 ? map.$map : map;
}

function noteOf({ ignored, orphaned }: Pick<CrdtJson, 'ignored' | 'orphaned'>): string {
  const ignoredText =
    ignored.length === 0 ? [] : [`ignored: ${ignored.map(({ node }) => plain(node)).join(', ')}`];
  return [...ignoredText, ...(orphaned ? ['being adopted'] : [])].join('; ');
}
