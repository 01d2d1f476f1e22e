import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { COMMANDS } from '#device/cli/command-table.ts';
import { PROTOCOL_VERSION } from '#runtime/wire/header.ts';
import { createFakeSysroot } from '../../../support/boards/fake-sysroot.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { gridvine } from './run.ts';

describe('the command line', () => {
  test('shows all commands but the hidden ones, within 80 columns', async () => {
    const { code, stdout } = await gridvine(['help']);
    assert.equal(code, 0);
    for (const { name, hidden } of COMMANDS) {
      assert.equal(new RegExp(`^  ${name}( |$)`, 'm').test(stdout), hidden !== true, name);
    }
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  });

  test('has every command of the contract that exists so far', () => {
    const names = COMMANDS.filter(({ hidden }) => !hidden).map(({ name }) => name);
    for (const name of 'run demo keygen status members get put delete watch simulate profile source config leave rekey version completion'.split(
      ' ',
    )) {
      assert.ok(names.includes(name), name);
    }
  });

  for (const { name, summary } of COMMANDS) {
    test(`${name} --help and help ${name} say the same, and exit 0`, async () => {
      const help = await gridvine([name, '--help']);
      assert.equal(help.code, 0);
      assert.match(help.stdout, new RegExp(`^Usage: gridvine ${name}`));
      assert.ok(help.stdout.replace(/\s+/g, ' ').includes(summary));
      assert.equal((await gridvine(['help', name])).stdout, help.stdout);
    });
  }

  for (const [argv, message] of [
    [['stauts'], /^gridvine: unknown command 'stauts' .*Did you mean status\?.*; see: gridvine help\n$/],
    [['put', 'a', '1', '--scope', 's'], /^gridvine: unknown option '--scope'/],
    [['put', 'a'], /^gridvine: missing required argument 'value'/],
    [['put', 'a', '1', '2'], /^gridvine: too many arguments/],
    [
      ['put', 'a', '1', '--ttl', '30'],
      /^gridvine: --ttl: expected a duration such as 500ms, .* or 1d; got 30; see: gridvine put --help\n$/,
    ],
    [['put', 'a', '1', '--if-version', '-1'], /^gridvine: .*expected a whole number/],
    [['put', 'a', '{"x":'], /^gridvine: value: expected JSON, .*; got \{"x":; see: gridvine put --help/],
    [
      ['put', 'a', '1', '--urgent', '--lazy'],
      /^gridvine: option '--urgent' cannot be used with option '--lazy'/,
    ],
    [['put', 'a', '1e999'], /^gridvine: value: expected a finite number; got Infinity; see: /],
    [['help', 'stauts'], /^gridvine: unknown command 'stauts' \(Did you mean status\?\); see: gridvine help/],
    [['config', 'shwo'], /^gridvine: unknown command 'shwo' .*; see: gridvine config --help/],
    [
      ['completion', 'tcsh'],
      /^gridvine: shell: expected one of bash, zsh, fish; got tcsh; see: gridvine comp/,
    ],
  ] as const) {
    test(`${argv.join(' ')} is a usage error of one line`, async () => {
      const { code, stdout, stderr } = await gridvine(argv);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.equal(stderr.split('\n').length, 2);
    });
  }

  test('nothing at all, or a group without a sub-command, shows help and is a usage error', async () => {
    for (const argv of [[], ['config'], ['profile']]) {
      const { code, stderr } = await gridvine(argv);
      assert.equal(code, 2);
      assert.match(stderr, /Usage: gridvine/);
    }
  });

  test('keygen prints 32 new bytes as base64', async () => {
    const [a, b] = await Promise.all([gridvine(['keygen']), gridvine(['keygen'])]);
    assert.match(a.stdout, /^[A-Za-z0-9+/]{43}=\n$/);
    assert.notEqual(a.stdout, b.stdout);
  });

  test('version names version, commit, target and Node, for people and programs', async () => {
    const { stdout } = await gridvine(['version']);
    assert.match(stdout, /^gridvine \d+\.\d+\.\d+ commit \S+ \S+ node \d+\.\d+\.\d+\n$/);
    assert.equal((await gridvine(['--version'])).stdout, stdout);
    const { schema, name, version, commit, target, node, protocol } = JSON.parse(
      (await gridvine(['version', '--json'])).stdout,
    );
    assert.equal(schema, 'gridvine.version/1');
    assert.equal(name, 'gridvine');
    assert.equal(protocol, PROTOCOL_VERSION);
    assert.equal(`gridvine ${version} commit ${commit} ${target} node ${node}\n`, stdout);
  });
});

describe('completion', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    test(`for ${shell} knows sub-commands and options`, async () => {
      const { code, stdout } = await gridvine(['completion', shell]);
      assert.equal(code, 0);
      for (const word of ['status', 'detect', 'if-version', 'no-multicast'])
        assert.ok(stdout.includes(word), word);
      assert.doesNotMatch(stdout, /internal-inventory/);
    });
  }

  test('in bash completes commands, sub-commands, options and choices', async () => {
    const { stdout } = await gridvine(['completion', 'bash']);
    const complete = (...words: string[]) => {
      const script = `${stdout}\nCOMP_WORDS=(gridvine ${words.map((w) => `'${w}'`).join(' ')}); COMP_CWORD=${words.length}; _gridvine; echo "\${COMPREPLY[@]}"`;
      const result = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
      assert.equal(result.stderr, '');
      return result.stdout.trim().split(' ');
    };
    assert.deepEqual(complete('stat'), ['status']);
    assert.deepEqual(complete('profile', 'd'), ['detect']);
    assert.deepEqual(complete('profile', 'detect', '--sys'), ['--sysroot']);
    assert.deepEqual(complete('put', 'key', '--if'), ['--if-version']);
    assert.deepEqual(complete('completion', 'z'), ['zsh']);
  });
});

