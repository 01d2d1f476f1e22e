import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { readKeyFile } from '#device/config/key-file.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

async function keyFile(t: TestContext, content: string | Buffer, mode = 0o600): Promise<string> {
  const path = join(await temporaryDirectory(t), 'cluster.key');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

describe('the key file', () => {
  const key = randomBytes(32);

  for (const [what, text] of [
    ['a newline at its end', `${key.toString('base64')}\n`],
    ['no newline', key.toString('base64')],
    ['Windows line ends', `${key.toString('base64')}\r\n`],
  ] as const) {
    test(`is read with ${what}`, async (t) => {
      assert.deepEqual(Buffer.from(readKeyFile(await keyFile(t, text))), key);
    });
  }

  for (const mode of [0o600, 0o400, 0o640, 0o440]) {
    test(`mode ${mode.toString(8)} is private enough`, async (t) => {
      assert.equal(readKeyFile(await keyFile(t, key.toString('base64'), mode)).length, 32);
    });
  }

  for (const mode of [0o644, 0o604, 0o660, 0o666, 0o610]) {
    test(`mode ${mode.toString(8)} is refused, with the command that helps`, async (t) => {
      const path = await keyFile(t, key.toString('base64'), mode);
      assert.throws(() => readKeyFile(path), {
        code: 'E_KEY_FILE',
        message: `keyFile ${path}: expected mode 0600 (or 0640 with a group of its own); got 0${mode.toString(8)}; run: chmod 600 ${path}`,
      });
    });
  }

  for (const [what, content, got] of [
    ['31 bytes', randomBytes(31).toString('base64'), /expected 32 bytes as base64; got 31 bytes/],
    ['33 bytes', randomBytes(33).toString('base64'), /got 33 bytes/],
    ['raw bytes', Buffer.alloc(32, 0xff), /expected 32 bytes as base64; got something else/],
    ['nothing', '', /got something else/],
    ['two keys', `${key.toString('base64')}\n${key.toString('base64')}\n`, /got something else/],
  ] as const) {
    test(`with ${what} it is refused, and none of it is told`, async (t) => {
      const path = await keyFile(t, content);
      assert.throws(
        () => readKeyFile(path),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'E_KEY_FILE');
          assert.match(error.message, got);
          assert.match(error.message, /make one with: .*gridvine keygen/);
          const text = content.toString().trim();
          assert.ok(text === '' || !error.message.includes(text));
          return true;
        },
      );
    });
  }

  test('not named at all, it is asked for', () => {
    assert.throws(() => readKeyFile(undefined), {
      code: 'E_KEY_FILE',
      message: /got nothing; make one with/,
    });
  });

  test('not there, it is an error with the next step', () => {
    assert.throws(() => readKeyFile('/nonexistent/key'), {
      code: 'E_KEY_FILE',
      message: /^keyFile \/nonexistent\/key: expected a readable file; got ENOENT; make one with/,
    });
  });

  test('a directory, a device and a pipe are refused at once', async (t) => {
    const directory = await temporaryDirectory(t);
    const pipe = join(directory, 'pipe');
    spawnSync('mkfifo', [pipe]);
    for (const path of [directory, '/dev/zero', pipe]) {
      assert.throws(() => readKeyFile(path), {
        code: 'E_KEY_FILE',
        message: /expected a regular file|EISDIR/,
      });
    }
  });
});
