import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CaDirectory } from '#device/ca/ca-directory.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { gridvine } from '../cli/run.ts';
import { CaBench, CHEAP, START } from './world.ts';

async function madeBench(t: Parameters<typeof temporaryDirectory>[0]): Promise<CaBench> {
  const bench = new CaBench(await temporaryDirectory(t));
  await bench.done('init', '--cluster', 'hillside');
  return bench;
}

async function keyFileOf(bench: CaBench): Promise<string> {
  return join(bench.ca, `root-${(await bench.show()).roots.at(-1)?.id}.key`);
}

test('a wrong passphrase changes nothing, and is not shown', async (t) => {
  const bench = await madeBench(t);
  const index = readFileSync(`${bench.ca}/index`);
  bench.file('pass', 'another horse battery\n');
  const { code, stdout, stderr } = await bench.run('issue', 'roof', '--out', bench.path('out'));
  assert.equal(code, 1);
  assert.match(stderr, /root-[0-9a-f]{16}\.key: wrong passphrase; nothing was changed/);
  assert.equal(`${stdout}${stderr}`.includes('another horse'), false);
  assert.deepEqual(readFileSync(`${bench.ca}/index`), index);
});

test('a passphrase is asked for where no file gives it: twice for a new one', async (t) => {
  const directory = join(await temporaryDirectory(t), 'ca');
  const prompts: string[] = [];
  const answers = [
    'a long passphrase',
    'a long passphrase',
    'a long passphrase',
    'no',
    'something else',
    'short',
    'short',
  ];
  const world = {
    nowSeconds: () => START,
    passphraseCost: CHEAP,
    askSecret: (prompt: string) => {
      prompts.push(prompt);
      return Promise.resolve(answers.shift() ?? '');
    },
  };
  const run = (...words: readonly string[]) => gridvine(['ca', ...words, '--dir', directory], world);
  assert.equal((await run('init', '--cluster', 'hillside')).code, 0);
  assert.equal((await run('policy', '--write', 'x/=*')).code, 0);
  assert.deepEqual(prompts, [
    'New passphrase of the new root of hillside (at least 12 characters): ',
    'The same again: ',
    'Passphrase of the root of hillside: ',
  ]);
  const other = join(directory, '../other');
  const differing = await gridvine(['ca', 'init', '--cluster', 'x', '--dir', other], world);
  assert.match(differing.stderr, /the two are not the same; nothing was changed/);
  const short = await gridvine(['ca', 'init', '--cluster', 'x', '--dir', other], world);
  assert.match(short.stderr, /expected at least 12 characters; got 5/);
  assert.equal(readdirSync(join(directory, '..')).includes('other'), false);
});

test('a key or passphrase that others may read is refused, with what to do', async (t) => {
  const bench = await madeBench(t);
  const key = await keyFileOf(bench);
  chmodSync(key, 0o640);
  const { stderr } = await bench.run('issue', 'roof', '--out', bench.path('out'));
  assert.match(stderr, /root-.*\.key: expected mode 0600; got 0640.*chmod 600/);
  chmodSync(key, 0o600);
  chmodSync(bench.path('pass'), 0o604);
  assert.match((await bench.run('issue', 'roof')).stderr, /pass: expected mode 0600; got 0604/);
  rmSync(bench.path('pass'));
  assert.match((await bench.run('issue', 'roof')).stderr, /--passphrase-file .*pass: no such file/);
  bench.file('pass', '\n');
  assert.match(
    (await bench.run('issue', 'roof')).stderr,
    /expected the passphrase on its first line; got nothing/,
  );
});

