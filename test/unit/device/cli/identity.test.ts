import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DataDir } from '#runtime/storage/data-dir.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { CaBench } from '../ca/world.ts';

async function bench(t: TestContext) {
  const ca = new CaBench(await temporaryDirectory(t));
  await ca.done('init', '--cluster', 'hillside');
  const board = (name: string, what: string, ...words: string[]) => {
    const security = ['--set', 'security.mode=certificates'];
    const place = ['--cluster', 'hillside', '--name', name, '--data-dir', ca.path(`${name}.data`)];
    return ca.bare('identity', what, ...security, ...place, ...words);
  };
  const issue = async (name: string, ...flags: string[]) => {
    const { code, stdout, stderr } = await board(name, 'request');
    assert.equal(code, 0, stderr);
    ca.file(`${name}.request`, stdout);
    rmSync(ca.path(`${name}.cert`), { force: true });
    await ca.done('issue', ca.path(`${name}.request`), '--out', ca.path(`${name}.cert`), ...flags);
    return ca.path(`${name}.cert`);
  };
  const show = async (name: string) => JSON.parse((await board(name, 'show', '--json')).stdout);
  return { ca, board, issue, show };
}

test('a request, its certificate, and what is installed then', async (t) => {
  const { ca, board, issue, show } = await bench(t);
  const before = await board('roof', 'show');
  assert.equal(before.code, 1);
  assert.match(before.stderr, /no identity yet; .*gridvine identity request/);
  const file = await issue('roof', '--group', 'keymaster');
  assert.match((await show('roof')).problem, /expected this node's certificate; there is no such file/);
  const { code, stdout, stderr } = await board('roof', 'install', file);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^installed the certificate of roof \([0-9a-f]{32}\) until .* as .*node\.cert$/m);
  assert.match(stderr, /counts from the next start/);
  const shown = await show('roof');
  assert.equal(shown.schema, 'gridvine.identity/1');
  assert.deepEqual(
    [shown.certificate.name, shown.certificate.groups, shown.problem],
    ['roof', ['keymaster'], null],
  );
  assert.equal(readFileSync(ca.path('roof.data/node.cert'), 'utf8'), readFileSync(file, 'utf8'));
  assert.match((await board('roof', 'show')).stdout, /^certificate +roof, serial [0-9a-f]{32}, until/m);
});

test('a renewed certificate replaces the one that is installed, also beside a running daemon', async (t) => {
  const { ca, board, issue, show } = await bench(t);
  await board('roof', 'install', await issue('roof'));
  const { serial } = (await show('roof')).certificate;
  const held = await DataDir.open(ca.path('roof.data'));
  t.after(() => held.close());
  assert.equal((await board('roof', 'install', await issue('roof'))).code, 0);
  assert.notEqual((await show('roof')).certificate.serial, serial);
});

test("another board's certificate, one of another CA or cluster, or no certificate at all changes nothing", async (t) => {
  const { ca, board, issue, show } = await bench(t);
  await board('roof', 'install', await issue('roof'));
  const before = await show('roof');
  const refused = async (file: string, message: RegExp, ...more: string[]) => {
    const { code, stderr } = await board('roof', 'install', file, ...more);
    assert.notEqual(code, 0);
    assert.match(stderr, message);
    assert.deepEqual(await show('roof'), before);
  };
  await refused(await issue('barn'), /expected one for this node, .* got one for/);
  await refused(ca.path('roof.request'), /expected one certificate/);
  await refused(ca.path('ca/root.cert'), /got none \(root\)/);
  await refused(ca.path('none'), /no such file/);
  await refused(ca.path('pass'), /expected certificates/);
  await refused(
    ca.path('roof.cert'),
    /expected one of cluster "valley"; got "hillside"/,
    '--cluster',
    'valley',
  );
  const other = new CaBench(await temporaryDirectory(t));
  await other.done('init', '--cluster', 'hillside');
  const text = readFileSync(ca.path('roof.cert'), 'utf8');
  const own = text.slice(0, text.indexOf('-----BEGIN GRIDVINE ROOT'));
  await refused(
    ca.file('mixed', own + readFileSync(other.path('ca/root.cert'), 'utf8')),
    /expected a root of this cluster/,
  );
});

test('a bundle brings identity and certificate, once and only to a board that has none', async (t) => {
  const { ca, board, show } = await bench(t);
  const bundle = ca.path('well.bundle');
  await ca.done('issue', 'well', '--group', 'sensor', '--out', bundle);
  chmodSync(bundle, 0o644);
  assert.match((await board('well', 'install', bundle)).stderr, /expected mode 0600; got 0644/);
  assert.ok(!existsSync(ca.path('well.data')));
  chmodSync(bundle, 0o600);
  const installed = await board('well', 'install', bundle);
  assert.equal(installed.code, 0, installed.stderr);
  const { id, certificate, problem } = await show('well');
  assert.deepEqual([certificate.name, problem], ['well', null]);
  assert.equal(statSync(ca.path('well.data/identity.json')).mode & 0o777, 0o600);
  assert.equal((await board('well', 'install', bundle)).code, 0);
  await board('roof', 'request');
  const refused = await board('roof', 'install', bundle);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /expected no identity yet; this board has one/);
  assert.notEqual((await show('roof')).id, id);
  assert.ok(!existsSync(join(ca.path('roof.data'), 'node.cert')));
});

test('under a pre-shared key an installed certificate is not used, and that is said', async (t) => {
  const { ca, board, issue } = await bench(t);
  const file = await issue('roof');
  const { code, stderr } = await board('roof', 'install', file, '--set', 'security.mode=psk');
  assert.equal(code, 0);
  assert.match(stderr, /security\.mode psk, under which no certificate is used; set it to certificates/);
  const shown = await board('roof', 'show', '--json', '--set', 'security.mode=psk');
  assert.deepEqual([JSON.parse(shown.stdout).mode, JSON.parse(shown.stdout).certificate], ['psk', null]);
  writeFileSync(ca.path('roof.data/node.cert'), 'x');
  assert.match((await board('roof', 'show')).stdout, /^problem +security\.certificate/m);
});
