import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectPath } from '../../scripts/release/project.ts';
import { type Command, runCommand } from '../support/binary.ts';

const SOAK: Command = [process.execPath, projectPath('scripts', 'soak.ts')];

test('a short soak plays as many runs as asked, tells its first draw, and finds nothing', async () => {
  const args = ['--seeds', '4', '--fixed', '2', '--first', '9', '--nodes-max', '4', '--scenario', 'join'];
  const { code, stdout, stderr } = await runCommand(SOAK, args);
  assert.equal(stderr, '');
  assert.match(stdout, /draws 1 to 2, then draws from 9 on \(--first 9\)/);
  assert.match(stdout, /4 runs, 0 failed/);
  assert.equal(code, 0);
});

test('wrong flags end a soak with its usage', async () => {
  const { code, stderr } = await runCommand(SOAK, ['--seeds', 'many']);
  assert.equal(code, 2);
  assert.match(stderr, /--seeds: expected a number .*; got many\nusage: /);
});
