import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { binaryProgram, scriptProgram, spokenCommand } from '#device/demo/program.ts';

const source = scriptProgram({ script: '/home/me/gridvine/device/main.ts', flags: [] });
const flags = ['--max-semi-space-size=1'];

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

describe('the program from a bundle', () => {
  const bundle = scriptProgram({ script: '/home/me/gridvine/build/dev/main.cjs', flags });

  it('gets the flags before the script, and keeps what was compiled beside it', () => {
    assert.deepEqual(bundle.args, ['--max-semi-space-size=1', '/home/me/gridvine/build/dev/main.cjs']);
    assert.equal(bundle.env.NODE_COMPILE_CACHE, '/home/me/gridvine/build/dev/cache');
  });

  it('is called without the flags', () => {
    const place = { argv0: 'node', cwd: '/home/me/gridvine', env: {} };
    assert.equal(spokenCommand({ program: bundle, ...place }), 'node build/dev/main.cjs');
  });
});

describe('the single binary', () => {
  it('is started without a script', () => {
    const { file, args } = binaryProgram('/usr/bin/gridvine');
    assert.deepEqual([file, ...args], ['/usr/bin/gridvine']);
  });
});
