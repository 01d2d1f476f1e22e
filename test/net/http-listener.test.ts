import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { Recorder } from '#runtime/testing/transport-suite.ts';
import { CallGuard } from '#runtime/transport/http/callable.ts';
import { decodeFrames, encodeFrames } from '#runtime/transport/http/frames.ts';
import { HttpTransport } from '#runtime/transport/http/http-transport.ts';
import {
  CONNECTIONS_PER_SOURCE,
  FRAMES_PER_BODY_MAX,
  KNOWN_DATAGRAMS,
  MEDIA_TYPE,
  NEW_SESSIONS,
  REQUESTS,
  RESOURCE,
  SESSIONS_PER_SOURCE,
  STRANGE_DATAGRAMS,
  STRANGE_KEEP_ALIVE_MS,
} from '#runtime/transport/http/limits.ts';
import type { HttpTls } from '#runtime/transport/http/listener.ts';
import { Targets } from '#runtime/transport/http/targets.ts';
import { InterfaceTable, readInterfaces } from '#runtime/transport/interface-table.ts';
import { eventually } from '../support/eventually.ts';
import { selfSignedCertificate } from '../support/mqtt/certificate.ts';

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly agent?: Agent;
  readonly localAddress?: string;
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const SESSION = 'ab'.repeat(16);
const FRAME = encodeFrames([new Uint8Array(64).fill(7)]);

/** Of the session that spoke first. */
function pathOf({ received }: Recorder): { readonly port: number } {
  const [first] = received;
  assert.ok(first !== undefined);
  return first.path;
}

/** @param about `tls`: what it shows to those who want TLS. `isMember`: whether a member is known to be at each session. `nowMs`: its clock. */
async function listener(
  t: TestContext,
  {
    tls,
    isMember = false,
    nowMs = () => performance.now(),
  }: {
    tls?: HttpTls;
    isMember?: boolean | ((endpoint: { readonly port: number }) => boolean);
    nowMs?: () => number;
  } = {},
) {
  const heard = Object.assign(new Recorder(), {
    isMember: (endpoint: { readonly port: number }) =>
      typeof isMember === 'boolean' ? isMember : isMember(endpoint),
  });
  const transport = new HttpTransport({
    listen: [{ address: '127.0.0.1', port: 0 }],
    ...(tls !== undefined && { tls }),
    targets: new Targets(),
    proxies: {},
    guard: new CallGuard('members', ['127.0.0.1']),
    interfaces: () => new InterfaceTable(readInterfaces()),
    defaultLink: 'lo',
    nowMs,
    drawSession: () => randomBytes(16).toString('hex'),
  });
  await transport.open(heard);
  t.after(() => transport.close());
  const port = transport.endpoints[0]?.port ?? 0;
  const ask = ({ method = 'POST', path = RESOURCE, headers = {}, body, agent, localAddress }: Asked = {}) =>
    new Promise<Answered>((resolve, reject) => {
      const all = { 'content-type': MEDIA_TYPE, 'gridvine-session': SESSION, ...headers };
      const call = request(
        {
          port,
          host: '127.0.0.1',
          method,
          path,
          headers: all,
          agent: agent ?? false,
          ...(localAddress !== undefined && { localAddress }),
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
          );
        },
      );
      call.on('error', reject);
      call.end(body);
    });
  const answerTo = (port_: number, bytes: Uint8Array) =>
    transport.send(
      { kind: 'unicast', endpoint: { transport: 'http', address: '127.0.0.1', port: port_ } },
      bytes,
      'data',
    );
  return { transport, heard, ask, port, answerTo };
}

test('[P-19.2] datagrams go up in a request, and what waits for the session comes down with the answer', async (t) => {
  const { heard, ask, answerTo } = await listener(t);
  assert.equal((await ask({ body: FRAME })).status, 204);
  const path = pathOf(heard);
  const [first, second] = [new Uint8Array(40).fill(1), new Uint8Array(50).fill(2)];
  answerTo(path.port, first);
  answerTo(path.port, second);
  const { status, headers, body } = await ask();
  assert.equal(status, 200);
  assert.equal(headers['content-type'], MEDIA_TYPE);
  assert.deepEqual(decodeFrames(body), [first, second]);
  assert.equal((await ask()).status, 204);
});

