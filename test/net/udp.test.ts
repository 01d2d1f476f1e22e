import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { freeUdpPort } from '#device/demo/free-port.ts';
import { Recorder } from '#runtime/testing/transport-suite.ts';
import { InterfaceTable, readInterfaces } from '#runtime/transport/interface-table.ts';
import { UdpMulticast } from '#runtime/transport/udp-multicast.ts';
import { RECV_BUFFER_BYTES_WANTED } from '#runtime/transport/udp-socket.ts';
import { type Bind, UdpUnicast } from '#runtime/transport/udp-unicast.ts';
import { eventually } from '../support/eventually.ts';

const real = () => new InterfaceTable(readInterfaces());
const bytesOf = (text: string) => new TextEncoder().encode(text);
const lo = (address: string, port = 0): Bind => ({ address, port, link: 'lo' });
const to = (transport: UdpUnicast, index = 0) =>
  ({ kind: 'unicast', endpoint: transport.endpoints[index] }) as const;

async function open(t: TestContext, ...bind: Bind[]) {
  const transport = new UdpUnicast({ bind, interfaces: real });
  const heard = new Recorder();
  await transport.open(heard);
  t.after(() => transport.close());
  return { transport, heard };
}

test('port 0 becomes a real port, and the granted receive buffer is told', async (t) => {
  const { transport } = await open(t, lo('127.0.0.1'), lo('::1'));
  const [first, second] = transport.endpoints;
  assert.equal(first.address, '127.0.0.1');
  assert.equal(second.address, '::1');
  assert.ok(first.port > 0 && second.port > 0);
  assert.ok(transport.recvBufferBytes > 0 && transport.recvBufferBytes <= RECV_BUFFER_BYTES_WANTED);
});

test('an answer leaves by the socket that heard the question', async (t) => {
  const { transport: server, heard } = await open(t, lo('127.0.0.1'), lo('127.0.0.2'));
  const { transport: client, heard: answers } = await open(t, lo('127.0.0.1'));
  for (const index of [1, 0, 1]) {
    heard.received.length = 0;
    answers.received.length = 0;
    client.send(to(server, index), bytesOf('question'), 'data');
    await eventually(() => heard.received.length === 1);
    server.send(to(client), bytesOf('answer'), 'data');
    const { path } = await eventually(() => answers.received[0]);
    assert.equal(path.port, server.endpoints[index].port);
  }
});

test('a family that is not bound is a counted failure', async (t) => {
  const { transport, heard } = await open(t, lo('127.0.0.1'));
  const endpoint = { transport: 'udp', address: '::1', port: 9 } as const;
  transport.send({ kind: 'unicast', endpoint }, bytesOf('x'), 'data');
  await eventually(() => heard.failures.length === 1);
  assert.deepEqual(heard.failures, [{ code: 'NO_SOCKET', endpoint }]);
});

test('a network that loopback can not reach, and port 0, are counted failures', async (t) => {
  const { transport, heard } = await open(t, lo('127.0.0.1'));
  const endpoint = { transport: 'udp', address: '203.0.113.7', port: 9 } as const;
  transport.send({ kind: 'unicast', endpoint }, bytesOf('x'), 'data');
  transport.send({ kind: 'unicast', endpoint: { ...endpoint, port: 0 } }, bytesOf('x'), 'data');
  await eventually(() => heard.failures.length === 2);
  assert.ok(heard.failures.every((failure) => failure.link === 'lo'));
});

test('rebinding closes what is gone, opens what is new, keeps the rest', async (t) => {
  const { transport } = await open(t, lo('127.0.0.1'), lo('127.0.0.2'));
  const [kept, gone] = transport.endpoints;
  assert.deepEqual(await transport.rebind([lo('127.0.0.1'), lo('127.0.0.3')]), []);
  const [first, second] = transport.endpoints;
  assert.deepEqual(first, kept);
  assert.equal(second.address, '127.0.0.3');
  await open(t, lo('127.0.0.2', gone.port));
  const problems = await transport.rebind([lo('127.0.0.1'), lo('127.0.0.2', gone.port)]);
  assert.deepEqual(
    problems.map((problem) => problem.code),
    ['E_ADDRESS_IN_USE'],
  );
  assert.deepEqual(transport.endpoints, [kept]);
});

