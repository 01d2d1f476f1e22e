import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { RunningProgram } from '../support/mqtt/program.ts';
import { until } from '../support/mqtt/until.ts';

/** Process ids of the daemons of a demo whose files lie in `folder`. */
function daemonsIn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandLineOf(pid).includes(`${folder}/gridvine-demo-`))
    .map(Number);
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** The last picture that was appended to the output. */
function lastPicture(output: string): string {
  return output.slice(output.lastIndexOf('gridvine demo'));
}

const stateOf = (output: string, name: string) =>
  new RegExp(`^${name} +(\\w+)`, 'm').exec(lastPicture(output))?.[1];

describe('gridvine demo', () => {
  let folder: string;
  let programs: RunningProgram[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gv-e2e-'));
    programs = [];
  });

  afterEach(async () => {
    await Promise.all(programs.map((program) => program.kill()));
    await until(() => daemonsIn(folder).length === 0, 'no daemon runs');
    rmSync(folder, { recursive: true });
  });

  function demo(...args: string[]): RunningProgram {
    const program = new RunningProgram(['demo', ...args], {
      TMPDIR: folder,
      GRIDVINE_NAME: 'not-for-the-demo',
    });
    programs.push(program);
    return program;
  }

  it('brings three daemons together that know nothing of each other, shows their readings, and leaves nothing', async () => {
    const program = demo('--once');
    assert.equal(await program.ended, 0, program.stderr);
    const picture = lastPicture(program.stdout);
    for (const name of ['roof', 'barn', 'well']) assert.equal(stateOf(program.stdout, name), 'alive');
    assert.match(picture, /^CPU busy +[\d.]+ % +\S+ +[\d.]+ % +\S+ +[\d.]+ % +\S+$/m);
    assert.match(picture, /^PV power \(sim\) +\d+ W/m);
    assert.match(picture, /^MQTT broker mqtt:\/\/127\.0\.0\.1:\d+ has [1-9]\d* messages; roof is online$/m);
    assert.match(picture, /All 3 daemons saw each other alive/);
    assert.equal(picture.includes('\u001b'), false);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('prints one document with --json, and ends by itself after --duration', async () => {
    const program = demo('--json', '--nodes', '2', '--duration', '12s');
    assert.equal(await program.ended, 0, program.stderr);
    const summary = JSON.parse(program.stdout);
    assert.equal(summary.schema, 'gridvine.demo/1');
    assert.equal(summary.nodes, 2);
    assert.equal(summary.converged, true);
    assert.equal(summary.putToReadMs.rounds, 10);
    assert.ok(summary.mqttMessages > 0);
    assert.deepEqual(summary.lost, []);
  });

  it('shows a daemon that was killed as suspect and then down, and the others as left after an interrupt', async () => {
    const program = demo('--json', '--duration', '10m');
    const sockets = await until(() => {
      const parent = readdirSync(folder)[0];
      const paths = ['roof', 'barn', 'well'].map((name) => join(folder, parent ?? '', name, 'api.sock'));
      return paths.every((path) => existsSync(path)) && paths;
    }, 'the daemons have started');
    const members = async () => {
      const asked = new RunningProgram(['members', '--json', '--socket', sockets[0] ?? '']);
      if ((await asked.ended) !== 0) return {};
      const { members: list } = JSON.parse(asked.stdout);
      return Object.fromEntries(list.map(({ name, state }: Record<string, string>) => [name, state]));
    };
    await until(
      async () => Object.values(await members()).filter((s) => s === 'alive').length === 3,
      'all see all',
    );
    const seen = new RunningProgram(['watch', '--socket', sockets[0] ?? '']);
    programs.push(seen);
    const victim = daemonsIn(folder).find((pid) => commandLineOf(String(pid)).includes('/barn/'));
    await until(() => seen.stdout.includes('sim/'), 'the stream has begun');
    process.kill(victim ?? 0, 'SIGKILL');
    await until(() => /barn suspect -> down/.test(seen.stdout), 'barn is down');
    assert.match(seen.stdout, /barn alive -> suspect/);
    program.child.kill('SIGINT');
    await until(() => /well (alive|leaving) -> left/.test(seen.stdout), 'well has left');
    assert.equal(await program.ended, 0, program.stderr);
    assert.doesNotMatch(seen.stdout, /well \w+ -> (suspect|down)/);
    assert.deepEqual(JSON.parse(program.stdout).lost, ['barn']);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('takes its daemons and files with it when it is killed itself', async () => {
    const program = demo('--duration', '10m');
    await until(() => daemonsIn(folder).length === 3, 'the daemons have started');
    program.child.kill('SIGKILL');
    await program.ended;
    await until(() => daemonsIn(folder).length === 0, 'the daemons have ended');
    await until(() => readdirSync(folder).length === 0, 'the files are gone');
  });

  it('refuses a number of daemons that it can’t show', async () => {
    const program = demo('--nodes', '10');
    assert.equal(await program.ended, 2);
    assert.match(program.stderr, /expected a whole number from 1 to 9/);
  });
});
