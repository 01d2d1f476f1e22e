import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { notifyReady } from '#device/daemon/notify.ts';
import { eventually } from '../../../support/eventually.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

describe('telling the service manager', () => {
  test('calls systemd-notify where the service manager waits for it', async (t) => {
    const directory = await temporaryDirectory(t);
    const told = join(directory, 'told');
    const script = `#!/bin/sh\necho "$NOTIFY_SOCKET $*" > ${told}.part && /bin/mv ${told}.part ${told}\n`;
    writeFileSync(join(directory, 'systemd-notify'), script, { mode: 0o755 });
    await notifyReady({ PATH: directory, NOTIFY_SOCKET: '/run/n' }, () => assert.fail('it was logged'));
    const text = await eventually(() => {
      try {
        return readFileSync(told, 'utf8');
      } catch {
        return undefined;
      }
    });
    assert.equal(text, `/run/n --ready --pid=${process.pid}\n`);
  });

  test('a missing systemd-notify is a line in the log, and nothing more', async (t) => {
    const logged: string[] = [];
    await notifyReady({ PATH: await temporaryDirectory(t), NOTIFY_SOCKET: '/run/n' }, (_level, event) =>
      logged.push(event),
    );
    await eventually(() => logged.length > 0);
    assert.deepEqual(logged, ['notify-failed']);
  });

  test('without a service manager nothing is called', async () => {
    await notifyReady({ PATH: '/nonexistent' }, () => assert.fail('it was logged'));
  });
});