test('[P-19.5] a request that waits is answered when there is something, and by a second one of its session', async (t) => {
  const { heard, ask, answerTo } = await listener(t);
  await ask({ body: FRAME });
  const path = pathOf(heard);
  const wait = { headers: { prefer: 'wait=20' } };
  const first = ask(wait);
  const second = ask(wait);
  assert.equal((await Promise.race([first, second])).status, 204);
  const said = new Uint8Array(49).fill(9);
  answerTo(path.port, said);
  const answers = await Promise.all([first, second]);
  assert.deepEqual(
    answers.flatMap(({ body }) => decodeFrames(body)),
    [said],
  );
});

test('[P-19.6] what is no request of ours gets a status and learns nothing else', async (t) => {
  const { heard, ask } = await listener(t);
  const cases: readonly (readonly [number, Asked])[] = [
    [404, { path: '/' }],
    [404, { path: '/v1/status' }],
    [404, { path: `${RESOURCE}?x=1` }],
    [405, { method: 'GET' }],
    [405, { method: 'PUT', body: FRAME }],
    [415, { headers: { 'content-type': 'text/html' }, body: FRAME }],
    [400, { headers: { 'gridvine-session': 'me' }, body: FRAME }],
    [400, { headers: { 'gridvine-session': 'AB'.repeat(16) }, body: FRAME }],
    [400, { body: FRAME.subarray(1) }],
    [400, { body: new Uint8Array([0, 0]) }],
    [400, { body: encodeFrames([new Uint8Array(31)]) }],
    [413, { body: new Uint8Array(65_537) }],
    [413, { headers: { 'transfer-encoding': 'chunked' }, body: new Uint8Array(200_000) }],
  ];
  for (const [status, asked] of cases) {
    const answered = await ask(asked).catch((error: NodeJS.ErrnoException) => error);
    // A body that is cut off may break the connection before its answer is read.
    if (answered instanceof Error) assert.equal(status, 413);
    else {
      assert.equal(answered.status, status, JSON.stringify(asked));
      assert.equal(answered.body.length, 0);
      assert.deepEqual(
        Object.keys(answered.headers).filter(
          (name) => !['connection', 'content-length', 'allow'].includes(name),
        ),
        [],
      );
    }
  }
  assert.deepEqual(heard.received, []);
  assert.equal(heard.failures.length, cases.length, 'each is counted');
  assert.ok(heard.failures.every(({ code, what }) => /^HTTP_4\d\d$/.test(code) && what === 'http'));
});

test('[P-19.6] the platform itself answers nothing that tells more: to a request without a host, or that expects something', async (t) => {
  const { port } = await listener(t);
  const answers: string[] = [];
  for (const extra of ['', 'host: a\r\nexpect: x\r\n']) {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.write(`GET /x HTTP/1.1\r\n${extra}\r\n`);
    const [answer] = await once(socket, 'data');
    answers.push(String(answer));
  }
  for (const answer of answers) {
    assert.match(answer, /^HTTP\/1\.1 404 /);
    assert.doesNotMatch(answer, /date/i);
  }
});

test('[P-19.6] requests that are refused count, too', async (t) => {
  const { ask } = await listener(t, { nowMs: () => 0 });
  const statuses: number[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  for (let i = 0; i < REQUESTS.burst + 5; i++) statuses.push((await ask({ path: '/', agent })).status);
  assert.deepEqual(statuses.slice(-5), [429, 429, 429, 429, 429]);
  assert.equal(statuses.filter((status) => status === 404).length, REQUESTS.burst);
});

test('[P-19.6] what is no HTTP is cut off', async (t) => {
  const { heard, port } = await listener(t);
  const socket = connect(port, '127.0.0.1');
  socket.write(Uint8Array.from({ length: 300 }, (_, i) => i & 255));
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'close');
  assert.match(text, /^HTTP\/1\.1 400 /);
  const long = connect(port, '127.0.0.1');
  long.write(`POST ${RESOURCE} HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`);
  long.resume().on('error', () => undefined);
  await once(long, 'close');
  assert.deepEqual(
    heard.failures.map(({ code }) => code),
    ['HTTP_400', 'HTTP_431'],
  );
});

