import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { parse } from 'yaml';
import { runCli } from '#device/cli/run-cli.ts';
import { memberView, recordView } from '../../../support/fake-node.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { startHarness } from '../api/harness.ts';
import { gridvine } from './run.ts';

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

const BARN = 'b'.repeat(32);

/** A daemon whose desk follows, with a board beside it. */
async function setUp(t: TestContext) {
  const api = await startHarness(t);
  api.node.others = [memberView({ id: BARN, name: 'barn', tags: { role: 'canary' } })];
  await api.fleet.desk.start();
  t.after(() => api.fleet.desk.stop());
  const directory = await temporaryDirectory(t);
  const file = (text: string) => {
    const path = join(directory, 'settings.yaml');
    writeFileSync(path, text);
    return path;
  };
  const fleet = (...argv: string[]) => gridvine(['fleet', ...argv, '--socket', api.socket]);
  return { api, file, fleet };
}

test('set takes a file in the words of the configuration, and show gives it back as it takes it', async (t) => {
  const { file, fleet, api } = await setUp(t);
  const { code, stdout } = await fleet('set', file('preset: radio\nsettings:\n  batchIntervalMs: 2s\n'));
  assert.equal(code, 78, 'too long a time');
  assert.equal(stdout, '');
  const done = await fleet('set', file('preset: radio\nsettings:\n  batchIntervalMs: 200ms\n'));
  assert.deepEqual(
    [done.code, done.stdout],
    [0, '1/01234567: set for all boards; who has followed: gridvine fleet status\n'],
  );
  const shown = await fleet('show', '--document');
  assert.deepEqual(parse(shown.stdout), { preset: 'radio', settings: { batchIntervalMs: '200ms' } });
  assert.match((await fleet('show')).stdout, /^for all boards: 1\/01234567\n {2}preset: radio\n/);
  const out: string[] = [];
  const io = {
    stdout: { write: (text: string) => out.push(text) > 0 },
    stderr: { write: () => true },
    env: {},
    stdin: (async function* () {
      yield shown.stdout;
    })(),
  };
  assert.equal(await runCli(['fleet', 'set', '-', '--socket', api.socket], io), 0);
  assert.match(out.join(''), /^2\/01234567: set/);
});

test('what can not be set for all is refused with every problem', async (t) => {
  const { file, fleet } = await setUp(t);
  const { code, stderr } = await fleet('set', file('name: roof\npreset: quick\n'));
  assert.equal(code, 78);
  assert.match(stderr, /name: expected preset, log\.level, or keys of settings or mqtt/);
  assert.match(stderr, /preset: expected one of lan, wan, radio, metered; got "quick"/);
});

test('a stage is named by tag, share, name or id, and its fate is shown', async (t) => {
  const { file, fleet, api } = await setUp(t);
  assert.match(
    (await fleet('set', file('preset: wan\n'), '--stage', 'role=canary', '5%', 'barn')).stdout,
    /^1\/01234567: on trial/,
  );
  const put = api.node.puts.find(({ key }) => key === 'fleet/staged')?.value as {
    stage: { nodes: Uint8Array[]; tags: object; lotMax: number };
  };
  assert.deepEqual(put.stage.nodes, [new Uint8Array(Buffer.from(BARN, 'hex'))]);
  assert.deepEqual(put.stage.tags, { role: 'canary' });
  assert.ok(put.stage.lotMax > 0);
  assert.match(
    (await fleet('set', file('preset: wan\n'), '--stage', 'brn')).stderr,
    /no member brn \(did you mean barn\?\)/,
  );
  assert.equal((await fleet('set', file('preset: wan\n'), '--stage', '0%')).code, 2);

  api.node.arrive(
    recordView({
      owner: BARN,
      key: 'fleet-status',
      value: { refused: { version: `1/${api.node.id}`, why: 'settings.warpFactor: unknown' } },
    }),
  );
  const { stdout } = await fleet('status');
  assert.match(stdout, /barn +alive +- +yes +refuses 1\/01234567: settings\.warpFactor:/);
  assert.match(stdout, /on trial: 1\/01234567\n.* {2}barn refuses it/s);
  const promoted = await fleet('promote');
  assert.equal(promoted.code, 1);
  assert.match(promoted.stderr, /1\/01234567 is not promoted: .*barn refuses it.*--force/);
  assert.match((await fleet('promote', '--force')).stdout, /^2\/01234567: set for all boards/);
  assert.match((await fleet('rollback')).stdout, /^3\/01234567/);
  assert.equal((await fleet('rollback', '--to', 'x')).code, 2);
  assert.match((await fleet('rollback', '--to', '77')).stderr, /no settings 77 are remembered/);
});

test('the advised way out of settings that nobody tells any more keeps them', async (t) => {
  const { fleet, api } = await setUp(t);
  const gone = recordView({
    owner: BARN,
    key: 'fleet/settings',
    value: { counter: 4, config: { preset: 'wan' } },
  });
  api.node.arrive(gone);
  await until(() => api.fleet.running === 4);
  api.node.forget(BARN);
  const shown = await fleet('show', '--document');
  assert.deepEqual([shown.code, parse(shown.stdout)], [0, { preset: 'wan' }]);
  await gridvine(['fleet', 'set', '-', '--socket', api.socket], { stdin: shown.stdout });
  await until(() => api.fleet.running === 5);
  assert.deepEqual(api.fleet.desk.view().running?.config, { preset: 'wan' });
});

test('where there is nothing to show, nothing is set by what a pipe does not bring', async (t) => {
  const { fleet, api } = await setUp(t);
  const shown = await fleet('show', '--document');
  assert.deepEqual([shown.code, shown.stdout], [1, '']);
  const piped = await gridvine(['fleet', 'set', '-', '--socket', api.socket], { stdin: shown.stdout });
  assert.equal(piped.code, 1);
  assert.match(piped.stderr, /stdin: expected settings, or \{\} for none; got nothing/);
  assert.deepEqual(api.node.puts, []);
});

test('a rollback may name what it takes back, and leaves alone what it does not', async (t) => {
  const { file, fleet } = await setUp(t);
  await fleet('set', file('preset: radio\n'));
  await fleet('set', file('preset: wan\n'));
  const other = await fleet('rollback', '1/01234567');
  assert.equal(other.code, 1);
  assert.match(other.stderr, /expected 1\/01234567, but there is 2\/01234567 now/);
  assert.match((await fleet('rollback', '2/01234567')).stdout, /^3\/01234567/);
  const again = await fleet('rollback');
  assert.equal(again.code, 1);
  assert.match(again.stderr, /3\/01234567 took back 2\/01234567 already: nothing is changed/);
  assert.match((await fleet('rollback', '3/01234567')).stdout, /^4\/01234567/);
});

test('what all boards act on is written by no other command', async (t) => {
  const { api } = await setUp(t);
  const { code, stderr } = await gridvine(['put', 'fleet/settings', '{"counter":9}', '--socket', api.socket]);
  assert.equal(code, 1);
  assert.match(stderr, /fleet\/settings: all boards act on what is below fleet\//);
  assert.deepEqual(api.node.puts, []);
});

test('text of other boards can not fake lines on the terminal', async (t) => {
  const { fleet, api } = await setUp(t);
  const why = 'x\u001b[2J\n1/0000 all is well';
  api.node.arrive(
    recordView({ owner: BARN, key: 'fleet-status', value: { refused: { version: `1/${BARN}`, why } } }),
  );
  const { stdout } = await fleet('status');
  assert.ok(!stdout.includes('\u001b[2J'));
  assert.doesNotMatch(stdout, /^1\/0000/m);
});
