import assert from 'node:assert/strict';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '#runtime/storage/node-files.ts';
import { TrustFile } from '#runtime/storage/trust-file.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const PATH = '/data/trust.json';
const KEPT = Uint8Array.of(1, 2, 250);
const fileOn = (files: FailingDisk) => new TrustFile({ files, directory: '/data' });

test('what a node lives by comes back, and nobody else may read it', async () => {
  const disk = new FailingDisk();
  assert.deepEqual(await fileOn(disk).load(), {});
  await fileOn(disk).save(KEPT);
  assert.deepEqual(await fileOn(disk).load(), { kept: KEPT });
  assert.equal(await disk.modeOf(PATH), 0o600);
});

test('a file torn at any byte, or changed at any, is set aside with a notice', async () => {
  const disk = new FailingDisk();
  await fileOn(disk).save(KEPT);
  const whole = (await disk.read(PATH)) as Uint8Array;
  const changed = Array.from(whole, (byte, at) => whole.with(at, byte ^ 1));
  const torn = Array.from(whole, (_, length) => whole.slice(0, length));
  for (const bytes of [...torn, ...changed]) {
    const damaged = new FailingDisk();
    damaged.put(PATH, bytes);
    const { kept, notice } = await fileOn(damaged).load();
    assert.equal(kept, undefined);
    assert.equal(notice?.code, 'trust-damaged');
    assert.deepEqual([...damaged.files.keys()], [`${PATH}.corrupt-1`]);
  }
});

test('a power cut while it is written leaves the old content or the new', async () => {
  for (let steps = 0; ; steps++) {
    const disk = new FailingDisk();
    await fileOn(disk).save(KEPT);
    disk.cutAfter(steps);
    const cut = await fileOn(disk)
      .save(Uint8Array.of(9))
      .then(
        () => false,
        () => true,
      );
    disk.restore();
    const { kept } = await fileOn(disk).load();
    assert.deepEqual(kept, cut ? KEPT : Uint8Array.of(9));
    if (!cut) break;
  }
});

test('a file that others may read is refused before it is read', async () => {
  const disk = new FailingDisk();
  await fileOn(disk).save(KEPT);
  for (const mode of [0o640, 0o604, 0o620]) {
    disk.put(PATH, (await disk.read(PATH)) as Uint8Array, mode);
    await assert.rejects(fileOn(disk).load(), {
      code: 'E_TRUST_FILE',
      message: /trust\.json: expected mode 0600; got 06..*chmod 600/,
    });
  }
});

test("another user's file is refused", async () => {
  const disk = new FailingDisk();
  await fileOn(disk).save(KEPT);
  const files = Object.assign(disk, { foreignOwnerOf: async () => 1234 });
  await assert.rejects(fileOn(files).load(), {
    code: 'E_TRUST_FILE',
    message: /belongs to uid 1234\. Run the node as that user, or delete the file/,
  });
});

test('the platform tells whose a file is', async (t) => {
  const path = join(await temporaryDirectory(t), 'file');
  assert.equal(await nodeFiles.foreignOwnerOf?.(path), undefined);
  writeFileSync(path, '');
  assert.equal(await nodeFiles.foreignOwnerOf?.(path), undefined);
  if (process.geteuid?.() !== 0) return;
  chownSync(path, 1234, 1234);
  assert.equal(await nodeFiles.foreignOwnerOf?.(path), 1234);
  chmodSync(path, 0o600);
});

test('a file that can not be read says why, and a medium that refuses keeps the old content', async () => {
  const disk = new FailingDisk();
  await fileOn(disk).save(KEPT);
  disk.failWith = 'ENOSPC';
  await assert.rejects(fileOn(disk).save(Uint8Array.of(9)), { code: 'ENOSPC' });
  assert.deepEqual(await fileOn(disk).load(), { kept: KEPT });
  const broken = Object.assign(new FailingDisk(), {
    read: async () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' });
    },
  });
  await assert.rejects(fileOn(broken).load(), { code: 'E_TRUST_FILE', message: /can't be read \(EIO\)/ });
});
