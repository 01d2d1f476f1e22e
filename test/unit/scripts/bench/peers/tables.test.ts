import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparedRows } from '../../../../../scripts/bench/peers/explain.ts';
import { summarize } from '../../../../../scripts/bench/peers/summary.ts';
import { loadTable, peersTable, simulatorTable } from '../../../../../scripts/bench/peers/tables.ts';
import { makeLoad, makeRound } from '../../../../support/bench-round.ts';

const cellsOf = (table: string, name: string) => {
  const line = table.split('\n').find((candidate) => candidate.includes(name));
  assert.ok(line !== undefined, name);
  return line
    .split('│')
    .slice(2, -1)
    .map((cell) => cell.trim());
};

test('a figure is shown with its range, what was missed, and the ratio', () => {
  const rounds = [makeRound({ joinMs: 100 }), makeRound({ joinMs: 200 }), makeRound({ joinMs: null })];
  const table = peersTable(summarize([makeRound({ joinMs: 50 })], rounds));
  assert.deepEqual(cellsOf(table, 'join'), ['50.0', '200 [100 - missed], 1 missed', '4.00']);
});

test('a side that was not measured and a thing that did not happen are dashes', () => {
  const table = peersTable(summarize([makeRound({ crashMs: { closed: [], silent: [] } })], []));
  assert.deepEqual(cellsOf(table, 'crash, silent'), ['-', '-', '-']);
});

test('the worst round of each part is shown as its load', () => {
  const busy = makeLoad({ busiestLoop: 0.9, machineShare: 0.7 });
  const table = loadTable({ gridvine: [makeRound(), makeRound({ load: { join: busy } })], memberlist: [] });
  assert.deepEqual(cellsOf(table, 'gridvine: join').slice(1), ['70 %', '90 %', '1.0 / 2.0', '100']);
});

test('a part that no round had is left out of the loads', () => {
  const table = loadTable({ gridvine: [makeRound({ load: { silent: null } })], memberlist: [] });
  assert.ok(!table.includes('gridvine: silent'));
});

test('the simulator is beside the sockets with the reason', () => {
  const rows = comparedRows([makeRound()], { silentMs: [2_900, 3_100] }, { nodes: 10, processors: 2 });
  assert.deepEqual(cellsOf(simulatorTable(rows), 'crash, silent'), [
    '3000',
    '3000 [2900 - 3100]',
    '1.00',
    'the same',
  ]);
});
