import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SOURCE_COMMAND } from '../support/binary.ts';
import { createPlayground, type DaemonOptions, startDaemon } from '../support/daemon.ts';

interface Status {
  readonly id: string;
  readonly health: readonly { code: string; text: string; severity: string }[];
}
interface Members {
  readonly members: readonly {
    id: string;
    name: string;
    state: string;
    twin: boolean;
    flags: readonly string[];
  }[];
}

interface Records {
  readonly records: readonly { readonly id: string; readonly value: unknown }[];
}

/** The promise. */
const FLAGGED_MS = 10_000;

function gridvine(...args: string[]) {
  const [program, ...before] = SOURCE_COMMAND;
  const { status, stdout, stderr } = spawnSync(program, [...before, ...args], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { code: status, stdout, stderr };
}

test('two boards with one card are shown as twins by all, and a new identity for the copy makes it a member of its own', async (t) => {
  const playground = createPlayground();
  t.after(() => playground.close());
  const start = async (options: DaemonOptions) => {
    const daemon = await startDaemon(playground, options);
    t.after(() => daemon.stop('SIGKILL'));
    return daemon;
  };
  const a = await start({ name: 'a' });
  const first = await start({ name: 'b', join: [a.bind] });
  await first.api('PUT', '/v1/records/setpoint', { value: 40 });
  const { id } = await first.waitFor<Status>('/v1/status', () => true);
  assert.equal(await first.stop(), 0);
  const copied = join(playground.directory, 'copy', 'data');
  cpSync(first.dataDir, copied, { recursive: true });
  const b = await start({ name: 'b', join: [a.bind] });
  await a.waitFor<Members>('/v1/members', ({ members }) =>
    members.some((m) => m.id === id && m.state === 'alive'),
  );
  const copy = await start({ name: 'copy', join: [a.bind] });

  const isTwin = ({ members }: Members) =>
    members.some((m) => m.id === id && m.twin && m.flags.includes('twin'));
  for (const daemon of [a, b, copy])
    await daemon.waitFor<Members>('/v1/members', isTwin, { withinMs: FLAGGED_MS });
  const code = (wanted: string) => (status: Status) => status.health.some((item) => item.code === wanted);
  const atA = await a.waitFor<Status>('/v1/status', code('member-twin'));
  assert.match(atA.health.map(({ text }) => text).join('\n'), /gridvine rekey/);
  for (const daemon of [b, copy]) {
    const { health } = await daemon.waitFor<Status>('/v1/status', code('identity-twin'));
    assert.equal(health.find((item) => item.code === 'identity-twin')?.severity, 'failure');
  }
  assert.match((await a.api('GET', '/metrics')).body, /^gridvine_members_twin 1$/m);
  const why = gridvine('why', id, '--socket', a.socket).stdout.replace(/\s+/g, ' ');
  assert.match(why, /its identity runs at .*gridvine rekey/);
  assert.match(gridvine('members', '--socket', b.socket).stdout, / twin$/m);

  const rekey = ['rekey', '--name', 'copy', '--key-file', playground.keyFile, '--data-dir', copied];
  const refused = gridvine(...rekey);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /A running node keeps its identity: stop it/);
  assert.equal(await copy.stop(), 0);
  const done = gridvine(...rekey, '--json');
  assert.equal(done.code, 0, done.stderr);
  const { newId, oldId } = JSON.parse(done.stdout);
  assert.equal(oldId, id);
  const again = await start({ name: 'copy', join: [a.bind] });
  const seen = await a.waitFor<Members>('/v1/members', ({ members }) =>
    members.some((m) => m.id === newId && m.state === 'alive'),
  );
  assert.ok(!seen.members.find((m) => m.id === newId)?.twin);
  // A twin that ends says no goodbye for the other.
  assert.equal(seen.members.find((m) => m.id === id)?.state, 'alive');
  await again.waitFor<Records>('/v1/records?key=setpoint', ({ records }) =>
    records.some((record) => record.id === newId && record.value === 40),
  );
});
