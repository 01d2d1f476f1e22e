import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand, SOURCE_COMMAND } from '../support/binary.ts';
import { createPlayground, startDaemon } from '../support/daemon.ts';

interface Report {
  readonly outcomes: readonly { id: string; sentence: string; verdict: string; seen: string }[];
}

/** Not synchronous: connections to the daemons' API would end unnoticed meanwhile. */
function conformance(...args: readonly string[]) {
  return runCommand(SOURCE_COMMAND, ['conformance', ...args]);
}

test('every requirement holds at our own daemon, and no trace of the visitors stays', async (t) => {
  const made = createPlayground();
  t.after(() => made.close());
  const first = await startDaemon(made, { name: 'first' });
  t.after(() => first.stop('SIGKILL'));
  const second = await startDaemon(made, { name: 'second', join: [first.bind] });
  t.after(() => second.stop('SIGKILL'));

  const { code, stdout, stderr } = await conformance(
    '--peer',
    first.bind,
    '--key-file',
    made.keyFile,
    '--json',
  );
  assert.equal(stderr, '');
  const { outcomes } = JSON.parse(stdout) as Report;
  assert.deepEqual(
    outcomes.filter(({ verdict }) => verdict !== 'holds'),
    [],
  );
  assert.ok(outcomes.length > 60, `${outcomes.length} requirements`);
  assert.equal(code, 0);
  for (const daemon of [first, second]) {
    await daemon.waitFor<{ records: unknown[] }>('/v1/records', ({ records }) => records.length === 0);
    await daemon.waitFor<{ members: { name: string; state: string }[] }>('/v1/members', ({ members }) =>
      members.every(({ name, state }) => !name.startsWith('conformance') || state === 'left'),
    );
  }
});

test('a peer that does not answer, and a wrong address, are said in one line', async (t) => {
  const made = createPlayground();
  t.after(() => made.close());
  const silent = await conformance('--peer', '127.0.0.1:9', '--key-file', made.keyFile);
  assert.equal(silent.code, 69);
  assert.match(silent.stderr, /^gridvine: 127\.0\.0\.1:9: expected an answer to a join.*--key-file\n$/);
  const wrong = await conformance('--peer', 'nowhere', '--key-file', made.keyFile);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--peer: expected ADDR:PORT; got "nowhere"/);
});