test('[P-19.7] one address has so many connections and sessions, and what it opens beyond is refused', async (t) => {
  let ms = 0;
  const { heard, ask, port, transport } = await listener(t, { isMember: true, nowMs: () => ms });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const statuses = new Map<number, number>();
  for (let i = 0; i < SESSIONS_PER_SOURCE + 10; i++) {
    const headers = { 'gridvine-session': i.toString(16).padStart(32, '0') };
    ms += 1_000 / NEW_SESSIONS.perSecond;
    const { status, headers: said } = await ask({ headers, body: FRAME, agent });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 429) assert.equal(said['retry-after'], '5');
  }
  assert.deepEqual(Object.fromEntries(statuses), { 204: SESSIONS_PER_SOURCE, 429: 10 });
  assert.equal(transport.sessionCounts.inbound, SESSIONS_PER_SOURCE);

  agent.destroy();
  const sockets = Array.from({ length: CONNECTIONS_PER_SOURCE + 20 }, () => connect(port, '127.0.0.1'));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (const socket of sockets) socket.on('error', () => undefined).resume();
  await eventually(() => sockets.filter(({ closed }) => closed).length >= 20, { what: 'the rest is closed' });
  assert.equal(heard.failures.filter(({ code }) => code === 'HTTP_CONNECTIONS').length, 20);
});

test('[P-19.7] who keeps hundreds of connections open from two addresses keeps nobody out, and a connection that a member uses stays', async (t) => {
  let ms = 0;
  const member = 'cd'.repeat(16);
  let memberPort = 0;
  const { heard, port, ask } = await listener(t, {
    nowMs: () => ms,
    isMember: (endpoint) => endpoint.port === memberPort,
  });
  const open: Socket[] = [];
  t.after(() => {
    for (const socket of open) socket.destroy();
  });
  const askFrom = async (localAddress: string, session: string, body: Uint8Array) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    open.push(socket);
    socket.on('error', () => undefined);
    const head = `POST ${RESOURCE} HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\ncontent-type: ${MEDIA_TYPE}\r\n`;
    socket.write(`${head}gridvine-session: ${session}\r\n\r\n`);
    socket.write(body);
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^HTTP\/1\.1 204 /);
    return socket;
  };
  const first = await askFrom('127.0.0.2', member, FRAME);
  memberPort = pathOf(heard).port;
  first.write(
    `POST ${RESOURCE} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\ncontent-type: ${MEDIA_TYPE}\r\ngridvine-session: ${member}\r\n\r\n`,
  );
  await once(first, 'data');
  for (const [i, address] of ['127.0.0.2', '127.0.0.3'].entries())
    for (let n = 0; n < CONNECTIONS_PER_SOURCE; n++) {
      ms += 10;
      await askFrom(address, `${i}`.repeat(32), new Uint8Array(0));
    }
  assert.equal((await ask({ headers: { 'gridvine-session': 'ef'.repeat(16) }, body: FRAME })).status, 204);
  assert.equal((await askFrom('127.0.0.2', member, FRAME)).closed, false, 'and so may its neighbours');
  assert.equal(first.closed, false);
});

test('[P-19.7] a connection that no member uses is closed when nothing comes by it, one that a member uses is kept', async (t) => {
  for (const isMember of [false, true]) {
    let ms = 0;
    const { port } = await listener(t, { isMember, nowMs: () => ms });
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.write(
      `POST ${RESOURCE} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\ncontent-type: ${MEDIA_TYPE}\r\n`,
    );
    socket.write(`gridvine-session: ${SESSION}\r\n\r\n`);
    await once(socket, 'data');
    ms += STRANGE_KEEP_ALIVE_MS + 1;
    if (isMember) await new Promise((resolve) => setTimeout(resolve, 3_000));
    else await eventually(() => socket.closed, { what: 'it is closed' });
    assert.equal(socket.closed, !isMember);
  }
});

