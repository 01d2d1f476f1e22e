import { formatDuration } from '#runtime/core/durations.ts';
import { formatBytes } from '../format.ts';
import type { SimulationDocument } from './simulate-document.ts';

/** A simulation's results for people: one line each. */
export function resultLines(document: SimulationDocument): string[] {
  const runs =
    document.seeds === 1 ? `seed ${document.seed}` : `${document.seeds} seeds from ${document.seed}, medians`;
  const head = `${document.scenario}: ${document.nodes} nodes, ${document.medium}, ${runs}`;
  const rows = rowsOf(document.results);
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    head,
    ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
    `${formatDuration(document.virtualMs)} of virtual time in ${formatDuration(document.wallMs)}, ${document.deliveries} datagrams arrived, ${violations(document.violations)}`,
  ];
}

function rowsOf(results: Readonly<Record<string, unknown>>, prefix = ''): [string, string][] {
  return Object.entries(results).flatMap(([name, value]): [string, string][] => {
    if (isPlain(value)) {
      const isSpread = Object.values(value).every((part) => typeof part !== 'object' || part === null);
      if (!isSpread || 'readings' in value) return rowsOf(value, `${prefix}${name}.`);
      const parts = Object.entries(value).map(([part, number]) => `${part} ${show(name, number)}`);
      return [[`${prefix}${label(name)}`, parts.join('   ')]];
    }
    return [[`${prefix}${label(name)}`, show(name, value)]];
  });
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `bytesPerNodePerSecond` as `bytes per node per second`, `healedMs` as `healed after`: the value has the unit. */
function label(name: string): string {
  return name
    .replace(/Ms$/, 'After')
    .replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)
    .trim();
}

function show(name: string, value: unknown): string {
  if (value === null) return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'number') return String(value);
  if (name.endsWith('Ms')) return formatDuration(value);
  return /[bB]ytes/.test(name) ? formatBytes(value) : String(value);
}

function violations(count: number): string {
  return count === 0 ? 'all invariants held' : `${count} violations of invariants`;
}