test('a key file that is gone, cut, changed or of another root is told', async (t) => {
  const bench = await madeBench(t);
  const key = await keyFileOf(bench);
  const whole = readFileSync(key, 'utf8');
  const refusal = async () => (await bench.run('issue', 'roof', '--out', bench.path('out'))).stderr;
  writeFileSync(key, whole.slice(0, 100));
  assert.match(await refusal(), /the file is cut or damaged\. Restore it from a backup/);
  writeFileSync(key, whole.replace('"costLog2":10', '"costLog2":30'));
  assert.match(await refusal(), /cut or damaged/);
  const other = new CaBench(join(bench.directory, '..', `${bench.directory.split('/').at(-1)}`));
  mkdirSync(join(other.directory, 'second'));
  const second = new CaBench(join(other.directory, 'second'));
  await second.done('init', '--cluster', 'hillside');
  writeFileSync(key, readFileSync(await keyFileOf(second)));
  assert.match(await refusal(), /expected the key of [0-9a-f]{64}; got that of [0-9a-f]{64}/);
  rmSync(key);
  assert.match(await refusal(), /expected the root's key; there is no such file/);
  writeFileSync(key, whole, { mode: 0o600 });
  assert.match(await bench.done('issue', 'roof', '--out', bench.path('out')), /certified roof/);
});

test('a line that was being written when the power failed is dropped, and the next is whole', async (t) => {
  const bench = await madeBench(t);
  await bench.done('issue', 'a', '--out', bench.path('a'));
  const index = `${bench.ca}/index`;
  const whole = readFileSync(index, 'utf8');
  const last = whole.trimEnd().split('\n').at(-1) ?? '';
  for (const length of [1, 20, last.length - 1, last.length]) {
    writeFileSync(index, `${whole}${last.slice(0, length)}`);
    assert.deepEqual(
      (await bench.show()).certificates.map(({ name }) => name),
      ['a'],
      `${length} bytes`,
    );
    assert.equal(readFileSync(index, 'utf8'), whole);
  }
  appendFileSync(index, last.slice(0, 30));
  await bench.done('issue', 'b', '--out', bench.path('b'));
  assert.deepEqual(
    (await bench.show()).certificates.map(({ name }) => name),
    ['a', 'b'],
  );
});

test('a damaged or missing line in between is never passed over', async (t) => {
  const bench = await madeBench(t);
  await bench.done('issue', 'a', '--out', bench.path('a'));
  await bench.done('issue', 'b', '--out', bench.path('b'));
  const index = `${bench.ca}/index`;
  const lines = readFileSync(index, 'utf8').split('\n');
  for (const changed of [
    [lines[0], lines[2], ''],
    [lines[0], lines[1]?.replace('"number":2', '"number":9'), lines[2], ''],
    [lines[0], lines[1]?.slice(0, 50), lines[2], ''],
  ]) {
    writeFileSync(index, changed.join('\n'));
    const { code, stderr } = await bench.run('show');
    assert.equal(code, 1);
    assert.match(stderr, /index: line 2 is damaged or missing\. Restore/);
  }
});

test('public files that a crash left behind, or somebody changed, follow the index again', async (t) => {
  const bench = await madeBench(t);
  const roots = readFileSync(`${bench.ca}/root.cert`, 'utf8');
  rmSync(`${bench.ca}/root.cert`);
  writeFileSync(`${bench.ca}/fleet.statements`, 'garbage');
  await bench.done('show');
  assert.equal(readFileSync(`${bench.ca}/root.cert`, 'utf8'), roots);
  assert.match(readFileSync(`${bench.ca}/fleet.statements`, 'utf8'), /BEGIN GRIDVINE ROOT/);
});

test('a half-made CA that a crash left does not hinder the next', async (t) => {
  const bench = new CaBench(await temporaryDirectory(t));
  mkdirSync(join(bench.directory, `.ca.${process.pid}.new`));
  writeFileSync(join(bench.directory, `.ca.${process.pid}.new`, 'index'), 'half');
  mkdirSync(bench.ca);
  await bench.done('init', '--cluster', 'hillside');
  assert.equal((await bench.show()).cluster, 'hillside');
  const busy = new CaBench(bench.directory);
  const full = await busy.bare(
    'ca',
    'init',
    '--cluster',
    'x',
    '--dir',
    bench.directory,
    '--passphrase-file',
    bench.path('pass'),
  );
  assert.match(full.stderr, /expected no CA yet; there is something/);
});

test('two commands at once do not write over each other', async (t) => {
  const bench = await madeBench(t);
  const held = await CaDirectory.open(createNodeProvider(), bench.ca);
  try {
    // fcntl locks are per process: the other one has to be one.
    const code = `import { CaDirectory } from '#device/ca/ca-directory.ts';
      import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
      await CaDirectory.open(createNodeProvider(), ${JSON.stringify(bench.ca)}).catch((error) => console.log(error.message));`;
    assert.match(await outputOf(code), /another gridvine ca works there; wait for it to end/);
  } finally {
    held.close();
  }
});

test('where there is no CA the message says how to make one', async (t) => {
  const bench = new CaBench(await temporaryDirectory(t));
  const { code, stderr } = await bench.run('show');
  assert.equal(code, 1);
  assert.match(stderr, /expected a CA; there is none.*gridvine ca init/);
  assert.deepEqual(readdirSync(bench.directory), ['pass'], 'nothing was made by looking');
  const wrong = await bench.bare('ca', 'init', '--cluster', '', '--dir', bench.ca);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--cluster: expected 1 to 64 bytes/);
  const time = await bench.bare('ca', 'issue', 'x', '--valid', '99y');
  assert.equal(time.code, 2);
  assert.match(time.stderr, /--valid: expected a time such as 12h, 90d, 8w or 2y, up to 50y; got 99y/);
});

function outputOf(code: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
      cwd: join(import.meta.dirname, '../../../..'),
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += String(chunk);
    });
    child.on('error', reject).on('close', () => resolve(text));
  });
}
