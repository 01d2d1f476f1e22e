import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { nodePorts } from '#bridge/ports/node-ports.ts';
import { nodeProcesses } from '#bridge/ports/node-processes.ts';
import type { ChildExit } from '#bridge/ports/process-port.ts';
import { ExecSource } from '#bridge/sources/exec/exec-source.ts';

const PATH = process.env.PATH ?? '/usr/bin:/bin';

/** Starts `sh -c script` and collects what it prints. */
function run(script: string, env: Record<string, string> = { PATH }) {
  const out: string[] = [];
  const exit = Promise.withResolvers<ChildExit>();
  const printed = Promise.withResolvers<void>();
  const child = nodeProcesses().spawn(
    { program: 'sh', args: ['-c', script], env },
    {
      stdout(bytes) {
        out.push(new TextDecoder().decode(bytes));
        printed.resolve();
      },
      stderr: (bytes) => out.push(`!${new TextDecoder().decode(bytes)}`),
      exited: exit.resolve,
    },
  );
  return { child, exit: exit.promise, printed: printed.promise, text: () => out.join('') };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

test('output and exit code arrive, and the environment is exactly what was given', {
  timeout: 30_000,
}, async () => {
  const { exit, text } = run('echo "$A"; echo oops >&2; env; exit 3', { PATH, A: 'given' });
  assert.deepEqual(await exit, { code: 3, signal: null });
  assert.match(text(), /given\n/);
  assert.match(text(), /!oops\n/);
  const names = [...text().matchAll(/^(\w+)=/gm)].map((match) => match[1]);
  // The shell itself sets PWD, SHLVL and _.
  assert.deepEqual(names.filter((name) => !['PWD', 'SHLVL', 'OLDPWD', '_'].includes(name ?? '')).sort(), [
    'A',
    'PATH',
  ]);
});

test('a program that is not there ends with an error and without an exception', {
  timeout: 30_000,
}, async () => {
  const exit = Promise.withResolvers<ChildExit>();
  const events = { stdout() {}, stderr() {}, exited: exit.resolve };
  const child = nodeProcesses().spawn({ program: '/does/not/exist', args: [], env: {} }, events);
  assert.match((await exit.promise).error ?? '', /ENOENT/);
  child.signalGroup('SIGKILL');
  const broken = Promise.withResolvers<ChildExit>();
  nodeProcesses().spawn({ program: 'a\0b', args: [], env: {} }, { ...events, exited: broken.resolve });
  assert.match((await broken.promise).error ?? '', /null bytes/);
});

test('a signal reaches the children of the child', { timeout: 30_000 }, async () => {
  const { child, exit, printed, text } = run('sleep 300 & echo $!; wait');
  await printed;
  const grandchild = Number(text());
  assert.ok(existsSync(`/proc/${grandchild}`));
  child.signalGroup('SIGTERM');
  assert.equal((await exit).signal, 'SIGTERM');
  await until(() => isGone(grandchild));
});

test('what a dead child leaves in its group is killed, even if it holds the pipes open', {
  timeout: 30_000,
}, async () => {
  const { exit, text } = run('sleep 300 & echo $!');
  assert.equal((await exit).code, 0);
  await until(() => isGone(Number(text())));
});

test('a real program is read, restarted by nobody after the stop, and gone when the stop resolves', {
  timeout: 30_000,
}, async () => {
  const script = 'echo "{\\"key\\":\\"pid\\",\\"value\\":$$}"; sleep 300 & wait';
  const source = new ExecSource(
    { name: 'tank', command: ['sh', '-c', script] },
    nodePorts({ log: () => {} }),
  );
  const pid = Promise.withResolvers<number>();
  source.start({ reading: ({ value }) => pid.resolve(Number(value)), health: () => {} });
  const child = await pid.promise;
  await source.stop();
  assert.ok(isGone(child));
});

/** True once a process has ended; one that waits to be collected by its parent has. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  return stateOf(pid) === 'Z';
}

function stateOf(pid: number): string | undefined {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  } catch {
    return 'Z';
  }
}
