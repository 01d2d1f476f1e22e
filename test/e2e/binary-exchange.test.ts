import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Arch, binaryCommand, runCommand } from '../support/binary.ts';
import { createPlayground, type RunningDaemon, startDaemon } from '../support/daemon.ts';

type Members = { members: { id: string; name: string; state: string }[] };
type Records = { records: { node: string; key: string; value: unknown }[] };

function sees(name: string, state: string) {
  return ({ members }: Members) => members.some((member) => member.name === name && member.state === state);
}

function holds(key: string, value: unknown) {
  return ({ records }: Records) => records.some((record) => record.key === key && record.value === value);
}

async function put(arch: Arch, daemon: RunningDaemon, key: string, value: number): Promise<void> {
  const args = ['put', key, String(value), '--socket', daemon.socket];
  const { code, stderr } = await runCommand(binaryCommand(arch), args);
  assert.equal(`${code} ${stderr}`, '0 ');
}

test('a daemon for x64 and one for arm64 find each other, exchange records both ways, and take leave', async (t) => {
  const playground = createPlayground();
  const daemons: RunningDaemon[] = [];
  t.after(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop('SIGKILL')));
    playground.close();
  });
  const x64 = await startDaemon(playground, { name: 'sun', command: binaryCommand('x64') });
  daemons.push(x64);
  const arm64 = await startDaemon(playground, {
    name: 'rain',
    command: binaryCommand('arm64'),
    join: [x64.bind],
  });
  daemons.push(arm64);

  await x64.waitFor('/v1/members', sees('rain', 'alive'));
  await arm64.waitFor('/v1/members', sees('sun', 'alive'));

  await put('x64', x64, 'e2e/from-x64', 1234.5);
  await arm64.waitFor('/v1/records', holds('e2e/from-x64', 1234.5));
  await put('x64', arm64, 'e2e/from-arm64', -7);
  await x64.waitFor('/v1/records', holds('e2e/from-arm64', -7));

  assert.equal(await arm64.stop(), 0, arm64.log());
  await x64.waitFor('/v1/members', sees('rain', 'left'));
  assert.equal(await x64.stop(), 0, x64.log());
});
