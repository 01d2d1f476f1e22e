import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand, SOURCE_COMMAND } from '../support/binary.ts';
import { createPlayground, startDaemon } from '../support/daemon.ts';

interface Records {
  readonly records: readonly {
    readonly node: string;
    readonly key: string;
    readonly value: unknown;
    readonly ageMs: number;
  }[];
}
interface Members {
  readonly members: readonly { readonly state: string }[];
}

test('a daemon that was killed has what was put durably, and one that was stopped what others said', async (t) => {
  const playground = createPlayground();
  t.after(() => playground.close());
  const roof = await startDaemon(playground, { name: 'roof' });
  t.after(() => roof.stop('SIGKILL'));
  const barn = await startDaemon(playground, { name: 'barn', join: [roof.bind] });
  t.after(() => barn.stop('SIGKILL'));
  await barn.waitFor<Members>(
    '/v1/members',
    ({ members }) => members.filter(({ state }) => state === 'alive').length === 2,
  );
  const put = ['put', 'pump/target', '40', '--durable', '--socket', roof.socket];
  const { code, stderr } = await runCommand(SOURCE_COMMAND, put);
  assert.equal(code, 0, stderr);
  const path = '/v1/records?key=pump/target';
  await barn.waitFor<Records>(path, ({ records }) => records.length === 1);
  await barn.stop();
  await roof.stop('SIGKILL');
  for (const name of ['barn', 'roof']) {
    const again = await startDaemon(playground, { name });
    t.after(() => again.stop('SIGKILL'));
    const { records } = JSON.parse((await again.api('GET', path)).body) as Records;
    assert.deepEqual(
      records.map(({ node, key, value }) => [node, key, value]),
      [['roof', 'pump/target', 40]],
    );
    assert.ok(records[0]!.ageMs > 0 && records[0]!.ageMs < 300_000, `${records[0]!.ageMs} ms`);
    await again.stop();
  }
});
