import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeVersion } from '#runtime/core/version.ts';
import { OwnerClocks } from '#runtime/data/owner-clocks.ts';
import { judgedAge } from '#runtime/data/record-age.ts';
import { RecordTable } from '#runtime/data/record-table.ts';
import { LAN } from '#runtime/engine/settings.ts';
import { markOfKey } from '#runtime/wire/record-marks.ts';
import { itemOf } from '../../../support/lying-peer.ts';
import { ANN, BEN, provider } from '../../../support/wire.ts';

const RELAYED = { setAtMs: 100_000, ageBoundMs: null };

/** Ann's clock began at 40,000 ms of ours, give or take the 20 ms of an answer. */
function clocks(): OwnerClocks {
  const made = new OwnerClocks();
  assert.ok(made.note(ANN, { boot: 2, uptimeMs: 60_000, askedMs: 99_980 }, 100_000));
  return made;
}

const record = (uptimeMs: number | undefined, boot = 2) => ({ version: makeVersion(boot, 5), uptimeMs });

test('[P-5.18] a record is at least as old as its owner clock says, whatever a holder claims', () => {
  const judge = { clocks: clocks(), areProven: false };
  assert.deepEqual(judgedAge(judge, ANN, record(10_000), RELAYED, 100_000), {
    setAtMs: 50_000,
    ageBoundMs: 45,
  });
  const old = judgedAge(judge, ANN, record(10_000), { setAtMs: 20_000, ageBoundMs: null }, 100_000);
  assert.deepEqual(old, { setAtMs: 20_000, ageBoundMs: null }, 'the older one wins');
});

test('[P-5.18] where owners prove their clocks a record is not older than that, either', () => {
  const judge = { clocks: clocks(), areProven: true };
  const { setAtMs } = judgedAge(judge, ANN, record(10_000), { setAtMs: 20_000, ageBoundMs: null }, 100_000);
  assert.ok(setAtMs <= 50_000 && setAtMs >= 49_900, `${setAtMs}`);
  const before = judgedAge(judge, ANN, record(0), { setAtMs: 20_000, ageBoundMs: null }, 100_000);
  assert.equal(before.setAtMs, 20_000, 'an uptime of 0 stands for all before it');
});

test('of another boot, another owner, or without an uptime only what holders say is known', () => {
  const judge = { clocks: clocks(), areProven: true };
  for (const [owner, about] of [
    [ANN, record(10_000, 1)],
    [BEN, record(10_000)],
    [ANN, record(undefined)],
  ] as const)
    assert.equal(judgedAge(judge, owner, about, RELAYED, 100_000), RELAYED);
  assert.equal(judgedAge(undefined, ANN, record(10_000), RELAYED, 100_000), RELAYED);
});

test('a later boot replaces the one before, and never the other way round', () => {
  const made = clocks();
  assert.equal(made.note(ANN, { boot: 1, uptimeMs: 99_000 }, 100_000), false);
  assert.equal(made.note(ANN, { boot: 3, uptimeMs: 5_000 }, 100_000), true);
  assert.equal(made.originMs(ANN, 2, 100_000), undefined);
  assert.equal(made.originMs(ANN, 3, 100_000), 95_000);
});

test('what is said late makes nothing younger, and what is said early narrows the bounds', () => {
  const made = clocks();
  assert.equal(made.note(ANN, { boot: 2, uptimeMs: 60_000 }, 130_000), false, 'a replay, 30 s later');
  assert.ok((made.originMs(ANN, 2, 130_000) as number) < 40_100);
  made.note(ANN, { boot: 2, uptimeMs: 91_000, askedMs: 130_998 }, 131_000);
  const { earliestMs, latestMs } = made.windowOf(ANN, record(90_990), 131_000) as {
    earliestMs: number;
    latestMs: number;
  };
  assert.ok(latestMs === 130_990 && earliestMs >= 130_987, `${earliestMs} to ${latestMs}`);
});

