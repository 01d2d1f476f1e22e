import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sourceProgram, spokenCommand } from '#device/demo/program.ts';

const source = sourceProgram('/home/me/gridvine/device/main.ts');

describe('the words to call this program by', () => {
  it('are those of the user, with the script as seen from the folder', () => {
    assert.equal(
      spokenCommand({ program: source, argv0: 'node', cwd: '/home/me/gridvine', env: {} }),
      'node device/main.ts',
    );
    assert.equal(
      spokenCommand({ program: source, argv0: 'node', cwd: '/', env: {} }),
      'node /home/me/gridvine/device/main.ts',
    );
    assert.equal(
      spokenCommand({
        program: { args: [] },
        argv0: 'gridvine',
        cwd: '/',
        env: {},
      }),
      'gridvine',
    );
  });

  it('are the script of npm where npm started it', () => {
    assert.equal(
      spokenCommand({ program: source, argv0: 'node', cwd: '/', env: { npm_lifecycle_event: 'start' } }),
      'npm run -s gridvine --',
    );
  });

  it('can be pasted into a shell', () => {
    const program = { args: ["/it's here/main.ts"] };
    assert.equal(
      spokenCommand({ program, argv0: 'node', cwd: '/', env: {} }),
      String.raw`node '/it'\''s here/main.ts'`,
    );
  });
});

describe('the program from source', () => {
  it('is run by this Node, and keeps what was compiled beside the installed packages', () => {
    assert.deepEqual(source, {
      file: process.execPath,
      args: ['/home/me/gridvine/device/main.ts'],
      env: { NODE_COMPILE_CACHE: '/home/me/gridvine/node_modules/.cache/gridvine' },
    });
  });
});
