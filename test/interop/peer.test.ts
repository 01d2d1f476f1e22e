import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { readKeyFile } from '#device/config/key-file.ts';
import { runConformance } from '#device/conformance/conformance.ts';
import { groupKeyOf } from '#runtime/crypto/keyring.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { projectPath } from '../../scripts/release/project.ts';
import { createPlayground, type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { gridvine } from '../unit/device/cli/run.ts';
import { needBindings, type PeerReport, type PythonPeer, runPython, startPeer } from './python-peer.ts';

interface Member {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly boot: number;
  readonly incarnation: number;
}
interface Records {
  readonly records: readonly { key: string; value: unknown; ageMs: number; ttlMs: number | null }[];
}

/** Drops that are part of a healthy exchange; anything else a daemon sent against the specification. */
const HARMLESS = new Set(['touch']);

/** Daemons d1 to dN that see each other, and what the tests ask of them. */
async function cluster(t: TestContext, size: number) {
  needBindings();
  const made = createPlayground();
  t.after(() => made.close());
  const daemons: RunningDaemon[] = [];
  for (let i = 1; i <= size; i++) {
    const join = daemons.length === 0 ? [] : [daemons[0].bind];
    const daemon = await startDaemon(made, { name: `d${i}`, join });
    t.after(() => daemon.stop('SIGKILL'));
    daemons.push(daemon);
  }
  const peer = async (name: string, options: { bind?: string } = {}) => {
    const started = await startPeer(made, { name, join: daemons.map(({ bind }) => bind), ...options });
    t.after(() => started.stop('SIGKILL'));
    return started;
  };
  /** Waits until every daemon shows the member so. */
  const allShow = (id: string, condition: (member: Member) => boolean) =>
    Promise.all(
      daemons.map((daemon) =>
        daemon.waitFor<{ members: readonly Member[] }>(
          '/v1/members',
          ({ members }) => members.some((member) => member.id === id && condition(member)),
          { withinMs: 60_000 },
        ),
      ),
    );
  return { daemons, peer, allShow, keyFile: made.keyFile, directory: made.directory };
}

function assertNothingWrong({ drops }: PeerReport): void {
  const wrong = Object.keys(drops).filter((reason) => !HARMLESS.has(reason));
  assert.deepEqual(wrong, [], 'the daemons sent what the specification forbids');
}

const isAlive = ({ state }: Member) => state === 'alive';
const sees = (count: number) => (report: PeerReport) =>
  report.members.filter(({ state }) => state === 'alive').length === count;

/** The values of the daemon's records of one prefix, once the condition holds. */
const recordsOf = (daemon: RunningDaemon, key: string, condition: (answer: Records) => boolean) =>
  daemon.waitFor<Records>(`/v1/records?key=${key}`, condition);

describe('a peer made from the text of the specification', () => {
  test('agrees with the golden vectors', () => {
    needBindings();
    const { status, stdout, stderr } = runPython('check_vectors.py', [projectPath('test', 'vectors')]);
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /, 0 differ/);
  });

  test('joins, is alive for all, comes to the same tables, leaves and is shown as left', async (t) => {
    const { peer, allShow } = await cluster(t, 3);
    const python = await peer('python');
    await allShow(python.id, isAlive);
    await python.waitFor(sees(4), 'three daemons alive');
    const before = await python.ask('status');
    assertNothingWrong(
      await python.waitFor(({ hashMatches }) => hashMatches > before.hashMatches + 1, 'equal table hashes'),
    );
    assert.ok((await python.leave()) > 0, 'nobody acknowledged the goodbye');
    await allShow(python.id, ({ state }) => state === 'left');
  });

  test('records of every type pass both ways, with tombstones and ttl', async (t) => {
    const { daemons, peer, allShow } = await cluster(t, 2);
    const [first, second] = daemons;
    const python = await peer('python');
    await allShow(python.id, isAlive);

    for (const [index, value] of VALUES.entries())
      await first.api('PUT', `/v1/records/d/${index}`, { value });
    await first.api('PUT', '/v1/records/short', { value: 1, ttl: '2s' });
    const holds = (report: PeerReport, key: string) => report.records.find((record) => record.key === key);
    const full = await python.waitFor(
      (report) => VALUES.every((_, index) => holds(report, `d/${index}`) !== undefined),
      'all values of the daemon',
    );
    assert.deepEqual(
      VALUES.map((_, index) => holds(full, `d/${index}`)?.value),
      VALUES,
    );
    await python.waitFor((report) => holds(report, 'short') === undefined, 'the end of a ttl');
    await first.api('DELETE', '/v1/records/d/0');
    await python.waitFor((report) => holds(report, 'd/0') === undefined, 'the tombstone');

    for (const [index, value] of VALUES.entries()) await python.ask('put', { key: `p/${index}`, value });
    await python.ask('put', { key: 'p/bytes', value: { $bytes: '00ff' } });
    await python.ask('put', { key: 'p/ends', value: 'soon', meta: { 1: 2000, 2: 'W' } });
    for (const daemon of [first, second]) {
      const { records } = await recordsOf(
        daemon,
        'p/',
        (answer) => answer.records.length >= VALUES.length + 1,
      );
      const held = (key: string) => records.find((record) => record.key === key)?.value;
      assert.deepEqual(
        VALUES.map((_, index) => held(`p/${index}`)),
        VALUES,
      );
      assert.deepEqual(held('p/bytes'), { $bytes: 'AP8=' });
    }
    await python.ask('delete', { key: 'p/1' });
    for (const daemon of [first, second]) {
      await recordsOf(daemon, 'p/', ({ records }) =>
        records.every(({ key }) => key !== 'p/1' && key !== 'p/ends'),
      );
    }
    assertNothingWrong(await python.ask('status'));
  });

  test('stalled for a while it is suspected, refutes with the next incarnation, and stays', async (t) => {
    const { daemons, peer, allShow } = await cluster(t, 3);
    const python = await peer('python');
    await allShow(python.id, isAlive);
    python.child.kill('SIGSTOP');
    await daemons[0].waitFor<{ members: readonly Member[] }>('/v1/members', ({ members }) =>
      members.some(({ id, state }) => id === python.id && state === 'suspect'),
    );
    python.child.kill('SIGCONT');
    await python.waitFor(({ incarnation }) => incarnation > 0, 'the refutation');
    await allShow(python.id, (member) => isAlive(member) && member.incarnation > 0);
  });

  test('a liar that accuses it is refuted, and one that accuses a daemon too', async (t) => {
    const { daemons, peer, allShow } = await cluster(t, 2);
    const python = await peer('python');
    const liar = await peer('liar');
    await allShow(python.id, isAlive);
    await liar.waitFor(sees(4), 'everybody alive');
    await accuseUntilRefuted(liar, python.id);
    await allShow(python.id, (member) => isAlive(member) && member.incarnation === 1);
    const status = JSON.parse((await daemons[0].api('GET', '/v1/status')).body) as { id: string };
    await accuseUntilRefuted(liar, status.id);
    await allShow(status.id, (member) => isAlive(member) && member.incarnation === 1);
    assertNothingWrong(await python.ask('status'));
  });

  test('every requirement that can be tried from outside holds', async (t) => {
    const { peer, allShow, keyFile } = await cluster(t, 2);
    const python = await peer('python');
    await allShow(python.id, isAlive);
    const provider = createNodeProvider();
    const key = groupKeyOf(provider, readKeyFile(keyFile), 'gridvine');
    const [address, port] = python.bind.split(':');
    const outcomes = await runConformance({
      target: { address, port: Number(port) },
      cluster: 'gridvine',
      key,
      provider,
    });
    assert.ok(outcomes !== undefined, 'it did not answer the join');
    assert.deepEqual(
      outcomes.filter(({ verdict }) => verdict !== 'holds'),
      [],
    );
  });

  test('the key of the cluster is changed by daemons: it follows, misses nothing, and comes back with its old key file', async (t) => {
    const { daemons, peer, allShow, directory } = await cluster(t, 2);
    const [first, second] = daemons;
    const python = await peer('python');
    await allShow(python.id, isAlive);
    await python.waitFor(sees(3), 'two daemons alive');
    const { writes: old } = await python.ask('status');
    // Each step ends well only once all that live have followed, this peer among them.
    const keys = async (daemon: RunningDaemon, ...argv: string[]) => {
      const { code, stderr } = await gridvine(['keys', ...argv, '--socket', daemon.socket]);
      assert.equal(code, 0, stderr);
    };
    const exchange = async (of: PythonPeer, value: number) => {
      await first.api('PUT', '/v1/records/d/n', { value });
      await of.ask('put', { key: 'p/n', value });
      await of.waitFor(
        ({ records }) => records.some((r) => r.key === 'd/n' && r.value === value),
        `d/n ${value}`,
      );
      for (const daemon of daemons)
        await recordsOf(daemon, 'p/n', ({ records }) => records.some((record) => record.value === value));
    };
    await exchange(python, 1);
    await keys(first, 'install', '--generate', '--out', join(directory, 'new.key'));
    const installed = await python.waitFor((report) => report.keys.length === 2, 'the new key');
    assert.equal(installed.writes, old);
    await exchange(python, 2);
    const fresh = installed.keys.find((name) => name !== old) ?? '';
    await keys(second, 'use', fresh);
    assert.equal((await python.ask('status')).writes, fresh);
    await exchange(python, 3);
    await keys(first, 'remove', old);
    assert.deepEqual((await python.ask('status')).keys, [fresh]);
    await exchange(python, 4);
    assertNothingWrong(await python.ask('status'));
    for (const daemon of daemons) {
      const status = JSON.parse((await daemon.api('GET', '/v1/status')).body) as {
        drops: Record<string, number>;
      };
      assert.deepEqual([status.drops['unknown-key'], status.drops['key-refused']], [0, 0]);
    }
    await python.stop('SIGKILL');
    const again = await peer('python', { bind: python.bind });
    await allShow(python.id, (member) => isAlive(member) && member.boot === 2);
    assert.deepEqual((await again.ask('status')).keys, [fresh]);
    await exchange(again, 5);
  });

  test('killed it is down, restarted it is the same node in its next life, without its former records', async (t) => {
    const { daemons, peer, allShow } = await cluster(t, 3);
    const python = await peer('python');
    await python.ask('put', { key: 'p/old', value: 1 });
    await allShow(python.id, isAlive);
    for (const daemon of daemons) await recordsOf(daemon, 'p/', ({ records }) => records.length === 1);
    await python.stop('SIGKILL');
    await allShow(python.id, ({ state }) => state === 'down');
    const again = await peer('python', { bind: python.bind });
    assert.equal(again.id, python.id);
    await allShow(python.id, (member) => isAlive(member) && member.boot === 2);
    await again.ask('put', { key: 'p/new', value: 2 });
    for (const daemon of daemons) {
      await recordsOf(daemon, 'p/', ({ records }) => records.length === 1 && records[0].key === 'p/new');
    }
    assertNothingWrong(await again.ask('status'));
  });
});

/** What both sides hold as JSON alike. */
const VALUES = [
  null,
  true,
  -7,
  4_294_967_296,
  0.1,
  -2.5e300,
  'Süd',
  '',
  [1, [false, 'x']],
  { b: 1, a: { c: [] } },
];

async function accuseUntilRefuted(liar: PythonPeer, target: string): Promise<void> {
  await liar.ask('accuse', { target });
  await liar.waitFor(
    ({ members }) => members.some(({ id, incarnation }) => id === target && incarnation === 1),
    'the refutation',
  );
}
