import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { STATE_FILES, wipeState } from '#runtime/storage/wipe.ts';
import { projectPath } from '../../../../scripts/release/project.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';

const randomBytes = (length: number) => new Uint8Array(length).fill(7);

function diskOf(...names: string[]): FailingDisk {
  const disk = new FailingDisk();
  for (const name of names) disk.put(`/node/${name}`, new Uint8Array(5));
  return disk;
}

test('every file that the storage writes is known to the wipe', () => {
  const folder = projectPath('runtime', 'storage');
  const sources = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
  const named = sources.flatMap((text) =>
    [...text.matchAll(/'([a-z-]+\.(?:json|db))'/g)].map((match) => match[1]),
  );
  assert.ok(named.length >= 8 && named.includes('state.db'));
  assert.deepEqual(
    named.filter((name) => !(STATE_FILES as readonly (string | undefined)[]).includes(name)),
    [],
  );
});

test('what lies beside a file of the state goes with it; foreign files stay', async () => {
  const disk = diskOf(
    'identity.json.replaced-1',
    'identity.json.bak',
    'boot-b.json',
    'identity.json',
    'x.json',
  );
  const { wiped, notOverwritten } = await wipeState({ files: disk, directory: '/node', randomBytes });
  assert.deepEqual(wiped, ['identity.json', 'identity.json.replaced-1', 'boot-b.json']);
  assert.deepEqual(notOverwritten, []);
  assert.deepEqual([...disk.files.keys()].sort(), ['/node/identity.json.bak', '/node/x.json']);
});

test('of the table its log goes too, and what was set aside with it', async () => {
  const names = [
    'state.db',
    'state.db.corrupt-1',
    'state.db.corrupt-1-wal',
    'state.db-wal',
    'state.db-journal',
  ];
  const disk = diskOf(...names);
  const { wiped } = await wipeState({ files: disk, directory: '/node', randomBytes });
  assert.deepEqual(wiped, names);
});

test('a file that can not be overwritten goes all the same, and is named', async () => {
  const disk = diskOf('identity.json');
  disk.overwriteFailWith = 'EIO';
  const done = await wipeState({ files: disk, directory: '/node', randomBytes });
  assert.deepEqual(done, { wiped: ['identity.json'], notOverwritten: ['identity.json'] });
  assert.equal(disk.files.size, 0);
});

test('a file that can not be removed is named, with what is gone already', async () => {
  const disk = diskOf('identity.json', 'trust.json');
  const remove = disk.remove.bind(disk);
  disk.remove = async (path) => {
    if (path.endsWith('trust.json')) throw Object.assign(new Error('no'), { code: 'EROFS' });
    await remove(path);
  };
  await assert.rejects(wipeState({ files: disk, directory: '/node', randomBytes }), {
    code: 'E_DATA_DIR',
    message: /trust\.json: can't be removed \(EROFS\); gone before it: identity\.json\./,
  });
});
