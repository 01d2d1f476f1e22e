import { formatMs, formatNumber } from '#device/simulation/report/quantity.ts';
import type { CellResult } from './measure.ts';

/** One thing that is shown of each cell. */
export interface Metric {
  readonly title: string;
  readonly note?: string;
  /** Of the axis. */
  readonly label: string;
  readonly scale: 'linear' | 'log';
  readonly format: (value: number) => string;
  /** null: not measured, or it never came to pass. */
  of(result: CellResult): number | null;
}

const bytes = (value: number) => `${formatNumber(value)}B`;
const micros = (value: number) =>
  value < 1_000 ? `${formatNumber(value)}µs` : `${formatNumber(value / 1_000)}ms`;

/** Every metric, in the order in which it is shown. */
export const METRICS = {
  idleBytes: {
    title: 'Bandwidth, idle',
    label: 'bytes sent per node and second',
    scale: 'log',
    format: bytes,
    of: ({ idle }) => idle.bytes,
  },
  idleDatagrams: {
    title: 'Packets, idle',
    label: 'datagrams sent per node and second',
    scale: 'log',
    format: formatNumber,
    of: ({ idle }) => idle.datagrams,
  },
  idleCpu: {
    title: 'CPU, idle',
    note: 'On the machine that ran the study; compare, do not quote.',
    label: 'engine time per node and second',
    scale: 'log',
    format: micros,
    of: ({ idle }) => idle.cpuMicros,
  },
  busyBytes: {
    title: 'Bandwidth, one reading a second on each node',
    label: 'bytes sent per node and second',
    scale: 'log',
    format: bytes,
    of: ({ busy }) => busy.bytes,
  },
  busyReceived: {
    title: 'Received, one reading a second on each node',
    label: 'bytes received per node and second',
    scale: 'log',
    format: bytes,
    of: ({ busy }) => busy.receivedBytes,
  },
  busyCpu: {
    title: 'CPU, one reading a second on each node',
    label: 'engine time per node and second',
    scale: 'log',
    format: micros,
    of: ({ busy }) => busy.cpuMicros,
  },
  formed: {
    title: 'Convergence',
    note: 'All nodes start at the same moment: until one view everywhere.',
    label: 'time',
    scale: 'log',
    format: formatMs,
    of: ({ formedMs }) => formedMs,
  },
  urgent: {
    title: 'Urgent update on the last node',
    note: 'Median over updates.',
    label: 'time',
    scale: 'log',
    format: formatMs,
    of: ({ urgentMs }) => urgentMs.p50,
  },
  normal: {
    title: 'Normal update on the last node',
    note: 'Median over updates.',
    label: 'time',
    scale: 'log',
    format: formatMs,
    of: ({ normalMs }) => normalMs.p50,
  },
  normalP99: {
    title: 'Normal update on the last node, slowest of a hundred',
    label: 'time',
    scale: 'log',
    format: formatMs,
    of: ({ normalMs }) => normalMs.p99,
  },
  detection: {
    title: 'Crash: a survivor says down',
    note: 'Median over crashes and survivors.',
    label: 'time',
    scale: 'log',
    format: formatMs,
    of: ({ detectionMs }) => detectionMs.p50,
  },
  detectionP99: {
    title: 'Crash: 99 of 100 survivors say down',
    label: 'time',
    scale: 'log',
    format: formatMs,
    of: ({ detectionMs }) => detectionMs.p99,
  },
  allDown: {
    title: 'Crash: the last survivor says down',
    note: 'Median over crashes.',
    label: 'time',
    scale: 'log',
    format: formatMs,
    of: ({ allDownMs }) => allDownMs.p50,
  },
  suspicions: {
    title: 'Accuracy: suspicions while idle',
    note: 'Of nodes that run; each was refuted in time unless the next chart says otherwise.',
    label: 'per node and hour',
    scale: 'linear',
    format: formatNumber,
    of: ({ suspicionsPerNodeHour }) => suspicionsPerNodeHour,
  },
  falseDowns: {
    title: 'Accuracy: false verdicts',
    note: 'Events down about nodes that ran and could be reached, over the whole run, in the worst run.',
    label: 'false downs',
    scale: 'linear',
    format: formatNumber,
    of: ({ falseDowns }) => falseDowns,
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

/** Those that say something about each factor. */
export const FACTOR_METRICS: readonly MetricName[] = [
  'idleBytes',
  'idleDatagrams',
  'idleCpu',
  'busyBytes',
  'busyReceived',
  'busyCpu',
  'formed',
  'urgent',
  'normal',
  'detection',
  'detectionP99',
  'allDown',
  'suspicions',
  'falseDowns',
];

/** Those for which pairs matter. */
export const PAIR_METRICS: readonly MetricName[] = [
  'allDown',
  'suspicions',
  'falseDowns',
  'urgent',
  'normal',
  'normalP99',
  'idleBytes',
  'busyBytes',
];
