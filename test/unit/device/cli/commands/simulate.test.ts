import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Command } from 'commander';
import { simulateCommand } from '#device/cli/commands/simulate.ts';
import { CliError } from '#device/cli/io.ts';
import { temporaryDirectory } from '../../../../support/temporary-directory.ts';

/** Runs `simulate` with these flags. */
async function run(...flags: readonly string[]) {
  const out = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write(text: string) {
      out[name] += text;
      return true;
    },
  });
  const io = { stdout: stream('stdout'), stderr: stream('stderr'), env: {} };
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
  program.addCommand(
    simulateCommand(io)
      .exitOverride()
      .configureOutput({ writeErr: () => {}, outputError: () => {} }),
  );
  let error: unknown;
  try {
    await program.parseAsync(['simulate', ...flags], { from: 'user' });
  } catch (caught) {
    error = caught;
  }
  return { ...out, error };
}

async function complaint(...flags: readonly string[]): Promise<string> {
  const { error } = await run(...flags);
  assert.ok(error instanceof Error, `${flags.join(' ')} was taken`);
  return error.message;
}

const SHORT = ['--nodes', '3', '--duration', '2s'];

test('--json prints one document in the shape of the contract', async () => {
  const { stdout, error } = await run(...SHORT, '--json', '--seed', '4');
  assert.equal(error, undefined);
  const document = JSON.parse(stdout);
  assert.equal(document.schema, 'gridvine.simulation/1');
  assert.equal(document.nodes, 3);
  assert.equal(document.seed, 4);
  assert.equal(document.scenario, 'join');
  assert.ok(document.virtualMs >= 2_000 && Number.isInteger(document.wallMs));
  assert.equal(typeof document.results.convergedMs, 'number');
  assert.equal(document.results.converged, true);
  assert.deepEqual(Object.keys(document.results.bytesPerNodePerSecond), ['mean', 'max']);
});

test('people get a line for each result', async () => {
  const { stdout } = await run(...SHORT);
  assert.match(stdout, /^join: 3 nodes, unicast, seed 1\n/);
  assert.match(stdout, /\n {2}bytes per node per second +mean [\d.]+ k?B +max/);
  assert.match(stdout, /all invariants held\n$/);
});

test('several seeds give medians, and each run by itself', async () => {
  const document = JSON.parse((await run(...SHORT, '--seeds', '3', '--seed', '10', '--json')).stdout);
  const runs: { seed: number; trace: string; results: { convergedMs: number } }[] = document.runs;
  assert.deepEqual(
    runs.map(({ seed }) => seed),
    [10, 11, 12],
  );
  assert.equal(new Set(runs.map(({ trace }) => trace)).size, 3);
  const times = runs.map(({ results }) => results.convergedMs).sort((a, b) => a - b);
  assert.equal(document.results.convergedMs, times[1]);
});

test('settings and presets change the run, by path or bare name', async () => {
  const trace = async (...flags: string[]) =>
    JSON.parse((await run(...SHORT, '--json', ...flags)).stdout).runs[0].trace;
  const usual = await trace();
  assert.equal(await trace('--set', 'settings.probeIntervalMs=1s'), usual);
  const faster = await trace('--set', 'settings.probeIntervalMs=500');
  assert.notEqual(faster, usual);
  assert.equal(await trace('--set', 'probeIntervalMs=500ms'), faster);
  assert.notEqual(await trace('--set', 'preset=wan'), usual);
});

test('modelled sealing changes the bytes but not their number', async () => {
  const result = async (...flags: string[]) => JSON.parse((await run(...SHORT, '--json', ...flags)).stdout);
  const real = await result();
  const modelled = await result('--fast');
  assert.deepEqual(modelled.results, real.results);
  assert.notEqual(modelled.runs[0].trace, real.runs[0].trace);
});

test('shares are taken as percent or as a number', async () => {
  const lost = async (share: string) =>
    JSON.parse((await run(...SHORT, '--json', '--loss', share)).stdout).deliveries;
  assert.equal(await lost('20%'), await lost('0.2'));
});

