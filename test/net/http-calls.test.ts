import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Call } from '#runtime/transport/http/call.ts';
import { encodeFrames } from '#runtime/transport/http/frames.ts';
import { MEDIA_TYPE, TCP_KEEP_ALIVE_MS } from '#runtime/transport/http/limits.ts';
import { PostError, Poster } from '#runtime/transport/http/poster.ts';
import { DatagramQueue, QueuePool } from '#runtime/transport/http/queue.ts';
import type { Target } from '#runtime/transport/http/targets.ts';
import { eventually } from '../support/eventually.ts';

const SESSION = 'ab'.repeat(16);
const DATAGRAM = new Uint8Array(49).fill(7);

/** A server that answers posts and polls as the test says. */
async function server(
  t: TestContext,
  answer: (kind: 'post' | 'poll', request: IncomingMessage, response: ServerResponse) => void,
) {
  const kinds: ('post' | 'poll')[] = [];
  const listening = createServer((request, response) => {
    request.resume().on('end', () => {
      const kind = request.headers.prefer === undefined ? 'post' : 'poll';
      kinds.push(kind);
      answer(kind, request, response);
    });
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  t.after(() => {
    listening.close();
    listening.closeAllConnections();
  });
  const { port } = listening.address() as AddressInfo;
  const target: Target = { scheme: 'http', host: '127.0.0.1', port, path: '/gridvine/1' };
  return { target, kinds, count: (kind: string) => kinds.filter((one) => one === kind).length };
}

function caller(t: TestContext, target: Target) {
  const poster = new Poster({ proxies: {} });
  const faults: string[] = [];
  const received: Uint8Array[] = [];
  const call = new Call({
    endpoint: { transport: 'http', address: '127.0.0.1', port: target.port },
    target,
    session: SESSION,
    poster: async () => poster,
    queue: new DatagramQueue(new QueuePool(100_000)),
    nowMs: () => performance.now(),
    onDatagram: (bytes) => received.push(bytes),
    onFault: (code) => faults.push(code),
  });
  t.after(() => {
    call.close();
    poster.close();
  });
  return { call, poster, faults, received };
}

test('what waits is broken off by close, and nothing is asked again', async (t) => {
  const { target, kinds } = await server(t, (kind, _request, response) => {
    if (kind === 'post') response.writeHead(204).end();
  });
  const { call, poster } = caller(t, target);
  // A connection that was used before: a poll by it that is broken off looks as if the listener had closed it.
  for (let i = 0; i < 3; i++) {
    call.send(DATAGRAM, 'data');
    await eventually(() => kinds.filter((kind) => kind === 'post').length > i, { what: 'it is posted' });
  }
  const asked = poster.post(target, { body: DATAGRAM, waitSeconds: 20, session: SESSION, timeoutMs: 30_000 });
  const refused = assert.rejects(asked, PostError);
  await eventually(() => kinds.filter((kind) => kind === 'poll').length === 2, { what: 'both wait' });
  call.close();
  poster.close();
  await refused;
  const before = kinds.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(kinds.length, before);
  await assert.rejects(
    poster.post(target, { body: DATAGRAM, waitSeconds: 0, session: SESSION, timeoutMs: 1_000 }),
    { code: 'HTTP_ABORTED' },
  );
});

test('a post that fails takes the request that waits with it, and the next that gets through asks anew', async (t) => {
  let isBroken = false;
  const polls: ServerResponse[] = [];
  const { target, count } = await server(t, (kind, request, response) => {
    if (kind === 'poll') polls.push(response);
    else if (isBroken) request.socket.destroy();
    else response.writeHead(204).end();
  });
  const { call, faults } = caller(t, target);
  call.send(DATAGRAM, 'data');
  await eventually(() => polls.length === 1, { what: 'it waits' });
  isBroken = true;
  call.send(DATAGRAM, 'data');
  await eventually(() => polls[0]?.destroyed === true, { what: 'the request that waited is given up' });
  assert.equal(faults.length, 1);
  isBroken = false;
  await eventually(() => call.send(DATAGRAM, 'data') === 0 && polls.length === 2, {
    what: 'it waits again',
    withinMs: 10_000,
  });
  assert.ok(count('post') >= 3);
});

test('somebody between who cuts off what waits costs a shorter wait, and no datagram', async (t) => {
  const waits: number[] = [];
  let posts = 0;
  const { target } = await server(t, (kind, request, response) => {
    if (kind === 'post') {
      posts++;
      response.writeHead(204).end();
      return;
    }
    waits.push(Number(/wait=(\d+)/.exec(String(request.headers.prefer))?.[1]));
    if (waits.length === 1) setTimeout(() => response.writeHead(504).end(), 1_200);
    else if (waits.length === 2)
      response.writeHead(200, { 'content-type': MEDIA_TYPE }).end(encodeFrames([DATAGRAM]));
  });
  const { call, faults, received } = caller(t, target);
  call.send(DATAGRAM, 'data');
  await eventually(() => received.length === 1, { what: 'what waited there came', withinMs: 5_000 });
  assert.deepEqual(waits.slice(0, 2), [25, 5]);
  assert.deepEqual(faults, []);
  assert.equal(call.send(DATAGRAM, 'data'), 0, 'it is not muted');
  await eventually(() => posts === 2, { what: 'it is posted' });
});

test('an answer that trickles in is given up after a while, so that it holds nothing up', async (t) => {
  const { target } = await server(t, (_kind, _request, response) => {
    response.writeHead(200, { 'content-type': MEDIA_TYPE, 'content-length': '10000' });
    const drip = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(drip));
  });
  const poster = new Poster({ proxies: {}, wholeMs: 300 });
  t.after(() => poster.close());
  const posted = { body: DATAGRAM, waitSeconds: 0, session: SESSION, timeoutMs: 200 };
  await assert.rejects(poster.post(target, posted), PostError);
});

test('a proxy that is none is told by a code, and its password by nobody', async (t) => {
  const { target } = await server(t, (_kind, _request, response) => response.writeHead(204).end());
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY'])
    for (const proxy of ['http://user:sec/ret@proxy:3128', 'http://user:sec%ret@proxy:3128'])
      assert.throws(
        () => new Poster({ proxies: { [name]: proxy } }),
        (error: Error) =>
          error instanceof PostError && error.code === 'HTTP_PROXY' && !/sec/.test(`${error.stack}`),
      );
  const poster = new Poster({
    proxies: {},
    ca: '-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n',
  });
  t.after(() => poster.close());
  await assert.rejects(
    poster.post(
      { ...target, scheme: 'https' },
      { body: DATAGRAM, waitSeconds: 0, session: SESSION, timeoutMs: 2_000 },
    ),
    PostError,
  );
});

test('a connection by which nothing goes is kept by a segment now and then, not each second', async (t) => {
  const keepAlive = t.mock.method(Socket.prototype, 'setKeepAlive');
  const { target } = await server(t, (_kind, _request, response) => response.writeHead(204).end());
  const poster = new Poster({ proxies: {} });
  t.after(() => poster.close());
  await poster.post(target, { body: DATAGRAM, waitSeconds: 0, session: SESSION, timeoutMs: 5_000 });
  const delays = keepAlive.mock.calls.flatMap(({ arguments: [isOn, delayMs] }) => (isOn ? [delayMs] : []));
  assert.ok(delays.length > 0);
  assert.deepEqual(new Set(delays), new Set([TCP_KEEP_ALIVE_MS]));
});
