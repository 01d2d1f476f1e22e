import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCli } from '#device/cli/run-cli.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import type { MemberKeys } from '#runtime/core/key-views.ts';
import { FAKE_ID } from '../../../support/fake-node.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { startHarness } from '../api/harness.ts';
import { gridvine } from './run.ts';

const [OLD, NEW] = ['11'.repeat(8), `ab${'22'.repeat(7)}`];
const PSK = Buffer.alloc(32, 5).toString('base64');

function member(name: string, changes: Partial<MemberKeys> = {}): MemberKeys {
  const id = name === 'roof' ? FAKE_ID : Buffer.from(name.padEnd(16)).toString('hex');
  return { id, name, state: 'alive', told: true, reads: [OLD, NEW], writes: OLD, ...changes };
}

async function cluster(t: TestContext, ...members: MemberKeys[]) {
  const api = await startHarness(t);
  api.node.keysView = {
    use: null,
    keys: [OLD, NEW].map((fingerprint) => ({ fingerprint, state: 'installed', held: true })),
    members: [member('roof'), ...members],
    waiting: [],
    saving: false,
  };
  const keys = (...argv: string[]) => gridvine(['keys', ...argv, '--socket', api.socket]);
  return { ...api, keys };
}

test('list shows who reads, who writes and who has not followed', async (t) => {
  const { keys } = await cluster(
    t,
    member('barn', { reads: [OLD] }),
    member('well', { state: 'down', reads: [OLD] }),
  );
  const { code, stdout } = await keys('list');
  assert.equal(code, 0);
  const [, old, fresh, down] = stdout.split('\n');
  assert.match(old, new RegExp(`${OLD} +in use +2 of 2 +2$`));
  assert.match(fresh, new RegExp(`${NEW} +installed +1 of 2 +0 +barn`));
  assert.equal(down, `down: well, last heard with ${OLD}`);
  assert.equal(JSON.parse((await keys('list', '--json')).stdout).schema, 'gridvine.keys/1');
});

test('install takes a private key file or stdin, and never shows the key', async (t) => {
  const { keys, node, socket } = await cluster(t);
  const path = join(await temporaryDirectory(t), 'new.key');
  writeFileSync(path, PSK, { mode: 0o600 });
  node.keysView = { ...node.keysView, members: [member('roof', { reads: ['ab'.repeat(8)] })] };
  const { code, stdout } = await keys('install', path);
  assert.equal(code, 0);
  assert.equal(stdout, `key ${'ab'.repeat(8)}: installed on 1 of 1 live members\n`);
  const io = {
    stdout: { write: () => true },
    stderr: { write: () => true },
    env: {},
    stdin: (async function* () {
      yield `${PSK}\n`;
    })(),
  };
  assert.equal(await runCli(['keys', 'install', '-', '--socket', socket], io), 0);
  assert.deepEqual(node.keyOperations, [
    { type: 'install', psk: new Uint8Array(32).fill(5) },
    { type: 'install', psk: new Uint8Array(32).fill(5) },
  ]);
});

test('a key file that others can read is refused, and so is what is no key', async (t) => {
  const { keys, node } = await cluster(t);
  const path = join(await temporaryDirectory(t), 'new.key');
  writeFileSync(path, PSK);
  chmodSync(path, 0o644);
  const refused = await keys('install', path);
  assert.equal(refused.code, 78);
  assert.match(refused.stderr, /expected mode 0600.*got 0644; run: chmod 600/);
  for (const argv of [[], ['-', '--generate'], ['--generate'], ['-', '--out', path]])
    assert.equal((await keys('install', ...argv)).code, 2, argv.join(' '));
  assert.equal((await keys('install', '-')).code, 2);
  assert.deepEqual(node.keyOperations, []);
});

