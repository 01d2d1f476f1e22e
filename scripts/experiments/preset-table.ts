import { formatMs, formatNumber } from '#device/simulation/report/quantity.ts';
import type { PresetName } from '#runtime/engine/settings.ts';
import type { CellResult, Load } from './measure.ts';
import { presetNames, presetSetup } from './plan.ts';
import type { LinkName } from './setup.ts';
import type { StudyResults } from './study-results.ts';

/** A kind of link as an installer knows it. */
export const LINK_TEXTS: Readonly<Record<LinkName, string>> = {
  wired: 'cable: 2 ms, no loss',
  radio: 'Wi-Fi or other radio: 4 ms with a tail, 5 % loss',
  internet: 'between sites, over the internet: 60 ms, 1 % loss',
  cellular: 'cellular: 80 ms with a tail, 2 % loss',
};

/** A column of the comparison of presets. */
interface PresetColumn {
  readonly head: string;
  show(result: CellResult): string;
}

const SECONDS_PER_MONTH = 30 * 86_400;
const HEADER_BYTES = 28;

/** Both ways, as a provider counts them; by unicast a node receives about as many datagrams as it sends. */
function bytesWithHeaders({ bytes, receivedBytes, datagrams }: Load): number {
  return bytes + receivedBytes + 2 * datagrams * HEADER_BYTES;
}

const time = (value: number | null) => (value === null ? 'not in time' : formatMs(value));

/** What an installer asks of a preset. */
export const PRESET_COLUMNS: readonly PresetColumn[] = [
  { head: 'sent, idle', show: ({ idle }) => `${formatNumber(idle.bytes)}B/s` },
  {
    head: 'a month with headers, idle',
    show: ({ idle }) => `${formatNumber(bytesWithHeaders(idle) * SECONDS_PER_MONTH)}B`,
  },
  { head: 'packets, idle', show: ({ idle }) => `${formatNumber(idle.datagrams * 60)}/min` },
  { head: 'sent, a reading a second on each node', show: ({ busy }) => `${formatNumber(busy.bytes)}B/s` },
  { head: 'urgent update everywhere', show: ({ urgentMs }) => time(urgentMs.p50) },
  { head: 'normal update everywhere', show: ({ normalMs }) => time(normalMs.p50) },
  { head: 'crash noticed by all', show: ({ allDownMs }) => time(allDownMs.p50) },
  { head: 'false alarms', show: ({ falseDowns }) => String(falseDowns) },
];

/** One row a preset; presets that weren't run are left out. */
export function presetRows(
  options: { readonly nodes: number; readonly link: LinkName },
  results: StudyResults,
): readonly (readonly [PresetName, ...string[]])[] {
  return presetNames().flatMap((preset) => {
    const result = results.of(presetSetup(options.nodes, preset, options.link));
    if (result === undefined) return [];
    return [[preset, ...PRESET_COLUMNS.map(({ show }) => show(result))] as const];
  });
}
