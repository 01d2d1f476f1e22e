import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreTimes } from '#runtime/storage/store-times.ts';
import { tableOfRows } from '#runtime/storage/stored-table.ts';
import { ABOUT, ANN, keptEntry, keptOwner, rowsOf } from '../../../support/stored-rows.ts';

/** A record set at 1,000 ms of the first run, written at 5,000 ms. */
function rowsOfFirstRun() {
  const times = new StoreTimes(undefined, { machineBoot: 'm1', bootMs: 4_000 });
  const rows = rowsOf([keptOwner(ANN, 1, keptEntry('a', 1))], times);
  return { rows, about: { ...ABOUT, ...times.at(5_000) } };
}

const entryOf = (times: StoreTimes, rows: ReturnType<typeof rowsOf>) =>
  [...tableOfRows(rows, times).others[0]!.entries][0]!;

test('while the machine runs on, a record is as old as it is', () => {
  const { rows, about } = rowsOfFirstRun();
  const times = new StoreTimes(about, { machineBoot: 'm1', bootMs: 60_000 });
  const { setAtMs, ageBoundMs } = entryOf(times, rows);
  assert.deepEqual({ setAtMs, ageBoundMs }, { setAtMs: 1_000, ageBoundMs: 7 });
  assert.equal(times.era, about.era);
});

test('after the power was off, it is at least as old as it was when last written and as this machine is up, and unknown', () => {
  const { rows, about } = rowsOfFirstRun();
  const times = new StoreTimes(about, { machineBoot: 'm2', bootMs: 300 });
  const { setAtMs, ageBoundMs } = entryOf(times, rows);
  assert.equal(300 - setAtMs, 4_001 + 300);
  assert.equal(ageBoundMs, Number.POSITIVE_INFINITY);
  // Written again in this run or not: still of the first.
  const again = new StoreTimes({ ...about, ...times.at(9_000) }, { machineBoot: 'm3', bootMs: 100 });
  assert.equal(100 - entryOf(again, rows).setAtMs, 4_001 + 9_001 + 100);
});

test('a clock that went back, or a machine that does not tell, counts as another run', () => {
  const { about } = rowsOfFirstRun();
  assert.equal(new StoreTimes(about, { machineBoot: 'm1', bootMs: 4_999 }).era, about.era + 1);
  assert.equal(new StoreTimes(about, { machineBoot: null, bootMs: 9_000 }).era, about.era + 1);
  assert.equal(
    new StoreTimes({ ...about, machineBoot: null }, { machineBoot: null, bootMs: 9_000 }).era,
    about.era + 1,
  );
});

test('without a proof that the machine was restarted, its uptime is no part of the time since the last write', () => {
  const { rows, about } = rowsOfFirstRun();
  for (const machineBoot of [null, 'm1']) {
    const written = machineBoot === null ? about : { ...about, machineBoot: null };
    const times = new StoreTimes(written, { machineBoot, bootMs: 9_000_000 });
    assert.equal(9_000_000 - entryOf(times, rows).setAtMs, 4_001, String(machineBoot));
  }
});

test('where the store does not say any more when it was written, all it holds is of an earlier era', () => {
  const { rows } = rowsOfFirstRun();
  const now = { machineBoot: 'm1', bootMs: 60_000 };
  const times = new StoreTimes(undefined, now, rows);
  const { setAtMs, ageBoundMs } = entryOf(times, rows);
  assert.ok(setAtMs < now.bootMs);
  assert.equal(ageBoundMs, Number.POSITIVE_INFINITY);
  assert.ok(times.era > rows[0]!.era);
});

test('an age that is unknown stays so when it is written again', () => {
  const times = new StoreTimes(ABOUT, { machineBoot: 'm1', bootMs: 6_000 });
  const unknown = keptEntry('a', 1, { ageBoundMs: Number.POSITIVE_INFINITY });
  const rows = rowsOf([keptOwner(ANN, 1, unknown)], times);
  assert.deepEqual(entryOf(times, rows), unknown);
});
