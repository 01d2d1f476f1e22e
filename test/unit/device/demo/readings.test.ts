import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RecordJson } from '#device/cli/documents.ts';
import { hasReadings, readingRows } from '#device/demo/readings.ts';

const record = (node: string, key: string, value: unknown, unit: string | null = null): RecordJson => ({
  id: 'a'.repeat(32),
  node,
  key,
  value,
  unit,
  quality: 'good',
  version: 1,
  ageMs: 10,
  ageBoundMs: 0,
  ttlMs: null,
});

describe('the readings of the demo', () => {
  it('stand in one row a quantity and one cell a daemon, and rows that nobody has are left out', () => {
    const rows = readingRows(
      [record('roof', 'system/cpu', 12.5, '%'), record('barn', 'sim/pv/power', 900, 'W')],
      ['roof', 'barn'],
    );
    assert.deepEqual(
      rows.map(({ label, simulated, cells }) => [label, simulated, cells.map((cell) => cell?.text ?? null)]),
      [
        ['CPU busy', false, ['12.5 %', null]],
        ['PV power', true, [null, '900 W']],
      ],
    );
  });

  it('catch the eye where they are late or bad, and say so where their age is only a lower bound', () => {
    const at = { ...record('roof', 'system/cpu', 1), ageMs: 2_000 };
    const cell = (changes: Partial<RecordJson>) =>
      readingRows([{ ...at, ...changes }], ['roof'])[0]?.cells[0];
    assert.equal(cell({})?.doubtful, false);
    assert.equal(cell({ ageMs: 91_000 })?.doubtful, true);
    assert.equal(cell({ quality: 'stale' })?.doubtful, true);
    assert.equal(cell({ ageBoundMs: null })?.age, '>2s');
  });

  it('are complete for a daemon once it has both a real and a simulated one', () => {
    const records = [
      record('roof', 'system/cpu', 1),
      record('barn', 'system/cpu', 1),
      record('barn', 'sim/pv/power', 1),
    ];
    assert.equal(hasReadings(records, 'roof'), false);
    assert.equal(hasReadings(records, 'barn'), true);
  });
});
