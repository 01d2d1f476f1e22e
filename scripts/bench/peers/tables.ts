import Table from 'cli-table3';
import type { ComparedRow } from './explain.ts';
import { cpuPerDatagramUs, type Load, ownShare, percent } from './load.ts';
import { PHASES, type Round } from './round.ts';
import type { SideName } from './sides.ts';
import type { Figure, Row } from './summary.ts';

const WHY_COLUMNS = 64;
const STYLE = { head: [], border: [], compact: true };

/** gridvine beside memberlist. */
export function peersTable(rows: readonly Row[]): string {
  const table = new Table({
    head: ['median [least - greatest]', 'gridvine', 'memberlist', 'ratio'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: STYLE,
  });
  for (const { name, unit, statistic, gridvine, memberlist, ratio } of rows) {
    const text = (figure: Figure | null) =>
      figure === null ? '-' : statistic === 'median' ? textOf(figure) : numberText(figure[statistic]);
    table.push([named(name, unit), text(gridvine), text(memberlist), ratioText(ratio)]);
  }
  return table.toString();
}

/** Sockets beside the simulator. */
export function simulatorTable(rows: readonly ComparedRow[]): string {
  const table = new Table({
    head: ['', 'sockets', 'simulated', 'ratio', 'why'],
    colAligns: ['left', 'right', 'right', 'right', 'left'],
    colWidths: [null, null, null, null, WHY_COLUMNS],
    wordWrap: true,
    style: STYLE,
  });
  for (const { name, unit, measured, statistic, predicted, ratio, why } of rows)
    table.push([
      named(name, unit),
      statistic === 'median' ? textOf(measured) : numberText(measured[statistic]),
      textOf(predicted),
      ratioText(ratio),
      why,
    ]);
  return table.toString();
}

/** What each part of the rounds asked of the machine: the worst round of each. */
export function loadTable(rounds: Readonly<Record<SideName, readonly Round[]>>): string {
  const table = new Table({
    head: [
      'load: most of any round',
      'own share',
      'machine',
      'busiest loop',
      'loop delay p99 / max, ms',
      'CPU per datagram, \u00b5s',
    ],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: STYLE,
  });
  for (const [side, ofSide] of Object.entries(rounds)) {
    for (const phase of PHASES) {
      const loads = ofSide.map(({ load }) => load[phase]).filter((load) => load !== null);
      if (loads.length > 0) table.push([`${side}: ${phase}`, ...loadCells(loads)]);
    }
  }
  return table.toString();
}

function loadCells(loads: readonly Load[]): string[] {
  const most = (of: (load: Load) => number | null | undefined) => {
    const values = loads.map(of).filter((value) => typeof value === 'number');
    return values.length === 0 ? undefined : Math.max(...values);
  };
  const share = (value: number | undefined) => (value === undefined ? '-' : percent(value));
  const p99 = most(({ loopDelayMs }) => loopDelayMs?.p99);
  const max = most(({ loopDelayMs }) => loopDelayMs?.max);
  const perDatagram = most(cpuPerDatagramUs);
  return [
    share(most((load) => ownShare(load))),
    share(most(({ machineShare }) => machineShare)),
    share(most(({ busiestLoop }) => busiestLoop)),
    p99 === undefined || max === undefined ? '-' : `${p99.toFixed(1)} / ${max.toFixed(1)}`,
    perDatagram === undefined ? '-' : perDatagram.toFixed(0),
  ];
}

function named(name: string, unit: string): string {
  return unit === '' ? name : `${name}, ${unit}`;
}

function textOf({ median, min, max, missed, samples }: Figure): string {
  if (samples === 0) return '-';
  const range = min === max ? '' : ` [${numberText(min)} - ${numberText(max)}]`;
  return `${numberText(median)}${range}${missed > 0 ? `, ${missed} missed` : ''}`;
}

function ratioText(ratio: number | null): string {
  return ratio === null ? '-' : ratio.toFixed(ratio < 10 ? 2 : 0);
}

function numberText(value: number | null): string {
  if (value === null) return 'missed';
  return value.toFixed(value === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2);
}
