import assert from 'node:assert/strict';
import { copyFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { LeasesView } from '#runtime/core/lease-views.ts';
import { CLUSTER, Site } from '../support/certified-site.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { gridvine } from '../unit/device/cli/run.ts';

interface Status {
  readonly id: string;
  readonly members: Readonly<Record<string, number>>;
  readonly security: { readonly mode: string; readonly epoch: number | null };
  readonly health: readonly { readonly code: string; readonly severity: string; readonly text: string }[];
}
interface Trust {
  readonly epoch: number | null;
  readonly members: readonly { readonly name: string; readonly standing: string }[];
  readonly revoked: readonly { readonly target: string; readonly reason: string }[];
}
interface Records {
  readonly records: readonly { readonly node: string; readonly value: unknown }[];
}
interface Members {
  readonly members: readonly { readonly name: string; readonly state: string }[];
}

const json = async <T>(daemon: RunningDaemon, path: string) =>
  JSON.parse((await daemon.api('GET', path)).body) as T;
const put = (daemon: RunningDaemon, key: string, value: unknown) =>
  daemon.api('PUT', `/v1/records/${key}`, { value });

describe('three daemons with certificates of one CA', () => {
  const site = new Site();
  const daemons = site.daemons;

  before(async () => {
    await site.init();
    await site.certify('roof', '--group', 'keymaster', '--group', 'controller');
    await site.certify('barn', '--group', 'keymaster');
    await site.certify('well', '--group', 'sensor');
    for (const name of ['roof', 'barn', 'well']) await site.start(name);
  });

  after(() => site.close());

  it('let each other in, found an epoch, and share records', async () => {
    for (const daemon of daemons) {
      const { security, health } = await daemon.waitFor<Status>(
        '/v1/status',
        ({ members }) => members.alive === 3,
      );
      assert.equal(security.mode, 'certificates');
      assert.equal(security.epoch, 1);
      assert.deepEqual(
        health.filter(({ severity }) => severity !== 'info'),
        [],
      );
    }
    for (const daemon of daemons) assert.equal((await put(daemon, 'hello', daemon.name)).status, 200);
    for (const daemon of daemons)
      await daemon.waitFor<Records>('/v1/records?key=hello', ({ records }) => records.length === 3);
    const trust = await site.cli(['trust', '--socket', daemons[2].socket]);
    assert.match(trust, /^epoch +1$/m);
    for (const name of ['roof', 'barn', 'well']) assert.match(trust, new RegExp(`^${name} .* valid `, 'm'));
    assert.equal(statSync(join(daemons[0].dataDir, 'trust.json')).mode & 0o777, 0o600);
  });

  it('a record that the policy keeps for others is refused where it is put', async () => {
    const { status, body } = await put(daemons[2], 'setpoint/pump', 1);
    assert.equal(status, 403, body);
    assert.equal((await put(daemons[0], 'setpoint/pump', 2)).status, 200);
  });

  it('a restarted daemon keeps the epoch, and is back at once', async () => {
    const { epoch } = await json<Trust>(daemons[0], '/v1/trust');
    await daemons[1].stop();
    const again = await startDaemon(site.playground, {
      name: 'barn',
      bind: daemons[1].bind,
      join: [daemons[0].bind],
      security: 'certificates',
      args: ['--cluster', CLUSTER],
    });
    daemons[1] = again;
    assert.equal((await json<Trust>(again, '/v1/trust')).epoch, epoch);
    await again.waitFor<Status>('/v1/status', ({ members }) => members.alive === 3);
    for (const daemon of daemons)
      await daemon.waitFor<Records>('/v1/records?key=hello', ({ records }) => records.length === 3);
  });

  it('leases are had by the votes of those whom the root named, and by no other way', async () => {
    const [, barn, well] = daemons;
    const ask = () => gridvine(['lease', 'acquire', 'uplink', '--wait', '10s', '--socket', barn.socket]);
    const refused = await ask();
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /the root has named nobody who votes on leases: gridvine ca roster/);
    await site.ca('roster', 'roof');
    const statements = site.path('ca', 'fleet.statements');
    const told = await site.cli(['ca', 'publish', statements, '--socket', well.socket]);
    assert.match(told, /^roster: counts from now on, and is told to all members$/m);
    await barn.waitFor<LeasesView>('/v1/leases', ({ roster }) => roster?.version === 1);
    const granted = await ask();
    assert.equal(granted.code, 0, granted.stderr);
    await site.cli(['lease', 'release', 'uplink', '--socket', barn.socket]);
    assert.match(await site.cli(['trust', '--socket', well.socket]), /^voters +version 1/m);
  });

  it('one that is revoked is out while it runs: it reads and writes nothing more', async () => {
    const [roof, barn, well] = daemons;
    const before = (await json<Trust>(roof, '/v1/trust')).epoch ?? 0;
    await site.ca('revoke', 'well', '--reason', 'stolen', '--out', site.path('well.revoked'));
    const told = await site.cli(['ca', 'publish', site.path('well.revoked'), '--socket', barn.socket]);
    assert.equal(told, 'revocation: counts from now on, and is told to all members\n');
    for (const daemon of [roof, barn]) {
      const trust = await daemon.waitFor<Trust>('/v1/trust', ({ epoch }) => (epoch ?? 0) > before);
      assert.deepEqual(
        trust.revoked.map(({ reason }) => reason),
        ['stolen'],
      );
      assert.ok(!trust.members.some(({ name }) => name === 'well'));
      await daemon.waitFor<Members>(
        '/v1/members',
        ({ members }) => !members.some(({ name, state }) => name === 'well' && state === 'alive'),
      );
    }
    await put(roof, 'secret', 1);
    await put(well, 'forged', 1);
    await barn.waitFor<Records>('/v1/records?key=secret', ({ records }) => records.length === 1);
    await well.waitFor<Status>('/v1/status', ({ health }) =>
      health.some(({ code }) => code === 'admission-denied' || code === 'certificate-revoked'),
    );
    assert.deepEqual((await json<Records>(well, '/v1/records?key=secret')).records, []);
    for (const daemon of [roof, barn])
      assert.deepEqual((await json<Records>(daemon, '/v1/records?key=forged')).records, []);
    assert.match(
      await site.cli(['ca', 'publish', site.path('well.revoked'), '--socket', roof.socket]),
      /was known already/,
    );
  });

  it('a revoked one stays out after its restart, and says why', async () => {
    await daemons[2].stop();
    daemons[2] = await startDaemon(site.playground, {
      name: 'well',
      join: [daemons[0].bind],
      security: 'certificates',
      args: ['--cluster', CLUSTER],
    });
    const { health } = await daemons[2].waitFor<Status>('/v1/status', ({ health }) =>
      health.some(({ code }) => code === 'admission-denied' || code === 'certificate-revoked'),
    );
    assert.ok(
      health.some(({ text }) => /revoked|put out/.test(text)),
      JSON.stringify(health),
    );
    assert.deepEqual((await json<Records>(daemons[2], '/v1/records?key=secret')).records, []);
  });

  it('a node whose data directory forgot everything but its keys is let in again', async () => {
    await daemons[1].stop('SIGKILL');
    writeFileSync(join(daemons[1].dataDir, 'trust.json'), 'torn');
    daemons[1] = await startDaemon(site.playground, {
      name: 'barn',
      join: [daemons[0].bind],
      security: 'certificates',
      args: ['--cluster', CLUSTER],
    });
    const { health } = await daemons[1].waitFor<Status>('/v1/status', ({ members }) => members.alive === 2);
    assert.ok(health.some(({ code }) => code === 'trust-damaged'));
    await daemons[1].waitFor<Trust>('/v1/trust', ({ revoked }) => revoked.length === 1);
    await daemons[1].waitFor<Records>('/v1/records?key=secret', ({ records }) => records.length === 1);
  });
});

