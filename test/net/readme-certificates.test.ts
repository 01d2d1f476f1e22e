import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freeUdpPort } from '#device/demo/free-port.ts';
import { SOURCE_COMMAND } from '../support/binary.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const README = join(import.meta.dirname, '../../README.md');
const RUN = 'gridvine run ';

/** The blocks of the walk, in their order: what is written into a file, and what is typed. */
function blocks(language: string): string[] {
  const walk =
    readFileSync(README, 'utf8').split('\n## A cluster of certificates\n')[1]?.split('\n## ')[0] ?? '';
  return [...walk.matchAll(/^ *```(\w+)\n([\s\S]*?)^ *```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => (match[2] ?? '').replace(/^ {3}/gm, ''));
}

/** A site on one machine: one working directory, into which everything is brought, and a state of its own for each board. */
class Site {
  readonly #t: TestContext;
  readonly #directory: string;
  readonly #ports = new Map<string, number>();

  constructor(t: TestContext, directory: string) {
    this.#t = t;
    this.#directory = directory;
    const bin = this.path('bin');
    mkdirSync(bin);
    // Nobody is there to type the passphrase.
    const secret = `case "$1 $2" in "ca init"|"ca issue"|"ca revoke") set -- "$@" --passphrase-file ${this.path('pass')};; esac`;
    const program = SOURCE_COMMAND.map((word) => `'${word}'`).join(' ');
    writeFileSync(join(bin, 'gridvine'), `#!/bin/sh\n${secret}\nexec ${program} "$@"\n`);
    chmodSync(join(bin, 'gridvine'), 0o755);
    writeFileSync(this.path('pass'), 'correct horse battery\n', { mode: 0o600 });
  }

  path(name: string): string {
    return join(this.#directory, name);
  }

  async addBoard(name: string, yaml: string): Promise<void> {
    writeFileSync(this.path(`${name}.yaml`), yaml);
    this.#ports.set(name, await freeUdpPort());
  }

  /** What is typed on a board, or at the CA; daemons go on in the background. */
  type(commands: string, board = 'ca'): string {
    const lines = commands.split('\n').filter((line) => line !== '');
    for (const line of lines.filter((each) => each.startsWith(RUN))) this.#start(line, board);
    const script = lines.filter((line) => !line.startsWith(RUN)).join('\n');
    const { status, stdout, stderr } = spawnSync('/bin/sh', ['-e', '-c', script], {
      cwd: this.#directory,
      env: this.#environment(board),
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(status, 0, `${script}\n${stderr}`);
    return stdout;
  }

  #start(line: string, board: string): void {
    const child: ChildProcess = spawn('/bin/sh', ['-c', `exec ${line}`], {
      cwd: this.#directory,
      env: this.#environment(board),
      stdio: 'ignore',
    });
    this.#t.after(async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    });
  }

  #environment(board: string): NodeJS.ProcessEnv {
    const bind = (port: number | undefined) => `127.0.0.1:${port}`;
    const others = [...this.#ports].filter(([name]) => name !== board).map(([, port]) => bind(port));
    return {
      PATH: `${this.path('bin')}:${process.env.PATH}`,
      HOME: this.#directory,
      GRIDVINE_DATA_DIR: this.path(`${board}.data`),
      GRIDVINE_SOCKET: this.path(`${board}.sock`),
      GRIDVINE_BIND: bind(this.#ports.get(board)),
      GRIDVINE_MULTICAST: 'off',
      GRIDVINE_JOIN: others.join(','),
    };
  }
}

test('the walk of the README leads from nothing to a cluster, and puts a stolen board out', async (t) => {
  const site = new Site(t, await temporaryDirectory(t));
  const [yaml = ''] = blocks('yaml');
  const [init = '', request = '', issue = '', run = '', trust = '', revoke = '', publish = '', ...more] =
    blocks('sh');
  assert.deepEqual(more, []);
  const barn = (text: string) => text.replaceAll('roof', 'barn').replace(/--group .*/, '--group sensor');
  await site.addBoard('roof', yaml);
  await site.addBoard('barn', barn(yaml));
  site.type(init);
  for (const [name, of] of [
    ['roof', (text: string) => text],
    ['barn', barn],
  ] as const) {
    site.type(of(request), name);
    site.type(of(issue));
    site.type(of(run), name);
  }
  const showsBoth = () => {
    const shown = site.type(trust, 'roof');
    assert.match(shown, /^roof .* valid .* this node +controller, keymaster$/m);
    assert.match(shown, /^barn .* valid .* alive +sensor$/m);
    return true;
  };
  await eventually(showsBoth, { withinMs: 60_000 });
  site.type(revoke);
  assert.match(site.type(publish, 'roof'), /counts from now on/);
  const showsOne = site.type(trust, 'roof');
  assert.doesNotMatch(showsOne, /^barn /m);
  assert.match(showsOne, /^node +[0-9a-f]{32} .* stolen$/m);
  const saysWhy = () => /^failure .*revoked/m.test(site.type('gridvine status', 'barn'));
  await eventually(saysWhy, { withinMs: 60_000, what: 'barn tells that it is revoked' });
});
