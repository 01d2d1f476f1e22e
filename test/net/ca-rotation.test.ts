import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { Site } from '../support/certified-site.ts';
import type { RunningDaemon } from '../support/daemon.ts';

interface Status {
  readonly members: Readonly<Record<string, number>>;
  readonly health: readonly { readonly code: string; readonly severity: string; readonly text: string }[];
}
interface Trust {
  readonly policy: number;
  readonly members: readonly { readonly name: string; readonly standing: string }[];
  readonly revoked: readonly { readonly reason: string }[];
}
interface Records {
  readonly records: readonly { readonly value: unknown }[];
}

const json = async <T>(daemon: RunningDaemon, path: string) =>
  JSON.parse((await daemon.api('GET', path)).body) as T;

/** All see each other and share a record that one of them puts. */
async function assertOne(site: Site, count: number, word: string): Promise<void> {
  for (const daemon of site.daemons)
    await daemon.waitFor<Status>('/v1/status', ({ members }) => members.alive === count);
  await site.daemons[0].api('PUT', '/v1/records/word', { value: word });
  for (const daemon of site.daemons)
    await daemon.waitFor<Records>('/v1/records?key=word', ({ records }) =>
      records.some(({ value }) => value === word),
    );
}

function problems({ health }: Status): string[] {
  return health.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
}

describe('replacing the root of a cluster that runs', () => {
  const site = new Site();
  after(() => site.close());
  const publish = (file: string) =>
    site.cli(['ca', 'publish', site.path('ca', file), '--socket', site.daemons[0].socket]);

  it('a rotated CA is told to one board, and both roots count from then on', async () => {
    await site.init();
    await site.certify('roof', '--group', 'keymaster');
    await site.certify('barn', '--group', 'keymaster');
    await site.certify('well', '--group', 'sensor');
    await site.certify('lost', '--group', 'sensor');
    await site.certify('mill', '--group', 'sensor');
    for (const name of ['roof', 'barn', 'well', 'mill']) await site.start(name);
    await assertOne(site, 4, 'before');
    await site.daemons.pop()?.stop();
    await site.ca('revoke', 'lost', '--reason', 'stolen');
    await site.ca('policy', '--write', 'tariff/=controller');
    await site.ca('rotate');
    assert.match(await publish('fleet.statements'), /root: counts from now on/);
    for (const daemon of site.daemons)
      await daemon.waitFor<Trust>('/v1/trust', ({ policy, revoked }) => policy > 0 && revoked.length === 1);
    await assertOne(site, 3, 'told');
  });

  it('boards are certified anew one by one, and a newcomer under the new root alone is let in by all', async () => {
    await site.certify('shed', '--group', 'sensor');
    await site.start('shed');
    await assertOne(site, 4, 'newcomer');
    for (const name of ['well', 'roof']) {
      await site.certify(name, '--group', name === 'well' ? 'sensor' : 'keymaster', '--again');
      await site.restart(name);
      await assertOne(site, 4, name);
    }
    for (const daemon of site.daemons)
      assert.deepEqual(problems(await json<Status>(daemon, '/v1/status')), []);
  });

  it('with the root after that the first one is over: who has nothing but its certificate is out, and its start says why', async () => {
    await site.ca('rotate');
    assert.match(await publish('fleet.statements'), /root: counts from now on/);
    // What is known already does no harm, also what the first root said.
    assert.doesNotMatch(await publish('fleet.statements'), /counts from now on/);
    const [roof] = site.daemons.filter(({ name }) => name === 'roof');
    await roof.waitFor<Trust>('/v1/trust', ({ members }) => !members.some(({ name }) => name === 'barn'));
    const barn = site.daemons.find(({ name }) => name === 'barn');
    await barn?.waitFor<Status>('/v1/status', ({ health }) =>
      health.some(({ severity }) => severity === 'failure'),
    );
    await assert.rejects(
      site.restart('barn'),
      /ended with 78[\s\S]*signed by [0-9a-f]+; expected a root of this cluster/,
    );
    await site.certify('barn', '--group', 'keymaster', '--again');
    await site.start('barn');
    await assertOne(site, 4, 'again');
    for (const daemon of site.daemons) {
      const { revoked } = await daemon.waitFor<Trust>('/v1/trust', ({ members }) => members.length === 4);
      assert.equal(revoked.length, 1);
    }
    // A start has nothing but what is kept, and the two roots that count.
    const { policy, revoked } = await json<Trust>(await site.restart('roof'), '/v1/trust');
    assert.deepEqual([policy, revoked.length], [1, 1]);
    await assertOne(site, 4, 'kept');
  });

  it('a board that was away for both roots is let in with a certificate of the third', async () => {
    await site.certify('mill', '--group', 'sensor', '--again');
    await site.start('mill');
    await assertOne(site, 5, 'away');
    for (const daemon of site.daemons) {
      assert.deepEqual(problems(await json<Status>(daemon, '/v1/status')), []);
    }
  });
});

describe('replacing a CA that was lost', () => {
  const site = new Site();
  after(() => site.close());

  it('boards that are told of the roots of both change over one by one, and the cluster goes on', async () => {
    await site.init();
    await site.certify('roof', '--group', 'keymaster');
    await site.certify('barn', '--group', 'keymaster');
    for (const name of ['roof', 'barn']) await site.start(name);
    await assertOne(site, 2, 'before');
    copyFileSync(site.path('ca', 'root.cert'), site.path('old-root.cert'));
    site.directory = 'ca2';
    await site.init();
    const both = [site.path('old-root.cert'), site.path('ca2', 'root.cert')];
    const roots = (files: readonly string[]) => ({ args: ['--set', `security.roots=[${files.join(', ')}]`] });
    for (const name of ['roof', 'barn']) await site.restart(name, roots(both));
    await assertOne(site, 2, 'both roots');
    for (const name of ['roof', 'barn']) {
      await site.certify(name, '--group', 'keymaster');
      await site.restart(name, roots(both));
      await assertOne(site, 2, `certified ${name}`);
    }
    for (const name of ['roof', 'barn']) {
      await site.restart(name);
      await assertOne(site, 2, `new root alone: ${name}`);
    }
    for (const daemon of site.daemons)
      assert.deepEqual(problems(await json<Status>(daemon, '/v1/status')), []);
  });
});
