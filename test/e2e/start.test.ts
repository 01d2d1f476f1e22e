import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { projectPath } from '../../scripts/release/project.ts';
import { until } from '../support/mqtt/until.ts';

/** Processes whose command line or environment names the folder: the starter, the demo and its daemons. */
function processesOf(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && ['cmdline', 'environ'].some((file) => names(pid, file, folder)));
}

function names(pid: number, file: string, text: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(text);
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was faster.
  }
}

describe('npm start', () => {
  let folder: string;
  let child: ChildProcess;
  let output: string;
  let ended: Promise<number | NodeJS.Signals | null>;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gv-start-'));
  });

  afterEach(async () => {
    await until(() => {
      const left = processesOf(folder);
      for (const pid of left) kill(pid);
      return left.length === 0;
    }, 'nothing runs');
    rmSync(folder, { recursive: true });
  });

  /** In a group of its own, as a shell with job control starts it. */
  function start(...args: string[]): void {
    output = '';
    child = spawn(process.execPath, [projectPath('scripts/start.ts'), ...args], {
      detached: true,
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  }

  function apiIsThere(): boolean {
    const demo = readdirSync(folder).find((name) => name.startsWith('gridvine-demo-'));
    return demo !== undefined && existsSync(join(folder, demo, 'well', 'api.sock'));
  }

  it('bundles and runs the demo, with its options and its exit code', async () => {
    start('--once');
    assert.equal(await ended, 0, output);
    assert.match(output, /All 3 daemons saw each other alive/);
    start('--nodes', '10');
    assert.equal(await ended, 2, output);
    assert.match(output, /expected a whole number from 1 to 9/);
  });

  it('leaves in order, and leaves nothing behind, when Ctrl-C signals the whole group', async () => {
    start();
    await until(apiIsThere, 'the daemons have started');
    await until(() => /well +alive/.test(output), 'all see each other');
    assert.ok(child.pid !== undefined);
    process.kill(-child.pid, 'SIGINT');
    assert.equal(await ended, 0, output);
    assert.match(output, /All daemons have left/);
    assert.deepEqual(processesOf(folder), []);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('passes on a signal that only it gets', async () => {
    start('--nodes', '2');
    await until(() => /barn +alive/.test(output), 'all see each other');
    child.kill('SIGTERM');
    assert.equal(await ended, 0, output);
    assert.match(output, /All daemons have left/);
    assert.deepEqual(processesOf(folder), []);
  });
});
