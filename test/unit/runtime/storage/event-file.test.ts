import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CHANGES_MAX,
  decodeEventState,
  type EventCursor,
  encodeEventState,
  withChanges,
} from '#runtime/coordination/events/event-state.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { EventFile } from '#runtime/storage/event-file.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';

const PATH = '/data/events.json';
const KEPT = Uint8Array.of(1, 2, 250);
const keptOf = async (file: EventFile) => {
  const { kept, changes } = await file.load();
  return kept && changes ? withChanges(kept, changes) : kept;
};
const fileOn = (files: FailingDisk) => new EventFile({ files, directory: '/data' });

test('a node without the file has delivered nothing that it knows of', async () => {
  assert.deepEqual(await fileOn(new FailingDisk()).load(), {});
});

test('what was kept comes back, readable by its owner alone', async () => {
  const disk = new FailingDisk();
  await fileOn(disk).save(KEPT, 'all');
  assert.deepEqual(await fileOn(disk).load(), { kept: KEPT });
  assert.equal(await disk.modeOf(PATH), 0o600);
});

test('a file torn at any byte is set aside, with a notice', async () => {
  const disk = new FailingDisk();
  await fileOn(disk).save(KEPT, 'all');
  const whole = (await disk.read(PATH)) as Uint8Array;
  for (let length = 0; length < whole.length; length++) {
    const torn = new FailingDisk();
    torn.put(PATH, whole.slice(0, length));
    const { kept, notice } = await fileOn(torn).load();
    assert.deepEqual([kept, notice?.code], [undefined, 'events-forgotten']);
    assert.deepEqual([...torn.files.keys()], [`${PATH}.corrupt-1`]);
  }
});

const A = 'aa'.repeat(16);
const B = 'bb'.repeat(16);
/** A state with a cursor of each sender, so far. */
const stateOf = (cursors: Record<string, number>, last = 0) =>
  encodeEventState({
    last,
    cursors: Object.entries(cursors).map(([id, count]) => [
      id,
      { number: makeVersion(1, count), life: 7, told: count },
    ]),
  });

test('what changed since is kept in one block, over the last but one, and comes back with the rest', async () => {
  const disk = new FailingDisk();
  const file = fileOn(disk);
  await file.save(stateOf({ [A]: 1, [B]: 1 }), 'all');
  for (let count = 2; count < 7; count++) {
    await file.save(stateOf({ [A]: count }, count), 'changes');
    assert.deepEqual(await keptOf(fileOn(disk)), stateOf({ [A]: count, [B]: 1 }, count));
  }
  for (const name of ['a', 'b'])
    assert.equal(disk.files.get(`/data/events-${name}.json`)?.bytes.length, 4_096);
});

test('as many changes as there may be fit into one block', async () => {
  const disk = new FailingDisk();
  const file = fileOn(disk);
  await file.save(stateOf({}), 'all');
  const cursors = Array.from({ length: CHANGES_MAX }, (_, i): [string, EventCursor] => [
    i.toString(16).padStart(32, 'f'),
    { number: makeVersion(2 ** 20 - 1, 2 ** 32 - 1), life: 2 ** 32 - 1, told: 2 ** 32 - 1 },
  ]);
  await file.save(encodeEventState({ last: makeVersion(2 ** 20 - 1, 1), cursors }), 'changes');
  assert.equal(disk.files.get('/data/events-a.json')?.bytes.length, 4_096);
});

test('a write of changes that a power cut tears at any byte leaves what was kept before', async () => {
  for (let cut = 0; cut < 4_096; cut += 37) {
    const disk = new FailingDisk();
    const file = fileOn(disk);
    await file.save(stateOf({ [A]: 1 }), 'all');
    for (const count of [2, 3]) await file.save(stateOf({ [A]: count }), 'changes');
    disk.cutAfter(cut);
    await assert.rejects(file.save(stateOf({ [A]: 4 }), 'changes'));
    disk.restore();
    const next = fileOn(disk);
    const kept = await keptOf(next);
    const at = kept && decodeEventState(kept)?.cursors[0]?.[1].told;
    // Where it came so far that all is there, it counts.
    assert.ok(at === 3 || (at === 4 && cut > 100), `${at} at byte ${cut}`);
    await next.save(stateOf({ [A]: 5 }), 'all');
    assert.deepEqual(await keptOf(fileOn(disk)), stateOf({ [A]: 5 }), 'changes to what was are none to this');
  }
});

test('a full medium takes changes all the same, once their files are there', async () => {
  const disk = new FailingDisk();
  const file = fileOn(disk);
  await file.save(stateOf({ [A]: 1 }), 'all');
  for (const count of [2, 3]) await file.save(stateOf({ [A]: count }), 'changes');
  disk.failWith = 'ENOSPC';
  await file.save(stateOf({ [A]: 4 }), 'changes');
  await assert.rejects(file.save(stateOf({ [A]: 5 }), 'all'));
  assert.deepEqual(await keptOf(fileOn(disk)), stateOf({ [A]: 4 }));
});

test('changes without what they are to are nothing, and harm nothing that is kept later', async () => {
  const disk = new FailingDisk();
  const file = fileOn(disk);
  await file.save(stateOf({ [A]: 1 }), 'all');
  await file.save(stateOf({ [A]: 9 }), 'changes');
  await disk.remove(PATH);
  const next = fileOn(disk);
  assert.deepEqual(await next.load(), {});
  await next.save(stateOf({ [A]: 2 }), 'all');
  assert.deepEqual(await keptOf(fileOn(disk)), stateOf({ [A]: 2 }));
});
