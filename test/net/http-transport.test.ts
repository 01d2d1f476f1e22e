import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import type { TrafficClass } from '#runtime/core/outputs.ts';
import { Recorder } from '#runtime/testing/transport-suite.ts';
import { CallGuard } from '#runtime/transport/http/callable.ts';
import { HttpTransport } from '#runtime/transport/http/http-transport.ts';
import { CALLS_MAX } from '#runtime/transport/http/limits.ts';
import { Targets } from '#runtime/transport/http/targets.ts';
import { InterfaceTable, readInterfaces } from '#runtime/transport/interface-table.ts';
import { eventually } from '../support/eventually.ts';
import { freeTcpPort } from '../support/free-tcp-port.ts';

const DATAGRAM = new Uint8Array(64).fill(7);

async function open(
  t: TestContext,
  { listens = false, proxies = {} }: { listens?: boolean; proxies?: Readonly<Record<string, string>> } = {},
) {
  const heard = new Recorder();
  const targets = new Targets();
  const transport = new HttpTransport({
    listen: listens ? [{ address: '127.0.0.1', port: 0 }] : [],
    targets,
    proxies,
    guard: new CallGuard('members', ['127.0.0.1']),
    interfaces: () => new InterfaceTable(readInterfaces()),
    defaultLink: 'lo',
    nowMs: () => performance.now(),
    drawSession: () => randomBytes(16).toString('hex'),
  });
  await transport.open(heard);
  t.after(() => transport.close());
  const send = (endpoint: Endpoint, bytes = DATAGRAM, trafficClass: TrafficClass = 'data') =>
    transport.send({ kind: 'unicast', endpoint }, bytes, trafficClass);
  const codes = () => heard.failures.map(({ code }) => code);
  const sent = () => transport.traffic().reduce((sum, { txDatagrams }) => sum + txDatagrams, 0);
  return { transport, targets, heard, send, codes, sent };
}

const at = (port: number): Endpoint => ({ transport: 'http', address: '127.0.0.1', port });

test('what is not sent after a failure is counted as lost, and neither as sent nor as a fault of its own', async (t) => {
  const nowhere = at(await freeTcpPort());
  const { send, codes, heard, sent } = await open(t);
  send(nowhere);
  await eventually(() => codes().includes('ECONNREFUSED'), { what: 'it is refused' });
  assert.deepEqual(heard.refused, [`127.0.0.1 ${nowhere.port}`]);
  const before = sent();
  send(nowhere);
  await eventually(() => codes().includes('HTTP_QUIET'), { what: 'it is counted' });
  assert.equal(sent(), before);
  assert.equal(heard.failures.at(-1)?.endpoint, undefined, 'no condition is raised by it');
});

test('a proxy that is not reached is told as such, and no member as gone', async (t) => {
  const proxy = `http://127.0.0.1:${await freeTcpPort()}`;
  const { send, codes, heard } = await open(t, { proxies: { http_proxy: proxy } });
  send({ transport: 'http', address: '127.0.0.2', port: 18_262 });
  // Another host's listener, told by a member: the loopback is this node's own, so it is called.
  await eventually(() => codes().length > 0, { what: 'it fails' });
  assert.deepEqual(codes(), ['HTTP_PROXY_DOWN']);
  assert.deepEqual(heard.refused, []);
});

test('a proxy that wants a password for a tunnel is told as such, with the listener as a person named it', async (t) => {
  const proxy = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n'));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => proxy.close());
  const { port } = proxy.address() as AddressInfo;
  const { send, targets, heard, codes } = await open(t, {
    proxies: { https_proxy: `http://127.0.0.1:${port}` },
  });
  send(targets.add('https://gate.example'));
  await eventually(() => codes().length > 0, { what: 'it fails' });
  assert.deepEqual(
    heard.failures.map(({ code, where }) => [code, where]),
    [['HTTP_407', 'https://gate.example:443']],
  );
});

test('listeners that are not reached give way to others, where as many are called as may be', async (t) => {
  const gate = await open(t, { listens: true });
  const { send, targets, codes, transport } = await open(t);
  const nowhere = await freeTcpPort();
  // Each is called as a listener of its own; nothing listens there.
  for (let i = 0; i < CALLS_MAX; i++) send(targets.add(`http://127.0.0.1:${nowhere}/${i}`));
  assert.equal(transport.sessionCounts.outbound, CALLS_MAX);
  await eventually(() => codes().filter((code) => code === 'ECONNREFUSED').length === CALLS_MAX, {
    what: 'all are refused',
  });
  send(at(gate.transport.endpoints[0]!.port));
  await eventually(() => gate.heard.received.length === 1, { what: 'the one that listens is called' });
  assert.equal(transport.sessionCounts.outbound, CALLS_MAX);
});

test('listeners that are in use give way to nobody', async (t) => {
  const server = createServer((request, response) => {
    request.resume();
    // A poll waits.
    if (request.headers.prefer === undefined) response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const { send, targets, codes, transport } = await open(t);
  for (let i = 0; i < CALLS_MAX; i++) send(targets.add(`http://127.0.0.1:${port}/${i}`));
  send(targets.add(`http://127.0.0.1:${port}/more`));
  await eventually(() => codes().length > 0, { what: 'it is refused' });
  assert.deepEqual(codes(), ['HTTP_BUSY']);
  assert.equal(transport.sessionCounts.outbound, CALLS_MAX);
});

test('what is urgent comes down before the data that waits for a session, in a body of its measure', async (t) => {
  const gate = await open(t, { listens: true });
  const board = await open(t);
  const listener = at(gate.transport.endpoints[0]!.port);
  board.send(listener);
  await eventually(() => gate.heard.received.length === 1, { what: 'a session is there' });
  const session = { transport: 'http', ...pathOf(gate.heard) } as const;
  for (let i = 0; i < 40; i++) gate.send(session, new Uint8Array(1_200).fill(i));
  gate.send(session, new Uint8Array(64).fill(200), 'liveness');
  await eventually(() => board.heard.received.length === 41, { what: 'all came' });
  const order = board.heard.received.map(({ bytes }) => bytes[0]);
  assert.ok(order.indexOf(200) < 10, `it came as number ${order.indexOf(200)}`);
});

function pathOf({ received }: Recorder): { readonly address: string; readonly port: number } {
  const { address, port } = received[0]!.path;
  return { address, port };
}
