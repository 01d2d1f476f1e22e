import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { freeUdpPort } from '#device/demo/free-port.ts';
import { createPlayground, type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { freeTcpPort } from '../support/free-tcp-port.ts';

/** As much of `gridvine members --json` as is looked at here. */
interface Members {
  readonly members: readonly {
    readonly id: string;
    readonly name: string;
    readonly state: string;
    readonly flags: readonly string[];
    readonly path: { readonly transport: string; readonly port: number } | null;
  }[];
}

const WITHOUT_UDP = ['--set', 'udp=off'];

function site(t: TestContext) {
  const playground = createPlayground();
  const daemons: RunningDaemon[] = [];
  t.after(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop('SIGKILL')));
    playground.close();
  });
  return {
    playground,
    start: async (
      name: string,
      { join = [], args = [], bind }: { join?: string[]; args?: string[]; bind?: string } = {},
    ) => {
      const daemon = await startDaemon(playground, { name, join, args, ...(bind !== undefined && { bind }) });
      daemons.push(daemon);
      return daemon;
    },
  };
}

const listening = (port: number) => ['--set', `http.listen=127.0.0.1:${port}`];

const member = ({ members }: Members, name: string) => members.find((one) => one.name === name);

const sees = (daemon: RunningDaemon, state: string, ...names: string[]) =>
  daemon.waitFor<Members>('/v1/members', (answer) =>
    names.every((name) => member(answer, name)?.state === state),
  );

async function reads(daemon: RunningDaemon, key: string): Promise<void> {
  await daemon.waitFor<{ records: readonly unknown[] }>(
    `/v1/records?key=${key}`,
    ({ records }) => records.length > 0,
  );
}

test('a board without UDP and without a listener is a full member, and two of them exchange through a third', async (t) => {
  const { start } = site(t);
  const port = await freeTcpPort();
  const seed = `http://127.0.0.1:${port}`;
  const gate = await start('gate', { args: listening(port) });
  const barn = await start('barn', { join: [gate.bind] });
  const hill = await start('hill', { join: [seed], args: WITHOUT_UDP });
  const well = await start('well', { join: [seed], args: WITHOUT_UDP });
  const all = [gate, barn, hill, well];
  for (const daemon of all) await sees(daemon, 'alive', 'gate', 'barn', 'hill', 'well');

  for (const { name, api } of all)
    assert.equal((await api('PUT', `/v1/records/of-${name}`, { value: 1 })).status, 200);
  for (const daemon of all) for (const { name } of all) await reads(daemon, `of-${name}`);

  // It says through whom it is reached, so that those that can't call it don't try.
  await barn.waitFor<Members>(
    '/v1/members',
    (answer) => member(answer, 'hill')?.flags.includes('relayed') === true,
  );
  const seen = await gate.waitFor<Members>(
    '/v1/members',
    (answer) => member(answer, 'hill')?.path?.transport === 'http',
  );
  assert.equal(member(seen, 'hill')?.path?.port, 0, 'a session has no port that means anything');
  const why = JSON.parse((await barn.api('GET', `/v1/members/${member(seen, 'hill')?.id}/why`)).body);
  assert.deepEqual(
    why.relays.map(({ name }: { name: string }) => name),
    ['gate'],
  );

  await hill.stop('SIGKILL');
  for (const daemon of [gate, barn, well]) await sees(daemon, 'down', 'hill');
  for (const daemon of [gate, barn, well]) await sees(daemon, 'alive', 'gate', 'barn', 'well');

  const again = await start('hill', { join: [seed], args: WITHOUT_UDP });
  for (const daemon of [gate, barn, well, again]) await sees(daemon, 'alive', 'gate', 'barn', 'hill', 'well');
});

test('a board that holds a session stops by itself, at once', async (t) => {
  const { start } = site(t);
  const port = await freeTcpPort();
  const gate = await start('gate', { args: listening(port) });
  const hill = await start('hill', { join: [`http://127.0.0.1:${port}`], args: WITHOUT_UDP });
  for (const daemon of [gate, hill]) await sees(daemon, 'alive', 'gate', 'hill');
  // It has long been waiting for what the gate has to say.
  assert.equal(await hill.stop('SIGTERM'), 0);
  assert.equal(await gate.stop('SIGTERM'), 0);
});

test('a board that reaches two listeners stays a member when one of them is gone', async (t) => {
  const { start } = site(t);
  const ports = [await freeTcpPort(), await freeTcpPort()];
  const seeds = ports.map((port) => `http://127.0.0.1:${port}`);
  const gate = await start('gate', { args: listening(ports[0]!) });
  const roof = await start('roof', { join: [gate.bind], args: listening(ports[1]!) });
  const hill = await start('hill', { join: seeds, args: WITHOUT_UDP });
  for (const daemon of [gate, roof, hill]) await sees(daemon, 'alive', 'gate', 'roof', 'hill');
  await gate.stop('SIGKILL');
  for (const daemon of [roof, hill]) await sees(daemon, 'down', 'gate');
  assert.equal((await roof.api('PUT', '/v1/records/after', { value: 1 })).status, 200);
  await reads(hill, 'after');
  await sees(roof, 'alive', 'hill');
});

test('boards that call the only listener find it again when it is back, and each other', async (t) => {
  const { start } = site(t);
  const port = await freeTcpPort();
  const bind = `127.0.0.1:${await freeUdpPort()}`;
  const gateOf = () => start('gate', { args: listening(port), bind });
  const gate = await gateOf();
  const join = [`http://127.0.0.1:${port}`];
  const hill = await start('hill', { join, args: WITHOUT_UDP });
  const well = await start('well', { join, args: WITHOUT_UDP });
  for (const daemon of [gate, hill, well]) await sees(daemon, 'alive', 'gate', 'hill', 'well');
  await gate.stop('SIGKILL');
  for (const daemon of [hill, well]) await sees(daemon, 'down', 'gate');
  const again = await gateOf();
  for (const daemon of [again, hill, well]) await sees(daemon, 'alive', 'gate', 'hill', 'well');
});
