import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOOT_MAX } from '#runtime/core/version.ts';
import { BootCounter } from '#runtime/storage/boot-counter.ts';
import { encodeChecked } from '#runtime/storage/checked-json.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';

const DIRECTORY = '/data';
const A = '/data/boot-a.json';
const B = '/data/boot-b.json';
const counterOn = (files: FailingDisk) => new BootCounter({ files, directory: DIRECTORY });
const codes = (notices: readonly { code: string }[]) => notices.map((notice) => notice.code);

async function live(disk: FailingDisk, times: number): Promise<number> {
  let boot = 0;
  for (let i = 0; i < times; i++) boot = (await counterOn(disk).advance(i === 0 ? 'new' : 'known')).boot;
  return boot;
}

test('each life counts one up, beginning at 1', async () => {
  const disk = new FailingDisk();
  for (let expected = 1; expected <= 5; expected++)
    assert.deepEqual(await counterOn(disk).advance(expected === 1 ? 'new' : 'known'), {
      boot: expected,
      notices: [],
    });
});

// B-136
test('with either copy torn at any byte the counter still goes up', async () => {
  const disk = new FailingDisk();
  const before = await live(disk, 4);
  for (const path of [A, B]) {
    const whole = disk.files.get(path)?.bytes as Uint8Array;
    for (let length = 0; length < whole.length; length++) {
      const torn = new FailingDisk();
      for (const [name, file] of disk.files) torn.put(name, file.bytes);
      torn.put(path, whole.slice(0, length));
      const { boot, notices } = await counterOn(torn).advance('known');
      assert.ok(boot > before, `${path} cut to ${length}: ${boot} after ${before}`);
      assert.deepEqual(codes(notices), ['boot-counter-damaged']);
      assert.ok(torn.files.has(`${path}.corrupt-1`));
    }
  }
});

test('with one copy gone the counter still goes up', async () => {
  for (const path of [A, B]) {
    const disk = new FailingDisk();
    const before = await live(disk, 5);
    await disk.remove(path);
    assert.ok((await counterOn(disk).advance('known')).boot > before);
  }
});

test('a power cut at any moment of counting never lets a boot be used twice', async () => {
  for (const lives of [1, 2, 3]) {
    for (let cut = 1; cut < 200; cut++) {
      const disk = new FailingDisk();
      await live(disk, lives);
      disk.cutAfter(cut);
      const reached = await counterOn(disk)
        .advance('known')
        .then(
          ({ boot }) => boot,
          () => lives,
        );
      disk.restore();
      const next = await counterOn(disk).advance('known');
      assert.ok(next.boot > reached, `${lives} lives, cut after ${cut}: ${next.boot} after ${reached}`);
      assert.ok(next.boot <= reached + 2);
    }
  }
});

test('with both copies damaged it begins again at 1 and says so', async () => {
  const disk = new FailingDisk();
  await live(disk, 3);
  disk.put(A, new Uint8Array([1, 2]));
  disk.put(B, new Uint8Array(0));
  const { boot, notices } = await counterOn(disk).advance('known');
  assert.equal(boot, 1);
  assert.deepEqual(codes(notices), ['boot-counter-damaged', 'boot-counter-damaged', 'boot-counter-lost']);
});

test('both copies gone is worth a notice only where the node has lived before', async () => {
  assert.deepEqual(codes((await counterOn(new FailingDisk()).advance('new')).notices), []);
  assert.deepEqual(codes((await counterOn(new FailingDisk()).advance('known')).notices), [
    'boot-counter-lost',
  ]);
});

test('a boot adopted from peers is where the next life goes on', async () => {
  const disk = new FailingDisk();
  const counter = counterOn(disk);
  await counter.advance('new');
  await counter.adopt(100);
  await counter.adopt(50);
  assert.equal(counter.boot, 100);
  assert.equal((await counterOn(disk).advance('known')).boot, 101);
});

test('a full disk still takes a new value in place of an old copy', async () => {
  const disk = new FailingDisk();
  await live(disk, 2);
  disk.failWith = 'ENOSPC';
  assert.equal((await counterOn(disk).advance('known')).boot, 3);
  assert.equal((await counterOn(disk).advance('known')).boot, 4);
});

test('a medium that can not be written refuses the start and names the file', async () => {
  const disk = new FailingDisk();
  await live(disk, 2);
  disk.failWith = 'EROFS';
  const counter = counterOn(disk);
  await assert.rejects(counter.advance('known'), {
    code: 'E_BOOT_COUNTER',
    message: /boot-a\.json: can't be written \(EROFS\)/,
  });
  assert.equal(counter.boot, 2, 'the persisted value is as before');
});

test('a used-up counter is refused, and an implausible value is damage', async () => {
  const file = (boot: number) => encodeChecked('gridvine.boot/1', { boot: String(boot).padStart(7, '0') });
  const full = new FailingDisk();
  full.put(A, file(BOOT_MAX));
  full.put(B, file(BOOT_MAX - 1));
  await assert.rejects(counterOn(full).advance('known'), { code: 'E_BOOT_COUNTER', message: /used up/ });
  const strange = new FailingDisk();
  strange.put(A, file(BOOT_MAX + 1));
  strange.put(B, file(7));
  assert.equal((await counterOn(strange).advance('known')).boot, 9);
});