describe('config', () => {
  test('check exits 78 with one line a problem', async (t) => {
    const directory = await temporaryDirectory(t);
    const file = join(directory, 'g.yaml');
    writeFileSync(file, 'nmae: x\npreset: fast\n');
    const { code, stdout, stderr } = await gridvine(['config', 'check', '--config', file]);
    assert.equal(code, 78);
    assert.equal(stdout, '');
    const lines = stderr.trimEnd().split('\n');
    assert.equal(lines.length, 2);
    assert.ok(lines.every((line) => line.startsWith('gridvine: ')));
    assert.ok(lines.some((line) => line.includes('Did you mean name?')));
  });

  test('check exits 78 without a key file, and 0 with one', async (t) => {
    const directory = await temporaryDirectory(t);
    const keyFile = join(directory, 'key');
    writeFileSync(keyFile, (await gridvine(['keygen'])).stdout, { mode: 0o600 });
    const without = await gridvine(['config', 'check']);
    assert.equal(without.code, 78);
    assert.match(
      without.stderr,
      /^gridvine: keyFile: expected the path of a key file; got nothing; make one with: .*keygen/,
    );
    const right = await gridvine(['config', 'check', '--json', '--key-file', keyFile]);
    assert.equal(right.code, 0);
    assert.equal(JSON.parse(right.stdout).ok, true);
  });

  test('check --json tells every problem in its document', async () => {
    const { code, stdout, stderr } = await gridvine(['config', 'check', '--json', '--set', 'preset=fast']);
    assert.equal(code, 78);
    assert.equal(stderr, '');
    const { schema, ok, problems } = JSON.parse(stdout);
    assert.deepEqual([schema, ok, problems.length], ['gridvine.config-check/1', false, 1]);
    assert.match(problems[0], /^preset: expected one of lan/);
  });

  test('show --origin has a line for each value and who set it', async () => {
    const { code, stdout } = await gridvine(['config', 'show', '--origin', '--name', 'x'], { columns: 120 });
    assert.equal(code, 0);
    assert.match(stdout, /^name +"x" +flag --name$/m);
    assert.match(stdout, /^cluster +"gridvine" +default$/m);
    assert.match(stdout, /^settings\.digestIntervalMs +\d+ +preset \w+$/m);
  });

  test('show without more is a configuration file that says the same', async (t) => {
    const args = [
      '--name',
      'x',
      '--bind',
      '127.0.0.1:0',
      '--set',
      'tags.a=b',
      '--set',
      'sources=[{kind: plant}]',
    ];
    const first = await gridvine(['config', 'show', ...args]);
    const file = join(await temporaryDirectory(t), 'shown.yaml');
    writeFileSync(file, first.stdout);
    const second = await gridvine(['config', 'show', '--config', file]);
    assert.equal(second.stderr, '');
    assert.equal(second.stdout, first.stdout);
  });
});

describe('profile', () => {
  test('detect, list, show and validate answer with their documents', async (t) => {
    const schema = async (...argv: string[]) =>
      JSON.parse((await gridvine(['profile', ...argv, '--json'])).stdout).schema;
    assert.equal(await schema('detect'), 'gridvine.profile-detect/1');
    assert.equal(await schema('list'), 'gridvine.profiles/1');
    const { profiles } = JSON.parse((await gridvine(['profile', 'list', '--json'])).stdout);
    assert.equal(await schema('show', profiles[0].id), 'gridvine.profile/1');
    const file = join(await temporaryDirectory(t), 'p.yaml');
    writeFileSync(file, 'schema: 1\nid: mine\ntitle: Mine\nextends: linux-common\n');
    assert.equal((await gridvine(['profile', 'validate', file])).code, 0);
    writeFileSync(file, 'schema: 1\nid: mine\ntitel: Mine\nextends: linux-common\n');
    const bad = await gridvine(['profile', 'validate', file]);
    assert.equal(bad.code, 78);
    assert.match(bad.stderr, /titel/);
  });

  test("detect shows a mobile network's byte budget", async () => {
    using root = createFakeSysroot();
    root.networkInterface('wwan0', { type: '519' });
    const { stdout } = await gridvine(['profile', 'detect', '--sysroot', root.path]);
    assert.match(stdout, /^INTERFACE +USE +KIND +MULTICAST +BUDGET +WHY$/m);
    assert.match(stdout, /^wwan0 +yes +wan +off +4kB\/s +/m);
  });

  test('an unknown id is a configuration error that lists the known ones', async () => {
    const { code, stderr } = await gridvine(['profile', 'show', 'commodore-64']);
    assert.equal(code, 78);
    assert.match(stderr, /commodore-64/);
  });
});
