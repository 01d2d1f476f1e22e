import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Site } from '../support/certified-site.ts';
import { createPlayground, type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { forwardProxy } from '../support/forward-proxy.ts';
import { freeTcpPort } from '../support/free-tcp-port.ts';
import { selfSignedCertificate } from '../support/mqtt/certificate.ts';

interface Status {
  readonly members: Readonly<Record<string, number>>;
  readonly security: { readonly epoch: number | null };
  readonly health: readonly { readonly code: string; readonly text: string }[];
}

const WITHOUT_UDP = ['--set', 'udp=off'];
const areAlive = (count: number) => (status: Status) => status.members.alive === count;

async function meet(...daemons: RunningDaemon[]): Promise<void> {
  for (const daemon of daemons) await daemon.waitFor<Status>('/v1/status', areAlive(daemons.length));
}

function playground(t: TestContext) {
  const made = createPlayground();
  const daemons: RunningDaemon[] = [];
  t.after(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop('SIGKILL')));
    made.close();
  });
  const start = async (
    ...options: Parameters<typeof startDaemon> extends [unknown, infer O] ? [O] : never
  ) => {
    const daemon = await startDaemon(made, ...options);
    daemons.push(daemon);
    return daemon;
  };
  return { directory: made.directory, start };
}

test('a board behind a proxy joins through it', async (t) => {
  const { start } = playground(t);
  const proxy = await forwardProxy(t);
  const port = await freeTcpPort();
  const gate = await start({ name: 'gate', args: ['--set', `http.listen=127.0.0.1:${port}`] });
  const hill = await start({
    name: 'hill',
    join: [`http://127.0.0.1:${port}`],
    args: [...WITHOUT_UDP, '--set', `http.proxy=${proxy.url}`],
  });
  await meet(gate, hill);
  assert.deepEqual([...new Set(proxy.asked)], [`POST http://127.0.0.1:${port}/gridvine/1`]);
});

test('TLS goes through the proxy in a tunnel, to a listener known by its name, whose certificate is checked', async (t) => {
  const { start, directory } = playground(t);
  const proxy = await forwardProxy(t);
  const port = await freeTcpPort();
  const certFile = join(directory, 'cert.pem');
  const keyFile = join(directory, 'key.pem');
  const { cert, key } = selfSignedCertificate('localhost');
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  const tls = ['--set', `http.tls.certFile=${certFile}`, '--set', `http.tls.keyFile=${keyFile}`];
  const gate = await start({ name: 'gate', args: ['--set', `http.listen=127.0.0.1:${port}`, ...tls] });
  const join_ = [`https://localhost:${port}`];
  const through = [...WITHOUT_UDP, '--set', `http.proxy=${proxy.url}`];
  const hill = await start({
    name: 'hill',
    join: join_,
    args: [...through, '--set', `http.caFile=${certFile}`],
  });
  await meet(gate, hill);
  assert.deepEqual([...new Set(proxy.asked)], [`CONNECT localhost:${port}`]);

  // Without the CA it is told why it is alone.
  const well = await start({ name: 'well', join: join_, args: through });
  const { health } = await well.waitFor<Status>('/v1/status', (status) =>
    status.health.some(({ code }) => code === 'http-failing'),
  );
  assert.match(health.find(({ code }) => code === 'http-failing')?.text ?? '', /SELF_SIGNED.*http\.caFile/);
  // The same port takes plain requests, too.
  const barn = await start({ name: 'barn', join: [`http://127.0.0.1:${port}`], args: WITHOUT_UDP });
  await meet(gate, hill, barn);
});

test('a proxy that answers by a web page is named, and asked less and less often', async (t) => {
  const { start } = playground(t);
  let requests = 0;
  const server = createServer((_request, response) => {
    requests++;
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Please log in</h1>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const hill = await start({ name: 'hill', join: [`http://127.0.0.1:${port}`], args: WITHOUT_UDP });
  const { health } = await hill.waitFor<Status>('/v1/status', (status) =>
    status.health.some(({ code }) => code === 'http-failing'),
  );
  assert.match(
    health.find(({ code }) => code === 'http-failing')?.text ?? '',
    /HTTP_TYPE.*[Ss]omething else/,
  );
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  // At once, then after 0.5, 1, 2, 4 s.
  assert.ok(requests <= 5, `${requests} requests in 4 s`);
});

test('boards with a certificate and no key are let in over HTTP alone, share records, and prove their lives through a third', async (t) => {
  const site = new Site();
  t.after(() => site.close());
  await site.init();
  await site.certify('gate', '--group', 'keymaster');
  for (const name of ['hill', 'well']) await site.certify(name, '--group', 'sensor');
  const port = await freeTcpPort();
  const gate = await site.start('gate', { args: ['--set', `http.listen=127.0.0.1:${port}`] });
  const hill = await site.start('hill', { join: [`http://127.0.0.1:${port}`], args: WITHOUT_UDP });
  const well = await site.start('well', { join: [`http://127.0.0.1:${port}`], args: WITHOUT_UDP });
  await meet(gate, hill, well);
  const { security } = await hill.waitFor<Status>('/v1/status', (status) => status.security.epoch !== null);
  assert.equal(security.epoch, 1);
  assert.equal((await hill.api('PUT', '/v1/records/level', { value: 3 })).status, 200);
  await gate.waitFor<{ records: readonly unknown[] }>(
    '/v1/records?key=level',
    ({ records }) => records.length === 1,
  );
  // Neither can call the other: the gate passes their proofs on, and says so when there are none.
  await well.stop('SIGKILL');
  await hill.waitFor<Status>('/v1/status', ({ members }) => members.down === 1 && members.alive === 2);
});
