import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { freeUdpPort } from '#device/demo/free-port.ts';
import { SOURCE_COMMAND } from '../support/binary.ts';
import { createPlayground, type RunningDaemon, startDaemon } from '../support/daemon.ts';

const run = promisify(execFile);

interface Fleet {
  readonly running: string | null;
  readonly boards: readonly {
    readonly name: string;
    readonly running: string | null;
    readonly refused: { readonly why: string } | null;
  }[];
}

/** One `gridvine` command. */
async function gridvine(...args: string[]): Promise<string> {
  const [program, ...before] = SOURCE_COMMAND;
  return (await run(program, [...before, ...args])).stdout;
}

const set = (daemon: RunningDaemon, config: unknown) => daemon.api('POST', '/v1/fleet', { config });
const runs = (name: string, counter: number) => (fleet: Fleet) =>
  fleet.boards.some((board) => board.name === name && board.running?.startsWith(`${counter}/`) === true);

test('settings for all boards count at once on daemons, outlive restarts, and are not tried again by one that died of them', async (t) => {
  const playground = createPlayground();
  t.after(() => playground.close());
  let roof = await startDaemon(playground, { name: 'roof' });
  t.after(() => roof.stop('SIGKILL'));
  const startBarn = () =>
    startDaemon(playground, { name: 'barn', join: [roof.bind], args: ['--set', 'settings.fanOut=2'] });
  let barn = await startBarn();
  t.after(() => barn.stop('SIGKILL'));

  assert.equal((await set(roof, { preset: 'wan', log: { level: 'debug' } })).status, 200);
  await roof.waitFor<Fleet>('/v1/fleet', runs('barn', 1));
  assert.match(barn.log(), /fleet-settings/);
  const shown = await gridvine(
    ...['config', 'show', '--origin', '--data-dir', barn.dataDir, '--key-file', playground.keyFile],
    ...['--set', 'settings.fanOut=2'],
  );
  assert.match(shown, /preset +"wan" +fleet 1\/[0-9a-f]{8}/);
  assert.match(shown, /settings\.fanOut +2 +flag --set settings\.fanOut/);
  assert.match(shown, /settings\.probeIntervalMs +3000 +preset wan/);

  assert.equal(await barn.stop(), 0);
  assert.equal(await roof.stop(), 0, 'nobody else tells it');
  barn = await startBarn();
  const again = await barn.waitFor<Fleet>('/v1/fleet', ({ running }) => running !== null);
  assert.match(again.running ?? '', /^1\//);

  roof = await startDaemon(playground, { name: 'roof', join: [barn.bind] });
  assert.equal((await set(roof, { preset: 'radio' })).status, 200);
  await roof.waitFor<Fleet>('/v1/fleet', runs('barn', 2));
  await barn.stop('SIGKILL');
  barn = await startBarn();
  const { boards } = await roof.waitFor<Fleet>('/v1/fleet', (fleet) =>
    fleet.boards.some((board) => board.name === 'barn' && board.refused !== null),
  );
  assert.match(boards.find(({ name }) => name === 'barn')?.refused?.why ?? '', /ended within 30 s/);
  assert.match(readFileSync(join(barn.dataDir, 'fleet.json'), 'utf8'), /"crashed":\["2\//);

  const status = await gridvine('fleet', 'status', '--socket', roof.socket);
  assert.match(status, /barn +alive .*refuses 2\/[0-9a-f]{8}: the daemon ended within/);
  const refused = await set(roof, { preset: 'lan', keyFile: '/etc/shadow' });
  assert.equal(refused.status, 400);
  assert.match(refused.body, /keyFile: expected preset, log\.level/);
});

test('a broker for all boards is published to at once, and no more once it is taken back', async (t) => {
  const playground = createPlayground();
  t.after(() => playground.close());
  const roof = await startDaemon(playground, { name: 'roof' });
  t.after(() => roof.stop('SIGKILL'));
  const hasCode = (code: string, has: boolean) =>
    roof.waitFor<{ health: readonly { code: string }[] }>(
      '/v1/status',
      ({ health }) => health.some((item) => item.code === code) === has,
    );
  const port = await freeUdpPort();
  assert.equal((await set(roof, { mqtt: { url: `mqtt://127.0.0.1:${port}` } })).status, 200);
  await hasCode('mqtt-unreachable', true);
  assert.equal((await roof.api('POST', '/v1/fleet/rollback', {})).status, 200);
  await hasCode('mqtt-unreachable', false);
  assert.equal((await set(roof, { mqtt: { url: `mqtt://127.0.0.1:${port}` } })).status, 200);
  assert.equal(await roof.stop(), 0, 'also in the midst of a change');
});