test('where one address can not be bound, the others are closed again', async (t) => {
  const { transport: holder } = await open(t, lo('127.0.0.1'));
  const { port } = holder.endpoints[0];
  const free = await freeUdpPort();
  const failing = new UdpUnicast({ bind: [lo('127.0.0.1', free), lo('127.0.0.1', port)], interfaces: real });
  await assert.rejects(failing.open(new Recorder()), { code: 'E_ADDRESS_IN_USE' });
  await open(t, lo('127.0.0.1', free));
});

async function member(t: TestContext, port: number, interfaces: () => InterfaceTable = real, links = ['lo']) {
  const { transport: unicast } = await open(t, lo('127.0.0.1'));
  const group = { group4: '239.255.71.86', group6: 'ff02::4756', port };
  const multicast = new UdpMulticast({ group, links, interfaces, unicast });
  const heard = new Recorder();
  await multicast.open(heard);
  t.after(() => multicast.close());
  return { unicast, multicast, heard };
}

test('every daemon on the machine hears the group, its own datagrams included', async (t) => {
  const port = await freeUdpPort();
  const members = [await member(t, port), await member(t, port), await member(t, port)];
  members[0].multicast.send({ kind: 'multicast', link: 'lo' }, bytesOf('hello'), 'data');
  await eventually(() => members.every(({ heard }) => heard.texts.length === 1));
  for (const { heard } of members) {
    const [{ path }] = heard.received;
    assert.deepEqual(path, {
      transport: 'udp',
      link: 'lo',
      multicast: true,
      address: '127.0.0.1',
      port: members[0].unicast.endpoints[0].port,
    });
  }
});

test('another port is another group', async (t) => {
  const one = await member(t, await freeUdpPort());
  const other = await member(t, await freeUdpPort());
  one.multicast.send({ kind: 'multicast', link: 'lo' }, bytesOf('hello'), 'data');
  await eventually(() => one.heard.texts.length === 1);
  assert.deepEqual(other.heard.texts, []);
});

test('joining again is harmless', async (t) => {
  const { multicast, heard } = await member(t, await freeUdpPort());
  for (let i = 0; i < 5; i++) await multicast.rejoin();
  await Promise.all([multicast.rejoin(), multicast.rejoin()]);
  assert.deepEqual(multicast.joined, ['lo']);
  multicast.send({ kind: 'multicast', link: 'lo' }, bytesOf('once'), 'data');
  await eventually(() => heard.texts.length > 0);
  assert.deepEqual(heard.texts, ['once']);
});

test('a link that comes, goes and comes again is joined, left and joined', async (t) => {
  const none = new InterfaceTable([]);
  let table = none;
  const { multicast, heard } = await member(t, await freeUdpPort(), () => table);
  assert.deepEqual(multicast.problems, [{ link: 'lo', code: 'NO_SOCKET' }]);
  for (const round of [1, 2]) {
    table = real();
    await multicast.rejoin();
    assert.deepEqual([multicast.joined, multicast.problems], [['lo'], []]);
    multicast.send({ kind: 'multicast', link: 'lo' }, bytesOf('x'), 'data');
    await eventually(() => heard.texts.length === round);
    table = none;
    await multicast.rejoin();
    assert.deepEqual(multicast.joined, []);
  }
});

test('the group heard on a link that is not joined is dropped and counted', async (t) => {
  const port = await freeUdpPort();
  const speaker = await member(t, port);
  // This member believes that loopback's addresses belong to another link, as the platform's answer for eth1 would be.
  const elsewhere = () =>
    new InterfaceTable(
      real().entries.map((entry) => ({ ...entry, link: entry.link === 'lo' ? 'eth1' : entry.link })),
    );
  const joined = real();
  let table = joined;
  const deaf = await member(t, port, () => table);
  table = elsewhere();
  speaker.multicast.send({ kind: 'multicast', link: 'lo' }, bytesOf('x'), 'data');
  await eventually(() => deaf.heard.failures.length === 1);
  assert.equal(deaf.heard.failures[0].code, 'UNKNOWN_LINK');
  assert.deepEqual(deaf.heard.texts, []);
});

test('a group port that somebody holds alone is a problem of the link, not an exception', async (t) => {
  const port = await freeUdpPort('127.0.0.1');
  const greedy = createSocket('udp4');
  greedy.bind(port, '0.0.0.0');
  await once(greedy, 'listening');
  const { multicast } = await member(t, port);
  assert.deepEqual(multicast.problems, [{ link: 'lo', code: 'EADDRINUSE' }]);
  greedy.close();
  await once(greedy, 'close');
  await multicast.rejoin();
  assert.deepEqual(multicast.problems, []);
});
