import { formatDuration } from '#runtime/core/durations.ts';
import type { RecordJson } from './documents.ts';
import type { Colour } from './output.ts';
import { plain } from './output.ts';

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `0 B`, `12.3 kB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** A record's value on one line, with its unit. */
export function formatValue({ value, unit }: Pick<RecordJson, 'value' | 'unit'>): string {
  const text = typeof value === 'string' ? value : (digitsOf(value) ?? JSON.stringify(value));
  return plain(unit === null ? text : `${text} ${unit}`);
}

/** An integer beyond 2^53 as people write it. */
function digitsOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('$int' in value)) return undefined;
  return typeof value.$int === 'string' ? value.$int : undefined;
}

/** An age, with `>` before one that is only a lower bound; `unknown` where nobody knows. */
export function formatAge({
  ageMs,
  ageBoundMs,
  ageUnknown,
}: Pick<RecordJson, 'ageMs' | 'ageBoundMs' | 'ageUnknown'>): string {
  if (ageUnknown === true) return 'unknown';
  return `${ageBoundMs === null ? '>' : ''}${formatDuration(ageMs)}`;
}

/** The colour that a member's state is shown in. */
export function stateColour(state: string): Colour {
  if (state === 'alive') return 'green';
  if (state === 'down') return 'red';
  return state === 'left' ? 'dim' : 'yellow';
}

/** The first digits of an id: enough to tell the nodes of one cluster apart. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
