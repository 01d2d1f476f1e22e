import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProcess } from '../../../../../scripts/bench/peers/process.ts';

const run = (code: string, { limitMs = 60_000, signal = new AbortController().signal } = {}) =>
  runProcess({ command: process.execPath, args: ['-e', code], env: process.env, limitMs, signal });

/** Says `here` and stays until its standard input ends. */
const STAYS = "process.stdin.on('end', () => process.exit(0)).resume()";

test('a process gives its output', async () => {
  assert.equal(await run("console.log('7'); process.exit(0)"), '7\n');
});

test('a process that fails is named with its code and its last words', async () => {
  await assert.rejects(run("console.error('no port'); process.exit(3)"), /exit code 3\nno port/);
});

test('a process that takes too long is ended, by the end of its standard input', async () => {
  await assert.rejects(run(STAYS, { limitMs: 50 }), /ended after 0 s without a result/);
});

test('an interrupted run ends its process', async () => {
  const stop = new AbortController();
  const running = run(STAYS, { signal: stop.signal });
  stop.abort();
  await assert.rejects(running, /interrupted/);
});

test('nothing is started after the interruption', async () => {
  await assert.rejects(run(STAYS, { signal: AbortSignal.abort(new Error('stopped')) }), /stopped/);
});

test('a program that is not there is told by its code', async () => {
  const options = { args: [], env: process.env, limitMs: 60_000, signal: new AbortController().signal };
  await assert.rejects(runProcess({ command: 'no-such-program-here', ...options }), { code: 'ENOENT' });
});
