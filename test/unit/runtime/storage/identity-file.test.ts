import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadOrCreateSeed, replaceSeed } from '#runtime/storage/identity-file.ts';
import { FailingDisk, PowerCut } from '../../../support/failing-disk.ts';

const DIRECTORY = '/data';
const PATH = '/data/identity.json';
const seedBytes = (fill: number) => () => new Uint8Array(32).fill(fill);
const options = (files: FailingDisk, fill = 1) => ({
  files,
  directory: DIRECTORY,
  randomBytes: seedBytes(fill),
});

test('an identity is made once and stays', async () => {
  const disk = new FailingDisk();
  assert.deepEqual(await loadOrCreateSeed(options(disk, 1)), { seed: seedBytes(1)(), created: true });
  assert.deepEqual(await loadOrCreateSeed(options(disk, 2)), { seed: seedBytes(1)(), created: false });
  assert.equal(await disk.modeOf(PATH), 0o600);
});

// B-136
test('an identity file torn at any byte is set aside and never replaced', async () => {
  const disk = new FailingDisk();
  await loadOrCreateSeed(options(disk));
  const whole = (await disk.read(PATH)) as Uint8Array;
  for (let length = 0; length < whole.length; length++) {
    const torn = new FailingDisk();
    torn.put(PATH, whole.slice(0, length));
    const refusal = { code: 'E_IDENTITY', message: /identity\.json\.corrupt-1.*Restore.*gridvine rekey/ };
    await assert.rejects(loadOrCreateSeed(options(torn, 2)), refusal, `cut to ${length} bytes`);
    assert.deepEqual([...torn.files.keys()], [`${PATH}.corrupt-1`]);
    assert.deepEqual(torn.files.get(`${PATH}.corrupt-1`)?.bytes, whole.slice(0, length));
    await assert.rejects(loadOrCreateSeed(options(torn, 2)), refusal, 'and again at the next start');
    assert.deepEqual([...torn.files.keys()], [`${PATH}.corrupt-1`]);
  }
});

test('a second damaged file does not overwrite the first one set aside', async () => {
  const disk = new FailingDisk();
  disk.put(PATH, new Uint8Array([1]));
  await assert.rejects(loadOrCreateSeed(options(disk)));
  disk.put(PATH, new Uint8Array([2]));
  await assert.rejects(loadOrCreateSeed(options(disk)), /corrupt-2/);
  assert.deepEqual([...disk.files.keys()].sort(), [`${PATH}.corrupt-1`, `${PATH}.corrupt-2`]);
});

test('once the damaged file is deleted a new identity is made', async () => {
  const disk = new FailingDisk();
  disk.put(PATH, new Uint8Array([1]));
  await assert.rejects(loadOrCreateSeed(options(disk)));
  await disk.remove(`${PATH}.corrupt-1`);
  assert.equal((await loadOrCreateSeed(options(disk))).created, true);
});

test('a power cut at any moment of the first start leaves no identity or the whole one', async () => {
  const probe = new FailingDisk();
  await loadOrCreateSeed(options(probe));
  const steps = ((await probe.read(PATH)) as Uint8Array).length + 1;
  for (let cut = 1; cut <= steps; cut++) {
    const disk = new FailingDisk();
    disk.cutAfter(cut);
    const first = await loadOrCreateSeed(options(disk, 1)).catch((error: Error) => error);
    disk.restore();
    const second = await loadOrCreateSeed(options(disk, 2));
    if (first instanceof Error) {
      assert.ok(first.cause instanceof PowerCut);
      assert.deepEqual(second, { seed: seedBytes(2)(), created: true });
    } else assert.deepEqual(second, { seed: seedBytes(1)(), created: false });
  }
});

test('a key that others can read is refused with the command that mends it', async () => {
  for (const mode of [0o640, 0o604, 0o660, 0o644]) {
    const disk = new FailingDisk();
    await loadOrCreateSeed(options(disk));
    disk.put(PATH, (await disk.read(PATH)) as Uint8Array, mode);
    await assert.rejects(loadOrCreateSeed(options(disk)), {
      code: 'E_IDENTITY',
      message: /expected mode 0600; got 0\d{3}.*chmod 600 \/data\/identity\.json/,
    });
  }
});

test('a full disk at the first start is an identity error that says so', async () => {
  const disk = new FailingDisk();
  disk.failWith = 'ENOSPC';
  await assert.rejects(loadOrCreateSeed(options(disk)), { code: 'E_IDENTITY', message: /ENOSPC/ });
  assert.equal(disk.files.size, 0);
});

test('a replaced identity is kept aside, damaged ones too, where no start takes them for this node', async () => {
  const disk = new FailingDisk();
  await loadOrCreateSeed(options(disk, 1));
  const before = await disk.read(PATH);
  disk.put(`${PATH}.corrupt-1`, new Uint8Array([9]));
  const kept = [`${PATH}.replaced-1`, `${PATH}.replaced-2`];
  assert.deepEqual(await replaceSeed(options(disk, 2)), { old: seedBytes(1)(), seed: seedBytes(2)(), kept });
  assert.deepEqual([...disk.files.keys()].sort(), [PATH, ...kept]);
  assert.deepEqual([await disk.read(kept[0]), await disk.read(kept[1])], [before, new Uint8Array([9])]);
  for (const path of [PATH, kept[0]]) assert.equal(await disk.modeOf(path), 0o600);
  assert.deepEqual(await loadOrCreateSeed(options(disk, 3)), { seed: seedBytes(2)(), created: false });
});

test('a damaged identity can be replaced on purpose, and what was never there can not', async () => {
  const disk = new FailingDisk();
  await assert.rejects(replaceSeed(options(disk, 2)), { code: 'E_IDENTITY', message: /nothing to replace/ });
  assert.deepEqual([...disk.files.keys()], []);
  disk.put(PATH, new Uint8Array([1]));
  const { old, seed, kept } = await replaceSeed(options(disk, 2));
  assert.deepEqual([old, seed, kept], [undefined, seedBytes(2)(), [`${PATH}.replaced-1`]]);
  assert.equal((await loadOrCreateSeed(options(disk, 3))).created, false);
});

test('a power cut while an identity is replaced leaves the old one or the new one in force, and loses neither', async () => {
  const probe = new FailingDisk();
  await loadOrCreateSeed(options(probe, 1));
  const before = (await probe.read(PATH)) as Uint8Array;
  const steps = 2 * (before.length + 2);
  for (let cut = 1; cut <= steps; cut++) {
    const disk = new FailingDisk();
    await loadOrCreateSeed(options(disk, 1));
    disk.cutAfter(cut);
    await replaceSeed(options(disk, 2)).catch((error: Error) => assert.ok(error.cause instanceof PowerCut));
    disk.restore();
    const { seed, created } = await loadOrCreateSeed(options(disk, 3));
    assert.equal(created, false, `cut after ${cut}`);
    assert.ok(seed[0] === 1 || seed[0] === 2);
    if (seed[0] === 2) assert.deepEqual(await disk.read(`${PATH}.replaced-1`), before);
  }
});
