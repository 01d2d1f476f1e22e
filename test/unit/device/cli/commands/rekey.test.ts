import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../../../support/temporary-directory.ts';
import { gridvine } from '../run.ts';

const ID = /\(([0-9a-f]{32})\)/;

/** A board that has an identity. */
async function board(t: Parameters<typeof temporaryDirectory>[0]) {
  const dataDir = join(await temporaryDirectory(t), 'data');
  const flags = ['--data-dir', dataDir, '--cluster', 'hillside', '--name', 'barn'];
  const idOf = async () => ID.exec((await gridvine(['identity', 'request', ...flags])).stderr)?.[1];
  const rekey = (...more: string[]) => gridvine(['rekey', ...flags, ...more]);
  const file = (name: string) => join(dataDir, name);
  return { dataDir, flags, idOf, rekey, file };
}

test('a stopped board gets another identity, and its old one is kept aside for its owner alone', async (t) => {
  const { dataDir, idOf, rekey, file } = await board(t);
  const old = await idOf();
  const before = readFileSync(file('identity.json'));
  const { code, stdout, stderr } = await rekey('--json');
  assert.equal(code, 0, stderr);
  const kept = file('identity.json.replaced-1');
  const done = JSON.parse(stdout);
  assert.deepEqual(
    { ...done, newId: '' },
    {
      schema: 'gridvine.rekeyed/1',
      name: 'barn',
      dataDir,
      oldId: old,
      newId: '',
      kept: [kept, file('leases.json.replaced-1')],
    },
  );
  assert.notEqual(done.newId, old);
  assert.equal(await idOf(), done.newId, 'what is asked a certificate for');
  assert.deepEqual(readFileSync(kept), before);
  assert.equal(statSync(kept).mode & 0o777, 0o600);
  assert.equal(statSync(file('identity.json')).mode & 0o777, 0o600);
});

test('each further identity keeps the one before, what a CA gave to it, and what it promised', async (t) => {
  const { idOf, rekey, file } = await board(t);
  await idOf();
  for (const name of ['trust.json', 'node.cert', 'leases.json'])
    writeFileSync(file(name), '{}', { mode: 0o600 });
  assert.equal((await rekey()).code, 0);
  const { stdout } = await rekey();
  assert.match(stdout, /kept +\S+identity\.json\.replaced-2/);
  for (const name of ['trust.json', 'node.cert'])
    assert.ok(existsSync(file(`${name}.replaced-1`)) && !existsSync(file(name)));
  assert.equal(readFileSync(file('leases.json.replaced-1'), 'utf8'), '{}');
  assert.match(
    readFileSync(file('leases.json'), 'utf8'),
    /"promises":""/,
    'the new one has promised nothing',
  );
});

test('people are told the ids, what is kept, and the next steps', async (t) => {
  const { idOf, rekey } = await board(t);
  const old = await idOf();
  const { stdout } = await rekey();
  const id = await idOf();
  assert.match(
    stdout,
    new RegExp(`^node +barn\nnew id +${id}\nold id +${old}\nin +.*\nkept +.*replaced-1\n`),
  );
  assert.match(stdout, /Next: start the daemon/);
  const inFleet = await rekey('--set', 'security.mode=certificates');
  assert.match(
    inFleet.stdout,
    /Next: gridvine identity request.*gridvine ca issue.*gridvine identity install/s,
  );
});

test('a board whose key is damaged gets another, and the damaged file is kept', async (t) => {
  const { idOf, rekey, file } = await board(t);
  await idOf();
  writeFileSync(file('identity.json'), 'torn');
  const { code, stdout } = await rekey();
  assert.equal(code, 0);
  assert.match(stdout, /old id +unknown: its key was damaged/);
  assert.equal(readFileSync(file('identity.json.replaced-1'), 'utf8'), 'torn');
});

test('a directory without an identity is refused and left as it was, so that a mistyped path makes nothing', async (t) => {
  const { dataDir, rekey } = await board(t);
  const none = await rekey();
  assert.equal(none.code, 1);
  assert.match(none.stderr, /data: expected this node's data directory; there is none\. Name it/);
  assert.ok(!existsSync(dataDir));
  await mkdir(dataDir);
  const { code, stderr } = await rekey();
  assert.equal(code, 1);
  assert.match(stderr, /identity\.json: expected this node's key; there is none yet/);
  assert.deepEqual(
    readdirSync(dataDir).filter((name) => name !== 'lock'),
    [],
  );
});
