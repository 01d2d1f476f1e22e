import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it, test } from 'node:test';
import type { LeasesView } from '#runtime/core/lease-views.ts';
import type { RunningNode } from '#runtime/driver/contract.ts';
import { SOURCE_COMMAND } from '../support/binary.ts';
import { allAlive, seedsOf, TestCluster } from '../support/cluster.ts';
import { createPlayground, type Playground, type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { gridvine } from '../unit/device/cli/run.ts';

test('an embedded node holds a lease as an object, until it lets go or hears nobody', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const b = await cluster.start('b', { seeds: seedsOf(a) });
  const c = await cluster.start('c', { seeds: seedsOf(a) });
  const nodes: RunningNode[] = [a, b, c];
  await eventually(() => allAlive(nodes), { what: 'all alive' });
  const roster = { version: 1, voters: nodes.map(({ id }) => id), previous: [] };
  for (const node of nodes) node.setLeaseRoster(roster);
  let fence = 0;
  {
    await using lease = await a.lease('uplink', { ttlMs: 2_000 });
    fence = lease.fence;
    assert.ok(lease.held && lease.leftMs > 0 && lease.leftMs <= 1_800);
    await assert.rejects(a.lease('uplink'), { code: 'E_LEASE' });
    await assert.rejects(b.lease('uplink', { ttlMs: 2_000, waitMs: 1_000 }), { code: 'E_LEASE_UNAVAILABLE' });
    const waiting = new AbortController();
    const asked = b.lease('uplink', { signal: waiting.signal });
    waiting.abort(new Error('never mind'));
    await assert.rejects(asked, /never mind/);
  }
  const lease = await b.lease('uplink', { ttlMs: 2_000 });
  assert.ok(lease.fence > fence);
  await eventually(() => c.leases().leases[0]?.node === 'b', { what: 'c sees who holds it' });
  // Its voters are gone: no majority renews it.
  await Promise.all([a.close(), c.close()]);
  await once(lease.signal, 'abort');
  assert.equal(lease.signal.reason.code, 'E_LEASE_UNAVAILABLE');
  assert.deepEqual([lease.held, lease.leftMs], [false, 0]);
  lease.release();
});

describe('gridvine lease, among three daemons', () => {
  let playground: Playground & { close(): void };
  const daemons: RunningDaemon[] = [];
  const lease = (daemon: RunningDaemon, ...argv: string[]) =>
    gridvine(['lease', ...argv, '--socket', daemon.socket]);
  const fenceOf = async (daemon: RunningDaemon) => {
    const { leases } = JSON.parse((await daemon.api('GET', '/v1/leases')).body) as LeasesView;
    return leases[0]?.fence ?? 0;
  };

  async function startAll(args: readonly string[]): Promise<void> {
    for (const name of ['roof', 'barn', 'well']) {
      const join = daemons.slice(0, 1).map(({ bind }) => bind);
      daemons.push(await startDaemon(playground, { name, join, args }));
    }
    for (const daemon of daemons)
      await daemon.waitFor<{ members: Record<string, number> }>(
        '/v1/status',
        ({ members }) => members.alive === 3,
      );
  }

  async function restartAll(args: readonly string[]): Promise<void> {
    await Promise.all(daemons.splice(0).map((daemon) => daemon.stop('SIGKILL')));
    await startAll(args);
  }

  let voters: readonly string[] = [];

  before(async () => {
    playground = createPlayground();
    await startAll([]);
    const ids = await Promise.all(
      daemons.map(async (daemon) => JSON.parse((await daemon.api('GET', '/v1/status')).body).id as string),
    );
    voters = ['--set', `leases.voters=[${ids.join(', ')}]`];
    await restartAll(voters);
  });

  after(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop('SIGKILL')));
    playground?.close();
  });

  /** `lease run` as a process of its own, and what it printed. */
  function runWhileHeld(daemon: RunningDaemon, script: string): { child: ChildProcess; text: () => string } {
    const [program, ...first] = SOURCE_COMMAND;
    const args = [
      'lease',
      'run',
      'uplink',
      '--ttl',
      '3s',
      '--socket',
      daemon.socket,
      '--',
      'sh',
      '-c',
      script,
    ];
    const child = spawn(program, [...first, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
    return { child, text: () => text };
  }

  it('gives a lease to one of them, and the fence outlives that all are killed', async () => {
    const [roof, barn] = daemons;
    const first = JSON.parse((await lease(roof, 'acquire', 'uplink', '--json')).stdout).fence as number;
    const refused = await lease(barn, 'acquire', 'uplink');
    assert.deepEqual([refused.code, refused.stderr.includes('somebody else holds it')], [1, true]);
    assert.match(
      (await lease(roof, 'show', 'uplink')).stdout,
      /held, by roof, under fence \d+.*\nhere: held/,
    );
    await restartAll(voters);
    const again = JSON.parse(
      (await lease(daemons[1], 'acquire', 'uplink', '--wait', '30s', '--json')).stdout,
    );
    assert.ok(again.fence > first, `${again.fence} above ${first}`);
    assert.equal((await lease(daemons[1], 'release', 'uplink')).code, 0);
    assert.equal((await lease(daemons[1], 'release', 'uplink')).code, 1);
  });

  it('runs a command while it is held, with its fence, and passes its exit code on', async () => {
    const { child, text } = runWhileHeld(daemons[2], 'echo "$GRIDVINE_LEASE under $GRIDVINE_FENCE"; exit 7');
    const [code] = await once(child, 'exit');
    assert.equal(code, 7, text());
    assert.match(text(), /uplink under \d+/);
    await eventually(async () => (await lease(daemons[0], 'acquire', 'uplink')).code === 0, {
      what: 'free again',
    });
    await lease(daemons[0], 'release', 'uplink');
  });

  it('ends the command when no majority renews the lease, by SIGTERM and then by SIGKILL', async () => {
    const before = await fenceOf(daemons[2]);
    const { child, text } = runWhileHeld(
      daemons[2],
      'trap "echo told" TERM; echo started; while :; do sleep 0.1; done',
    );
    await eventually(() => text().includes('started'), { what: 'the command' });
    for (const daemon of daemons.slice(0, 2)) daemon.child.kill('SIGSTOP');
    const [code] = await once(child, 'exit');
    for (const daemon of daemons.slice(0, 2)) daemon.child.kill('SIGCONT');
    assert.equal(code, 1, text());
    assert.match(text(), /told\n(?:.*\n)*.*lease uplink: lost, so the command was ended/);
    await eventually(async () => (await fenceOf(daemons[0])) > before, { what: 'a higher fence' });
  });

  it('ends the command when its own daemon is gone', async () => {
    const { child, text } = runWhileHeld(daemons[1], 'echo started; exec sleep 60');
    await eventually(() => text().includes('started'), { what: 'the command' });
    await daemons[1].stop('SIGKILL');
    const [code] = await once(child, 'exit');
    assert.equal(code, 1, text());
  });

  it('refuses what makes no sense', async () => {
    const usage = async (...argv: string[]) => {
      const { code, stderr } = await lease(daemons[0], ...argv);
      assert.equal(code, 2, stderr);
      return stderr;
    };
    assert.match(await usage('acquire', 'a/b'), /not a path/);
    assert.match(await usage('acquire', 'uplink', '--ttl', '1s'), /2s to 60s/);
    assert.match(await usage('run', 'uplink'), /command/);
    assert.match(await usage('recover'), /--fence-above/);
  });
});