test('a generated key goes into a new private file and nowhere else', async (t) => {
  const { keys, node } = await cluster(t);
  const path = join(await temporaryDirectory(t), 'new.key');
  const { stdout, stderr } = await keys('install', '--generate', '--out', path, '--wait', '0s');
  const key = readFileSync(path, 'utf8').trim();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.ok(!`${stdout}${stderr}`.includes(key.slice(0, 10)));
  const [operation] = node.keyOperations;
  assert.equal(operation.type === 'install' && Buffer.from(operation.psk).toString('base64'), key);
  const again = await keys('install', '--generate', '--out', path);
  assert.match(again.stderr, /it is there already; name a new file/);
  assert.equal(readFileSync(path, 'utf8').trim(), key);
  const nowhere = join(path, '..', 'other.key');
  const unreachable = await gridvine([
    'keys',
    'install',
    '--generate',
    '--out',
    nowhere,
    '--socket',
    '/nonexistent/api.sock',
  ]);
  assert.deepEqual([unreachable.code, existsSync(nowhere)], [69, false]);
});

test('use waits for all that live, and names who has not followed', async (t) => {
  // B-118
  const { keys, node } = await cluster(t, member('barn'), member('well', { state: 'down' }));
  node.keysView = {
    ...node.keysView,
    members: [member('roof', { writes: NEW }), ...node.keysView.members.slice(1)],
  };
  const { code, stdout, stderr } = await keys('use', NEW.slice(0, 6), '--wait', '300ms');
  assert.equal(code, 1);
  assert.match(
    stdout,
    new RegExp(`^key ${NEW}: written with by 1 of 2 live members\ndown: well follows when`),
  );
  assert.match(stderr, /^gridvine: barn: not followed yet/);
  const json = JSON.parse((await keys('use', NEW, '--wait', '0s', '--json', '--force')).stdout);
  assert.deepEqual(
    [json.schema, json.behind[0].name, json.down[0].name],
    ['gridvine.keys-followed/1', 'barn', 'well'],
  );
  assert.deepEqual(node.keyOperations, [
    { type: 'use', fingerprint: NEW, force: false },
    { type: 'use', fingerprint: NEW, force: true },
  ]);
});

test('remove tells what awaits members that are down', async (t) => {
  // B-118
  const { keys, node } = await cluster(t);
  const away = [
    member('well', { state: 'down', reads: [OLD] }),
    member('tank', { state: 'down', reads: [OLD, NEW] }),
    member('gone', { state: 'left', reads: [OLD] }),
  ];
  node.keysView = { ...node.keysView, members: [member('roof', { reads: [NEW], writes: NEW }), ...away] };
  const { code, stdout } = await keys('remove', '1111');
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `key ${OLD}: removed from 1 of 1 live members\n` +
      'down: well has no key left that the others read: give it the new key file by hand\n' +
      'down: tank follows when it is back\n',
  );
});

test('a refusal of the daemon is told as it is', async (t) => {
  const { keys, node } = await cluster(t);
  node.refusal = new GridvineError('E_KEYS', `key ${NEW}: barn has not installed it`);
  const { code, stderr } = await keys('use', NEW);
  assert.deepEqual([code, stderr], [1, `gridvine: key ${NEW}: barn has not installed it\n`]);
});

test('a fingerprint may be shortened as long as it means one key', async (t) => {
  const { keys, node } = await cluster(t);
  const twin = `${NEW.slice(0, 8)}${'0'.repeat(8)}`;
  node.keysView = {
    ...node.keysView,
    keys: [...node.keysView.keys, { fingerprint: twin, state: 'removed', held: false }],
  };
  for (const [text, code, message] of [
    ['ff00', 1, /no key ff00/],
    [NEW.slice(0, 8), 1, new RegExp(`got those of ${NEW}, ${twin}`)],
    ['11', 1, /at least 4 digits/],
    ['zz', 2, /expected hex digits/],
  ] as const) {
    const result = await keys('use', text, '--wait', '0s');
    assert.equal(result.code, code, text);
    assert.match(result.stderr, message);
  }
});
