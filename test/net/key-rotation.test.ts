import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createPlayground, type Playground, type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { gridvine } from '../unit/device/cli/run.ts';

interface Status {
  readonly members: Readonly<Record<string, number>>;
  readonly drops: Readonly<Record<string, number>>;
  readonly health: readonly { readonly code: string; readonly text: string }[];
}
interface Keys {
  readonly members: readonly { readonly name: string; readonly writes: string | null }[];
}
interface Records {
  readonly records: readonly { readonly value: unknown }[];
}

describe('three daemons whose key is changed while they run', () => {
  let playground: Playground & { close(): void };
  const daemons: RunningDaemon[] = [];
  const keys = async (daemon: RunningDaemon, ...argv: string[]) => {
    const result = await gridvine(['keys', ...argv, '--socket', daemon.socket]);
    assert.equal(result.code, 0, result.stderr);
    return result.stdout;
  };
  const writesOf = async (daemon: RunningDaemon) =>
    (JSON.parse((await daemon.api('GET', '/v1/keys')).body) as Keys).members[0].writes ?? '';
  const statusOf = async (daemon: RunningDaemon) =>
    JSON.parse((await daemon.api('GET', '/v1/status')).body) as Status;

  before(async () => {
    playground = createPlayground();
    for (const name of ['roof', 'barn', 'well']) {
      const join = daemons.slice(0, 1).map(({ bind }) => bind);
      daemons.push(await startDaemon(playground, { name, join }));
    }
    for (const daemon of daemons)
      await daemon.waitFor<Status>('/v1/status', ({ members }) => members.alive === 3);
  });

  after(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    playground?.close();
  });

  it('follow, drop nothing, and lose no update', async () => {
    const [roof, barn, well] = daemons;
    const old = await writesOf(roof);
    const path = join(playground.directory, 'new.key');
    let round = 0;
    let done = false;
    const updates = (async () => {
      while (!done) {
        round++;
        for (const daemon of daemons) await daemon.api('PUT', '/v1/records/round', { value: round });
      }
    })();
    let fresh = '';
    try {
      await keys(barn, 'install', '--generate', '--out', path);
      const { keys: known } = JSON.parse(await keys(well, 'list', '--json')) as {
        keys: { fingerprint: string }[];
      };
      fresh = known.find(({ fingerprint }) => fingerprint !== old)?.fingerprint ?? '';
      await keys(well, 'use', fresh.slice(0, 8));
      await keys(roof, 'remove', old);
    } finally {
      done = true;
      await updates;
    }
    for (const daemon of daemons) {
      assert.equal(await writesOf(daemon), fresh);
      await daemon.waitFor<Records>(
        '/v1/records?key=round',
        ({ records }) => records.length === 3 && records.every(({ value }) => value === round),
      );
      const { drops, health } = await statusOf(daemon);
      assert.equal(drops['unknown-key'], 0);
      assert.deepEqual(
        health.map(({ code }) => code).filter((code) => code.startsWith('key')),
        ['key-file-outdated'],
      );
      assert.equal(statSync(join(daemon.dataDir, 'keyring.json')).mode & 0o777, 0o600);
      const psk = readFileSync(path, 'utf8').trim();
      assert.ok(!daemon.log().includes(psk.slice(0, 12)));
      for (const key of ['sys/', 'sys/keyring'])
        assert.match(
          (await daemon.api('GET', `/v1/records?key=${encodeURIComponent(key)}`)).body,
          /"records":\[\]/,
        );
    }
  });

  it('find one another again after a restart with the old key file, and then with the new one', async () => {
    const [roof] = daemons;
    const restart = async () => {
      await daemons[1].stop();
      const again = await startDaemon(playground, { name: 'barn', join: [roof.bind] });
      daemons[1] = again;
      await again.waitFor<Status>('/v1/status', ({ members }) => members.alive === 3);
      return again;
    };
    const outdated = await restart();
    assert.ok((await statusOf(outdated)).health.some(({ code }) => code === 'key-file-outdated'));
    writeFileSync(playground.keyFile, readFileSync(join(playground.directory, 'new.key')), { mode: 0o600 });
    const current = await restart();
    assert.equal(
      (await statusOf(current)).health.some(({ code }) => code === 'key-file-outdated'),
      false,
    );
  });
});