test('[P-19.7] who sends its header byte by byte, or nothing at all, is cut off in time, with TLS and without', async (t) => {
  const { cert, key } = selfSignedCertificate('localhost');
  const [plain, both] = [await listener(t), await listener(t, { tls: { certificate: cert, key } })];
  const inTls = () => connectTls({ port: both.port, host: '127.0.0.1', ca: cert, servername: 'localhost' });
  const slow = [connect(plain.port, '127.0.0.1'), connect(both.port, '127.0.0.1'), inTls()];
  const hello = connect(both.port, '127.0.0.1');
  hello.write(Uint8Array.of(0x16, 3));
  const silent = [connect(plain.port, '127.0.0.1'), connect(both.port, '127.0.0.1'), inTls(), hello];
  const drip = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('x');
  }, 500);
  t.after(() => clearInterval(drip));
  const all = [...slow, ...silent];
  for (const socket of all) socket.resume().on('error', () => undefined);
  for (const socket of slow) socket.write(`POST ${RESOURCE} HTTP/1.1\r\nx: `);
  t.after(() => {
    for (const socket of all) socket.destroy();
  });
  await eventually(() => all.every(({ closed }) => closed), { what: 'all are cut off', withinMs: 25_000 });
});

test('[P-19.7] datagrams have a budget, a larger one where a member is known to be', async (t) => {
  const body = encodeFrames(Array.from({ length: FRAMES_PER_BODY_MAX }, () => new Uint8Array(33)));
  const bodiesOf = ({ burst }: { readonly burst: number }) => Math.floor(burst / FRAMES_PER_BODY_MAX);
  for (const [isMember, bodies] of [
    [false, bodiesOf(STRANGE_DATAGRAMS)],
    [true, bodiesOf(KNOWN_DATAGRAMS)],
  ] as const) {
    const { ask, heard } = await listener(t, { isMember, nowMs: () => 0 });
    // The first one shows who is there.
    if (isMember) await ask();
    const statuses: number[] = [];
    for (let i = 0; i < bodies + 2; i++) statuses.push((await ask({ body })).status);
    assert.deepEqual(statuses, [...new Array<number>(bodies).fill(204), 429, 429]);
    assert.equal(
      heard.received.length,
      bodies * FRAMES_PER_BODY_MAX,
      'of what is refused nothing is acted on',
    );
  }
});

test("[P-19.7] who tells by a member's session from another address has a stranger's budget, and takes none of the member's", async (t) => {
  const { heard, ask } = await listener(t, { isMember: true, nowMs: () => 0 });
  await ask();
  const body = encodeFrames(Array.from({ length: FRAMES_PER_BODY_MAX }, () => new Uint8Array(33)));
  const bodies = Math.floor(STRANGE_DATAGRAMS.burst / FRAMES_PER_BODY_MAX);
  const statuses: number[] = [];
  for (let i = 0; i < bodies + 2; i++) statuses.push((await ask({ body, localAddress: '127.0.0.2' })).status);
  assert.deepEqual(statuses, [...new Array<number>(bodies).fill(204), 429, 429]);
  assert.equal((await ask({ body })).status, 204);
  assert.equal(heard.received.length, (bodies + 1) * FRAMES_PER_BODY_MAX);
});

test('[P-19.4] a session whose connection breaks is told to be over', async (t) => {
  const { heard, ask, port } = await listener(t);
  await ask({ body: FRAME });
  const path = pathOf(heard);
  const socket = connect(port, '127.0.0.1');
  const head = `POST ${RESOURCE} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\ncontent-type: ${MEDIA_TYPE}\r\n`;
  socket.write(`${head}gridvine-session: ${SESSION}\r\nprefer: wait=30\r\n\r\n`);
  await once(socket, 'connect');
  await new Promise((resolve) => setTimeout(resolve, 200));
  socket.destroy();
  await eventually(() => heard.refused.length > 0, { what: 'it is over', withinMs: 10_000 });
  assert.deepEqual(heard.refused, [`127.0.0.1 ${path.port}`]);
});