test('wrong values name the flag, what was expected and what came', async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['--nodes', '0'], /--nodes.* expected a whole number from 1 to 4096; got 0/],
    [['--nodes', 'many'], /--nodes.* got many/],
    [['--seed', '-1'], /--seed.* expected a whole number from 0/],
    [['--asymmetric', '2'], /--asymmetric.* expected a share/],
    [
      ['--bandwidth', '64k'],
      /--bandwidth.* expected a rate such as 64kB\/s or 500kbit\/s, from 1kB\/s; got 64k/,
    ],
    [['--bandwidth', '10B/s'], /--bandwidth.* from 1kB\/s; got 10B\/s/],
    [['--clock-steps', '-1'], /--clock-steps/],
    [['--loss', '120%'], /--loss.* expected a share such as 10% or 0\.1, from 0 to 1; got 120%/],
    [['--delay', '2'], /--delay.* expected a duration such as 2ms, up to 1m; got 2/],
    [['--duration', '10ms'], /--duration.* expected a duration from 1s to 7d/],
    [['--rate', '0'], /--rate.* expected a number from 0\.001 to 10000; got 0/],
    [['--medium', 'radio'], /--medium.* expected one of unicast, multicast; got radio/],
    [['--scenario', 'crush'], /--scenario.* expected one of join, .*; got crush\. Did you mean crash\?/],
    [['--set', 'probeInterval'], /--set.* expected path=value/],
    [
      ['--set', 'settings.probeIntervalMS=1'],
      /got settings\.probeIntervalMS\. Did you mean settings\.probeIntervalMs\?/,
    ],
    [['--set', 'settings.fanOut=many'], /settings\.fanOut: expected a whole number from 1 to 32; got many/],
    [['--set', 'preset=moon'], /expected one of lan, wan, radio, metered; got moon/],
  ];
  for (const [flags, message] of cases) assert.match(await complaint(...flags), message);
});

test('flags that do not fit each other are a usage error', async () => {
  const { error } = await run('--scenario', 'crash', '--nodes', '1');
  assert.ok(error instanceof CliError);
  assert.equal(error.exitCode, 2);
  assert.match(error.message, /^--nodes: expected at least 2 for the scenario crash; got 1/);
  assert.match(
    await complaint('--scenario', 'crash', '--nodes', '3', '--crashes', '3', '--together'),
    /^--crashes: expected fewer than the 3 nodes/,
  );
});

test('a broken invariant fails, with its seed and the command that replays it', async () => {
  // Nothing gets through, so that three nodes never become one cluster.
  const { error, stderr } = await run(...SHORT, '--seed', '9', '--loss', '100%');
  assert.ok(error instanceof CliError);
  assert.equal(error.exitCode, 1);
  assert.match(stderr, /seed 9, .* converges: no agreement/);
  assert.match(
    stderr,
    /replay: gridvine simulate --scenario join --nodes 3 --seed 9 --loss 1 --duration 2000ms/,
  );
});

test('one-way pairs, clock steps and a cap on bandwidth are played, and named in the replay', async () => {
  const flags = ['--asymmetric', '10%', '--bandwidth', '512kbit/s', '--clock-steps', '30'];
  const { stdout, error } = await run(...SHORT, ...flags);
  assert.equal(error, undefined);
  assert.match(stdout, /\n {2}queue dropped +mean 0 +max 0/);
  const { stderr } = await run(...SHORT, ...flags, '--loss', '100%');
  assert.match(stderr, /--asymmetric 0\.1 --bandwidth 64000B\/s --clock-steps 30/);
});

test('several seeds give the same results however many are played at a time', async () => {
  const runsOf = async (jobs: string) => {
    const { stdout, error } = await run(...SHORT, '--fast', '--seeds', '3', '--jobs', jobs, '--json');
    assert.equal(error, undefined);
    return JSON.parse(stdout).runs;
  };
  const alone = await runsOf('1');
  assert.equal(alone.length, 3);
  assert.deepEqual(await runsOf('3'), alone);
});

test('--html writes a report that names the command which plays the same again', async (t) => {
  const file = join(await temporaryDirectory(t), 'report.html');
  const { error } = await run(...SHORT, '--seeds', '2', '--html', file);
  assert.equal(error, undefined);
  const html = readFileSync(file, 'utf8');
  assert.match(html, /gridvine simulate --scenario join --nodes 3 --seed 1 --seeds 2 --duration 2000ms/);
});

test('a report that can not be written is told before the run', async (t) => {
  const folder = await temporaryDirectory(t);
  assert.match(await complaint(...SHORT, '--html', folder), /--html: expected a file/);
  assert.match(await complaint(...SHORT, '--html', join(folder, 'no/report.html')), /there is no .*no$/);
});
