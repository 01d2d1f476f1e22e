import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filePlace } from '#runtime/storage/file-place.ts';
import { StoreTimes } from '#runtime/storage/store-times.ts';
import { StoreError } from '#runtime/storage/table-store.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';
import { ABOUT, ANN, keptEntry, keptOwner, rowsOf } from '../../../support/stored-rows.ts';

const TIMES = new StoreTimes(ABOUT, { machineBoot: 'm1', bootMs: 6_000 });
const rowsAt = (sequence: number) =>
  rowsOf(
    [keptOwner(ANN, sequence, keptEntry('a', sequence, { signature: new Uint8Array(64).fill(9) }))],
    TIMES,
  );

// B-136
test('a table in the files of another platform is the old one or the new, wherever the power was cut', async () => {
  for (let cut = 1; cut < 2_500; cut += 7) {
    const disk = new FailingDisk();
    const place = filePlace(disk, '/data');
    const store = await place.open();
    assert.deepEqual(store.load(), { about: undefined, rows: [], damagedRows: 0 });
    store.commit({ about: ABOUT, put: rowsAt(1), remove: [] });
    await store.sync();
    disk.cutAfter(cut);
    store.commit({ about: ABOUT, put: rowsAt(2), remove: [] });
    const done = await store.sync().then(
      () => true,
      (error: unknown) => !(error instanceof StoreError),
    );
    disk.restore();
    const { rows } = (await place.open()).load();
    assert.deepEqual(
      rows,
      rowsAt(done || rows[0]?.version === rowsAt(2)[0]?.version ? 2 : 1),
      `cut after ${cut}`,
    );
  }
});

test('it is not written where nothing changed, and damage is set aside', async () => {
  const disk = new FailingDisk();
  const place = filePlace(disk, '/data');
  const store = await place.open();
  store.commit({ about: ABOUT, put: rowsAt(1), remove: [] });
  await store.sync();
  await store.sync();
  assert.equal(disk.writes, 1);
  disk.put('/data/state.json', new TextEncoder().encode('torn'));
  await assert.rejects(
    place.open(),
    (error: unknown) => error instanceof StoreError && error.kind === 'damaged',
  );
  assert.equal(await place.setAside(), '/data/state.json.corrupt-1');
  disk.failWith = 'ENOSPC';
  const again = await place.open();
  again.commit({ about: ABOUT, put: rowsAt(1), remove: [] });
  await assert.rejects(
    again.sync(),
    (error: unknown) => error instanceof StoreError && error.reason === 'ENOSPC',
  );
});