test('a clock that stood still is followed at once, in either direction', () => {
  const made = clocks();
  // Ours stood still for an hour: it says that it has run on.
  assert.equal(made.note(ANN, { boot: 2, uptimeMs: 3_661_000, askedMs: 100_990 }, 101_000), true);
  assert.equal(made.originMs(ANN, 2, 101_000), 101_000 - 3_661_000);
  // Its own stood still for a minute, as an answer shows.
  made.note(ANN, { boot: 2, uptimeMs: 3_662_000, askedMs: 161_990 }, 162_000);
  assert.equal(made.originMs(ANN, 2, 162_000), 162_000 - 3_662_000);
});

test('an uptime of more than a century is no uptime', () => {
  const made = new OwnerClocks();
  assert.equal(made.note(ANN, { boot: 1, uptimeMs: 2 ** 53 - 1 }, 0), false);
  assert.equal(made.size, 0);
});

test('[P-5.18] what is held gets its age once its owner clock is known, and ends then if its time is over', () => {
  const known = new OwnerClocks();
  const changes: string[] = [];
  const table = new RecordTable({
    limits: LAN,
    sha256: provider.sha256,
    onChange: ({ change, record: { key } }) => changes.push(`${change} ${key}`),
    ages: { clocks: known, areProven: false },
  });
  const version = (sequence: number) => makeVersion(2, sequence);
  const items = [
    itemOf({ key: 'kept', version: version(1), uptimeMs: 10_000 }),
    itemOf({ key: 'over', version: version(2), uptimeMs: 20_000, ttlMs: 30_000 }),
    itemOf({ key: 'unsaid', version: version(3) }),
  ];
  table.merge({ owner: ANN, from: 0, to: version(3), gc: version(0), items }, 100_000, null);
  known.note(ANN, { boot: 2, uptimeMs: 60_000, askedMs: 99_980 }, 100_000);
  table.ageAnew(ANN, 100_000);
  table.ageAnew(BEN, 100_000);
  const setAt = (key: string) => table.owner(ANN)?.get(key)?.setAtMs;
  assert.deepEqual([setAt('kept'), setAt('over'), setAt('unsaid')], [50_000, 60_000, 100_000]);
  assert.equal(table.nextExpiryMs, 90_000);
  table.expire(100_000);
  assert.deepEqual(changes, ['put kept', 'put over', 'put unsaid', 'expire over']);
});

test('[P-5.18] what readers still see in the place of a record that waits gets its age, too, and ends then', () => {
  const known = new OwnerClocks();
  const table = new RecordTable({
    limits: LAN,
    sha256: provider.sha256,
    onChange: () => {},
    ages: { clocks: known, areProven: false },
  });
  const version = (sequence: number) => makeVersion(2, sequence);
  const members = ['kept', 'over', 'never'].map(markOfKey);
  const items = [
    itemOf({ key: 'kept', version: version(1), uptimeMs: 10_000 }),
    itemOf({ key: 'over', version: version(2), uptimeMs: 20_000, ttlMs: 60_000 }),
    itemOf({ key: 'kept', version: version(3), uptimeMs: 59_000, batch: { index: 0, members } }),
    itemOf({ key: 'over', version: version(4), uptimeMs: 59_000, batch: { index: 1, members } }),
  ];
  for (const [i, item] of items.entries())
    table.merge(
      { owner: ANN, from: i === 0 ? 0 : version(i), to: version(i + 1), gc: version(0), items: [item] },
      100_000,
      null,
    );
  known.note(ANN, { boot: 2, uptimeMs: 60_000, askedMs: 99_980 }, 100_000);
  table.ageAnew(ANN, 100_000);
  const records = table.owner(ANN)!;
  const seen = (key: string, nowMs: number) => records.seen(records.get(key)!, nowMs);
  assert.deepEqual([seen('kept', 100_000)?.version, seen('kept', 100_000)?.setAtMs], [version(1), 50_000]);
  assert.deepEqual([seen('over', 119_999)?.setAtMs, seen('over', 120_000)], [60_000, undefined]);
  assert.equal(table.nextExpiryMs, 120_000);
  const { heldBytes } = table;
  table.expire(120_000);
  assert.ok(table.heldBytes < heldBytes);
});
