import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { binaryCommand, runCommand } from '../support/binary.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const SHORT = ['simulate', '--nodes', '3', '--duration', '2s', '--fast', '--json'];

async function runsOf(arch: 'x64' | 'arm64', ...flags: readonly string[]) {
  const { code, stdout, stderr } = await runCommand(binaryCommand(arch), [...SHORT, ...flags]);
  // A note here would mean that its threads did not start.
  assert.equal(stderr, '');
  assert.equal(code, 0);
  return JSON.parse(stdout).runs as readonly { readonly seed: number; readonly trace: string }[];
}

describe('simulate in the single binary', () => {
  test('plays seeds on threads of its own, with the same results as one at a time', async () => {
    const together = await runsOf('x64', '--seeds', '3', '--jobs', '3');
    assert.deepEqual(await runsOf('x64', '--seeds', '3', '--jobs', '1'), together);
    assert.deepEqual(
      together.map(({ seed }) => seed),
      [1, 2, 3],
    );
  });

  test('gives the same run on both architectures', async () => {
    assert.deepEqual(await runsOf('arm64'), await runsOf('x64'));
  });

  test('writes a report', async (t) => {
    const file = join(await temporaryDirectory(t), 'report.html');
    await runsOf('x64', '--html', file);
    assert.match(readFileSync(file, 'utf8'), /<strong>Convergence<\/strong>/);
  });

  test('ends at Ctrl-C in the middle of its runs', async () => {
    const [program, ...before] = binaryCommand('x64');
    const flags = ['simulate', '--scenario', 'churn', '--nodes', '50', '--duration', '1d', '--seeds', '2'];
    const child = spawn(program, [...before, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    // It says nothing before its end: its threads show that it is at work.
    while (Number(/^Threads:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) < 6)
      await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill('SIGINT');
    const [code, signal] = await once(child, 'exit');
    assert.deepEqual([code, signal], [null, 'SIGINT']);
  });
});
