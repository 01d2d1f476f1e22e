import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { startApiServer } from '#device/api/api-server.ts';
import { EventLog } from '#device/api/event-log.ts';
import { SseParser } from '#device/cli/sse-parser.ts';
import { eventually } from '../../../support/eventually.ts';
import { FakeNode, recordView } from '../../../support/fake-node.ts';
import { FleetBoard } from '../../../support/fleet.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const MAIN = join(import.meta.dirname, '../../../../device/main.ts');

function watch(
  t: TestContext,
  socket: string,
  ...args: string[]
): { child: ChildProcess; out: () => string; err: () => string } {
  const child = spawn(process.execPath, [MAIN, 'watch', '--socket', socket, ...args]);
  t.after(() => child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text;
  });
  return { child, out: () => out, err: () => err };
}

/** A fake daemon that can be stopped and started again with its events kept. */
async function fakeDaemon(t: TestContext, socket: string, events: EventLog, node: FakeNode) {
  const server = await startApiServer({
    service: {
      node,
      version: '1',
      protocol: 1,
      events,
      profile: () => null,
      sources: () => [],
      fleet: new FleetBoard(node).desk,
      health: () => [],
      leave: async () => undefined,
    },
    socket,
    onError: (error) => assert.fail(String(error)),
    heartbeatMs: 20,
  });
  t.after(() => server.close());
  return server;
}

function setUp() {
  const node = new FakeNode();
  const events = new EventLog({ boot: node.boot, nowMs: () => 0 });
  node.onEvent((event) => events.append(event));
  const put = (key: string, value: number) =>
    node.emit({ type: 'record', change: 'put', record: recordView({ key, value }) });
  return { node, events, put };
}

describe('gridvine watch', () => {
  test('prints one JSON object a line, and goes on where it was when the daemon comes back', async (t) => {
    const socket = join(await temporaryDirectory(t), 'api.sock');
    const { node, events, put } = setUp();
    const first = await fakeDaemon(t, socket, events, node);
    const { out, err } = watch(t, socket, 'pump/', '--json');
    await eventually(() => {
      put('pump/a', 1);
      return out() !== '';
    });
    await first.close();
    await eventually(() => err().includes('the daemon closed the stream; reconnecting'));
    put('pump/missed', 2);
    put('other/missed', 3);
    await fakeDaemon(t, socket, events, node);
    await eventually(() => out().includes('pump/missed'), { withinMs: 20_000 });
    const lines = out()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(lines.at(-1).schema, 'gridvine.event/1');
    assert.deepEqual(
      lines.filter(({ record }) => record.key === 'pump/missed').map(({ record }) => record.value),
      [2],
    );
    assert.equal(new Set(lines.map(({ cursor }) => cursor)).size, lines.length, 'something came twice');
    assert.ok(lines.every(({ record }) => record.key.startsWith('pump/')));
  });

  test('tells people what changed, in a line', async (t) => {
    const socket = join(await temporaryDirectory(t), 'api.sock');
    const { node, events, put } = setUp();
    await fakeDaemon(t, socket, events, node);
    const { out } = watch(t, socket);
    await eventually(() => {
      put('pump/a', 1);
      return out() !== '';
    });
    assert.match(out(), /^pump-house pump\/a = 1 \(5ms old\)\n/);
  });

  test('tells people of identities that live twice, and where', async (t) => {
    const socket = join(await temporaryDirectory(t), 'api.sock');
    const { node, events } = setUp();
    await fakeDaemon(t, socket, events, node);
    const { out } = watch(t, socket);
    const lives = ['10.0.0.7', '10.0.0.8'].map((address) => ({
      boot: 3,
      endpoint: { transport: 'udp' as const, address, port: 18262 },
    }));
    const twin = { type: 'twin', id: 'cd'.repeat(16), name: 'barn' } as const;
    await eventually(() => {
      node.emit({ ...twin, change: 'seen', lives });
      node.emit({ ...twin, change: 'over', lives: [] });
      return out().includes('no longer');
    });
    assert.match(
      out(),
      /^barn runs twice: 10\.0\.0\.7:18262, 10\.0\.0\.8:18262\nbarn no longer runs twice\n/,
    );
  });

  test('--since start begins with all records, and a gap while the daemon was away brings them again', async (t) => {
    const socket = join(await temporaryDirectory(t), 'api.sock');
    const { node, events } = setUp();
    node.arrive(recordView({ key: 'pump/a', value: 1 }));
    const first = await fakeDaemon(t, socket, events, node);
    const { out, err } = watch(t, socket, 'pump/', '--since', 'start');
    await eventually(() => out().includes('pump/a = 1'));
    assert.match(out(), /^\(all 1 records follow\)\n/);
    await first.close();
    await eventually(() => err().includes('reconnecting'));
    // Its next life knows nothing of the events before.
    const later = new EventLog({ boot: node.boot + 1, nowMs: () => 0 });
    node.arrive(recordView({ key: 'pump/b', value: 2 }));
    await fakeDaemon(t, socket, later, node);
    await eventually(() => out().includes('pump/b = 2'), { withinMs: 20_000 });
    assert.match(out(), /\(all 2 records follow; some events missed: restarted\)\n.* pump\/a = 1/);
  });

  test('a cursor that is none is a mistake that is named', async (t) => {
    const socket = join(await temporaryDirectory(t), 'api.sock');
    const { node, events } = setUp();
    await fakeDaemon(t, socket, events, node);
    const { child, err } = watch(t, socket, '--since', 'yesterday');
    assert.equal((await once(child, 'exit'))[0], 2);
    assert.match(err(), /since: expected the id of an event, or start; got "yesterday"/);
  });

  test('ends quietly when its reader goes away', async (t) => {
    const socket = join(await temporaryDirectory(t), 'api.sock');
    const { node, events, put } = setUp();
    await fakeDaemon(t, socket, events, node);
    const { child, out, err } = watch(t, socket);
    const ended = once(child, 'exit');
    await eventually(() => {
      put('a', 1);
      return out() !== '';
    });
    child.stdout?.destroy();
    const writing = setInterval(() => put('a', 2), 5);
    t.after(() => clearInterval(writing));
    assert.equal((await ended)[0], 0);
    assert.equal(err(), '');
  });
});

describe('the reader of server-sent events', () => {
  test('does not care where the text is cut', () => {
    const text =
      ': hello\nid: 1.1\n\nid: 1.2\nevent: record\ndata: {"a":\ndata: 1}\n\r\nretry: 5\ndata:x\n\n';
    const whole = new SseParser().push(text);
    assert.deepEqual(whole, [
      { type: 'record', data: '{"a":\n1}' },
      { type: 'message', data: 'x' },
    ]);
    const parser = new SseParser();
    assert.deepEqual(
      [...text].flatMap((character) => parser.push(character)),
      whole,
    );
    assert.equal(parser.lastId, '1.2');
  });

  test('an id without data is where to resume', () => {
    const parser = new SseParser();
    assert.deepEqual(parser.push('id: 7.7\n\n'), []);
    assert.equal(parser.lastId, '7.7');
  });

  test('a line that never ends is refused', () => {
    const parser = new SseParser();
    assert.throws(() => {
      for (let i = 0; i < 20; i++) parser.push('x'.repeat(100_000));
    }, /too long/);
  });
});