describe('a daemon whose certificate has ended', () => {
  const site = new Site();
  after(() => site.close());

  it('runs, is let in by nobody, says why, and is let in with a new certificate', async () => {
    const { nowSeconds } = site;
    site.nowSeconds -= 400 * 86_400;
    await site.init();
    await site.certify('well', '--group', 'sensor', '--valid', '30d');
    site.nowSeconds = nowSeconds;
    await site.certify('roof', '--group', 'keymaster');
    const roof = await site.start('roof');
    await roof.waitFor<Status>('/v1/status', ({ security }) => security.epoch === 1);
    const well = await site.start('well');
    const { health, security } = await well.waitFor<Status>('/v1/status', ({ health }) =>
      ['certificate-expired', 'admission-denied'].every((code) => health.some((item) => item.code === code)),
    );
    assert.equal(security.epoch, null);
    const text = health.find(({ code }) => code === 'certificate-expired')?.text ?? '';
    assert.match(text, /expired at .*gridvine ca issue/);
    assert.match(
      health.find(({ code }) => code === 'admission-denied')?.text ?? '',
      /Its certificate has ended/,
    );
    assert.equal((await put(well, 'local', 1)).status, 200);
    await well.stop();
    rmSync(site.path('well.cert'));
    await site.certify('well', '--group', 'sensor');
    const again = await site.start('well');
    await again.waitFor<Status>('/v1/status', ({ members }) => members.alive === 2);
    await roof.waitFor<Records>('/v1/records?key=local', ({ records }) => records.length === 1);
  });

  it('that is for another board keeps the daemon from starting, with exit code 78', async () => {
    await site.certify('barn', '--group', 'sensor');
    copyFileSync(site.path('roof', 'data', 'node.cert'), site.path('barn', 'data', 'node.cert'));
    await assert.rejects(site.start('barn'), /ended with 78[\s\S]*expected one for this node/);
  });
});
