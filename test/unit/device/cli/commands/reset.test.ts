import assert from 'node:assert/strict';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { holdDirectory } from '../../../../support/hold-directory.ts';
import { temporaryDirectory } from '../../../../support/temporary-directory.ts';
import { CaBench } from '../../ca/world.ts';
import { type CliWorld, gridvine } from '../run.ts';

/** A board that has lived: certified, with a kept file of each kind. */
async function bench(t: TestContext) {
  const ca = new CaBench(await temporaryDirectory(t));
  await ca.done('init', '--cluster', 'hillside');
  const dataDir = ca.path('roof.data');
  const board = ['--cluster', 'hillside', '--name', 'roof', '--data-dir', dataDir];
  const flags = ['--set', 'security.mode=certificates', ...board];
  ca.file('roof.request', (await ca.bare('identity', 'request', ...flags)).stdout);
  await ca.done('issue', ca.path('roof.request'), '--out', ca.path('roof.cert'));
  await ca.bare('identity', 'install', ...flags, ca.path('roof.cert'));
  for (const name of [
    'trust.json',
    'keyring.json',
    'records.json',
    'records.json.corrupt-2',
    'trust.json.tmp',
    'note.txt',
  ])
    writeFileSync(join(dataDir, name), `content of ${name}`);
  const reset = (words: readonly string[] = [], world: CliWorld = {}) =>
    gridvine(['reset', ...flags, ...words], world);
  return { dataDir, reset, board };
}

const held = (dataDir: string) => readdirSync(dataDir).filter((name) => name !== 'lock');

test('a reset overwrites and deletes all that the node kept, nothing else, and says what is left to do', async (t) => {
  const { dataDir, reset } = await bench(t);
  const kept = join(dataDir, '..', 'kept');
  linkSync(join(dataDir, 'identity.json'), kept);
  const before = readFileSync(kept);
  const { code, stdout, stderr } = await reset(['--yes']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(held(dataDir), ['note.txt']);
  // The same blocks under another name: they were written over, not only let go.
  const after = readFileSync(kept);
  assert.equal(after.length, before.length);
  assert.notDeepEqual(after, before);
  assert.match(stdout, /^overwrote and deleted in .*: identity\.json, trust\.json, trust\.json\.tmp, /m);
  assert.match(stdout, /gridvine ca revoke [0-9a-f]{32} --out/);
  assert.match(stdout, /SD card or SSD may keep old copies/);
  const again = await reset(['--yes']);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /expected a node's data directory; there is nothing of a node/);
});

test('a reset of a board with a pre-shared key names the key file that stays', async (t) => {
  const { dataDir, board } = await bench(t);
  const { code, stdout } = await gridvine([
    'reset',
    ...board,
    '--key-file',
    '/etc/gridvine/cluster.key',
    '--yes',
  ]);
  assert.equal(code, 0);
  assert.match(stdout, /delete the cluster's key \(\/etc\/gridvine\/cluster\.key\)/);
  assert.deepEqual(held(dataDir), ['note.txt']);
});

test('a reset asks, and changes nothing unless the name of the node is typed', async (t) => {
  const { dataDir, reset } = await bench(t);
  const before = held(dataDir);
  const prompts: string[] = [];
  const typing = (line: string | undefined): CliWorld => ({
    askLine: async (prompt) => {
      prompts.push(prompt);
      return line;
    },
  });
  for (const line of ['', 'yes', 'barn']) {
    const { code, stderr } = await reset([], typing(line));
    assert.equal(code, 1);
    assert.match(stderr, /expected roof; got .* Nothing was changed/);
  }
  const nobody = await reset([], typing(undefined));
  assert.equal(nobody.code, 2);
  assert.match(nobody.stderr, /no terminal to ask on; .*--yes/);
  assert.deepEqual(held(dataDir), before);
  assert.match(prompts[0] ?? '', /roof \([0-9a-f]{32}\) will be gone for good.* Type roof to go on: $/);
  assert.equal((await reset([], typing('roof\n'))).code, 0);
  assert.deepEqual(held(dataDir), ['note.txt']);
});

test('a reset tells in JSON what it did', async (t) => {
  const { dataDir, reset } = await bench(t);
  const document = JSON.parse((await reset(['--yes', '--json'])).stdout);
  assert.equal(document.schema, 'gridvine.reset/1');
  assert.deepEqual([document.name, document.dataDir, document.notOverwritten], ['roof', dataDir, []]);
  assert.ok(document.wiped.includes('node.cert'));
});

test('a reset refuses while the daemon runs, and where there is no data directory', async (t) => {
  const { dataDir, reset } = await bench(t);
  const before = held(dataDir);
  await holdDirectory(t, dataDir);
  const { code, stderr } = await reset(['--yes']);
  assert.equal(code, 1);
  assert.match(stderr, /uses this data directory\. A running node isn't reset: stop it \(gridvine leave/);
  assert.deepEqual(held(dataDir), before);
  const absent = join(dataDir, '..', 'absent');
  const missing = await gridvine(['reset', '--data-dir', absent, '--yes']);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /there is nothing of a node/);
  assert.ok(!existsSync(absent));
  mkdirSync(absent);
  writeFileSync(join(absent, 'package.json'), '{}');
  assert.equal((await gridvine(['reset', '--data-dir', absent, '--yes'])).code, 1);
  assert.ok(existsSync(join(absent, 'package.json')));
});
