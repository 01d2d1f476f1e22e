import { formatDuration } from '#runtime/core/durations.ts';
import { stateColour } from '../cli/format.ts';
import { type Colour, plain } from '../cli/output.ts';
import type { DaemonRow, DemoSnapshot, ReadingCell, ReadingRow } from './snapshot.ts';
import { column, fit, rightColumn, stopwatch } from './text.ts';

export type Paint = (colour: Colour, text: string) => string;

export interface ViewOptions {
  /** Columns of the terminal, 40 or more. */
  readonly width: number;
  /** Lines that fit; a picture that is taller goes without its empty lines, then without its hints. */
  readonly height?: number;
  readonly paint: Paint;
}

const NAME_WIDTH = 8;
const LABEL_WIDTH = 17;
const CELL_WIDTH_MIN = 19;
const AGE_WIDTH = 7;

/** One picture of the demo, as lines none of which is wider than the terminal. States are worded as well as coloured. */
export function renderDemo(snapshot: DemoSnapshot, options: ViewOptions): string[] {
  const height = options.height ?? Number.POSITIVE_INFINITY;
  const body = [
    ...header(snapshot, options),
    '',
    ...memberTable(snapshot, options),
    '',
    ...readingTable(snapshot, options),
    '',
    ...brokerLines(snapshot, options),
  ];
  const whole = [...body, ...footer(snapshot, options)];
  if (whole.length <= height) return whole;
  const dense = whole.filter((line) => line !== '');
  return dense.length <= height ? dense : body.filter((line) => line !== '').slice(0, height);
}

function header(
  { cluster, daemons, elapsedMs, viewer }: DemoSnapshot,
  { width, paint }: ViewOptions,
): string[] {
  const count = `${daemons.length} ${daemons.length === 1 ? 'daemon' : 'daemons'}`;
  const title = 'gridvine demo';
  const seen = viewer === null ? 'no daemon answers' : `as ${plain(viewer)} sees them`;
  const rest = `  cluster ${cluster}, ${count}, ${seen}`;
  const time = stopwatch(elapsedMs);
  const room = width - title.length - time.length - 1;
  return [`${paint('bold', title)}${column(rest, room)} ${time}`];
}

function memberTable({ daemons }: DemoSnapshot, { width, paint }: ViewOptions): string[] {
  const line = (name: string, state: string, pid: string, heard: string, rtt: string, address: string) =>
    `${column(name, NAME_WIDTH)} ${column(state, 8)} ${rightColumn(pid, 8)} ${rightColumn(heard, 9)} ${rightColumn(rtt, 9)}  ${address}`;
  const titles = fit(line('MEMBER', 'STATE', 'PROCESS', 'HEARD', 'RTT', 'ADDRESS'), width);
  return [
    paint('dim', titles),
    ...daemons.map((row) => {
      const state = row.state ?? 'unknown';
      const text = fit(
        line(row.name, state, row.pid === null ? '-' : String(row.pid), heard(row), rtt(row), place(row)),
        width,
      );
      const at = NAME_WIDTH + 1;
      return `${text.slice(0, at)}${paint(stateColour(state), text.slice(at, at + 8))}${text.slice(at + 8)}`;
    }),
  ];
}

function heard({ isViewer, heardMs }: DaemonRow): string {
  if (isViewer) return 'itself';
  return heardMs === null ? '-' : `${formatDuration(heardMs)} ago`;
}

function rtt({ rttMs }: DaemonRow): string {
  return rttMs === null ? '-' : `${rttMs.toFixed(rttMs < 10 ? 1 : 0)} ms`;
}

function place({ address, ended }: DaemonRow): string {
  return ended === null ? plain(address ?? '-') : ended;
}

function readingTable({ daemons, readings }: DemoSnapshot, { width, paint }: ViewOptions): string[] {
  const shown = Math.max(1, Math.min(daemons.length, Math.floor((width - LABEL_WIDTH) / CELL_WIDTH_MIN)));
  const cellWidth = Math.min(26, Math.floor((width - LABEL_WIDTH) / shown));
  const names = daemons.slice(0, shown).map(({ name }) => rightColumn(name, cellWidth));
  const title = fit(`${column('READING', LABEL_WIDTH)}${names.join('')}`, width);
  const hidden = daemons.length - shown;
  const more = hidden > 0 ? [paint('dim', fit(`(${hidden} more: widen the terminal)`, width))] : [];
  if (readings.length === 0) return [paint('dim', title), paint('dim', 'no reading yet')];
  const rows = readings.map((row) => readingLine(row, { shown, cellWidth, paint }));
  return [paint('dim', title), ...rows, ...more];
}

function readingLine(
  row: ReadingRow,
  { shown, cellWidth, paint }: { readonly shown: number; readonly cellWidth: number; readonly paint: Paint },
): string {
  const label = row.simulated ? `${row.label} (sim)` : row.label;
  const cells = row.cells.slice(0, shown).map((cell) => readingCell(cell, cellWidth, paint));
  return `${column(label, LABEL_WIDTH)}${cells.join('')}`;
}

function readingCell(cell: ReadingCell | null, width: number, paint: Paint): string {
  if (cell === null) return paint('dim', rightColumn('-', width));
  const age = rightColumn(cell.age, AGE_WIDTH);
  const value = cell.quality === 'good' ? cell.text : `${cell.text} ${cell.quality}`;
  return `${rightColumn(value, width - age.length)}${paint(cell.doubtful ? 'yellow' : 'dim', age)}`;
}

function brokerLines({ broker }: DemoSnapshot, { width, paint }: ViewOptions): string[] {
  const { url, publisher, publisherState, messages, lastTopic } = broker;
  const state = publisherState ?? 'not yet there';
  const text = `broker ${url} has ${messages} messages; ${publisher} is ${state}`;
  const head = `${paint('dim', 'MQTT')} ${fit(text, width - 5)}`;
  const last = lastTopic === null ? 'nothing published yet' : `last ${plain(lastTopic)}`;
  return [head, `     ${fit(last, width - 5)}`];
}

function footer({ hints, phase }: DemoSnapshot, { width, paint }: ViewOptions): string[] {
  if (phase === 'leaving') return ['', paint('bold', 'leaving: one daemon after the other says goodbye')];
  if (hints.length === 0) return [];
  const lines = hints.map(({ command, effect }) => {
    const whole = `  ${command}  ${effect}`;
    return effect === '' || whole.length > width ? `  ${command}` : `  ${command}  ${paint('dim', effect)}`;
  });
  return ['', paint('dim', 'Try in another terminal (Ctrl-C here ends the demo):'), ...lines];
}
