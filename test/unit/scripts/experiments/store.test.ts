import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type CellResult, measureCell } from '../../../../scripts/experiments/measure.ts';
import { defaultSetup } from '../../../../scripts/experiments/setup.ts';
import { CellStore, codeHash, keyOf } from '../../../../scripts/experiments/store.ts';
import { StudyResults } from '../../../../scripts/experiments/study-results.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const TASK = { setup: defaultSetup(3), seed: 1, quick: true };
const RESULT: CellResult = measureCell(TASK);

async function storeFile(t: TestContext): Promise<string> {
  return join(await temporaryDirectory(t), 'study', 'cells.jsonl');
}

test('a finished cell is found again, by the same code only', async (t) => {
  const path = await storeFile(t);
  const store = new CellStore(path, 'a');
  assert.equal(store.has(TASK), false);
  store.add(TASK, 12, RESULT);
  assert.ok(store.has(TASK));
  assert.ok(new CellStore(path, 'a').has(TASK));
  assert.equal(new CellStore(path, 'b').has(TASK), false);
  for (const other of [
    { ...TASK, seed: 2 },
    { ...TASK, quick: false },
  ])
    assert.equal(store.has(other), false);
});

test('a line that a crash cut short is passed over', async (t) => {
  const path = await storeFile(t);
  new CellStore(path, 'a').add(TASK, 12, RESULT);
  appendFileSync(path, '{"key":"half');
  const store = new CellStore(path, 'a');
  assert.ok(store.has(TASK));
});

test('a fresh start forgets the file too', async (t) => {
  const path = await storeFile(t);
  const store = new CellStore(path, 'a');
  store.add(TASK, 12, RESULT);
  store.clear();
  assert.equal(store.has(TASK), false);
  assert.equal(readFileSync(path, 'utf8'), '');
});

test('runs of one setup count by their median, false verdicts by the worst', async (t) => {
  const store = new CellStore(await storeFile(t), 'a');
  for (const [seed, bytes] of [
    [1, 100],
    [2, 900],
    [3, 200],
  ]) {
    const result = { ...RESULT, idle: { ...RESULT.idle, bytes }, falseDowns: seed - 1 };
    store.add({ ...TASK, seed }, 1, result);
  }
  const results = new StudyResults(store, { quick: true });
  assert.equal(results.of(TASK.setup)?.idle.bytes, 200);
  assert.equal(results.of(TASK.setup)?.falseDowns, 2);
  assert.equal(new StudyResults(store, { quick: false }).of(TASK.setup), undefined);
});

test('the same code has the same hash, and keys tell quick runs from long ones', () => {
  assert.equal(codeHash(), codeHash());
  assert.notEqual(keyOf(TASK), keyOf({ ...TASK, quick: false }));
});
