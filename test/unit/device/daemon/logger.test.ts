import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createLogger } from '#device/daemon/logger.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

describe('the log', () => {
  test('is one JSON object a line, written before the call returns, from the given level on', async (t) => {
    const path = join(await temporaryDirectory(t), 'log');
    const fd = openSync(path, 'a');
    t.after(() => closeSync(fd));
    const log = createLogger({ level: 'info', fd });
    log('debug', 'too-quiet');
    log('warn', 'bind-failed', { address: '10.0.0.1', text: 'two\nlines' });
    const lines = readFileSync(path, 'utf8').split('\n');
    assert.equal(lines.length, 2);
    const { time, ...entry } = JSON.parse(lines[0] ?? '');
    assert.deepEqual(entry, { level: 'warn', event: 'bind-failed', address: '10.0.0.1', text: 'two\nlines' });
    assert.ok(!Number.isNaN(Date.parse(time)));
  });

  test('has a level that may change', async (t) => {
    const path = join(await temporaryDirectory(t), 'log');
    const fd = openSync(path, 'a');
    t.after(() => closeSync(fd));
    const log = createLogger({ level: 'error', fd });
    log('info', 'too-quiet');
    log.setLevel('info');
    log('info', 'heard');
    assert.match(readFileSync(path, 'utf8'), /^\{[^\n]*"event":"heard"\}\n$/);
  });
});
