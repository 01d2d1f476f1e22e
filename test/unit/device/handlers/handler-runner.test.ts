import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeParse } from 'valibot';
import { handlersSchema } from '#device/handlers/config.ts';
import { WAITING_MAX } from '#device/handlers/handler-queue.ts';
import { HandlerRunner } from '#device/handlers/handler-runner.ts';
import type { QueryReceived } from '#runtime/core/query-views.ts';
import { CutAnswer } from '#runtime/driver/node-queries.ts';
import { FakeNode, memberView } from '../../../support/fake-node.ts';
import { FakeProcesses } from '../../firmware-bridge/support/fake-processes.ts';
import { ManualClock } from '../../firmware-bridge/support/manual-clock.ts';

const SENDER = 'ab'.repeat(16);

function bench(...handlers: object[]) {
  const parsed = safeParse(handlersSchema, handlers);
  assert.ok(parsed.success, JSON.stringify(parsed.issues?.map(({ message }) => message)));
  const node = new FakeNode();
  const processes = new FakeProcesses();
  const clock = new ManualClock();
  const logged: string[] = [];
  const runner = new HandlerRunner({
    configs: parsed.output,
    node,
    processes,
    clock,
    socket: '/run/api.sock',
    log: (_level, event) => void logged.push(event),
  });
  runner.start();
  let number = 0;
  const event = (name: string, payload: unknown = null) =>
    node.emit({
      type: 'user-event',
      event: {
        name,
        payload: payload as never,
        sender: SENDER,
        senderName: 'barn',
        number: ++number,
        id: `0000002a-${number}`,
        ageMs: 5,
      },
    });
  const query = (name: string, changes: Partial<QueryReceived> = {}) =>
    node.responders.get(name)?.({
      name,
      payload: null,
      asker: SENDER,
      askerName: 'barn',
      number: 9,
      leftMs: 5_000,
      ...changes,
    });
  const codes = () => runner.health().map(({ code }) => code);
  const inputs = () => processes.children.map(({ command }) => Buffer.from(command.input ?? []).toString());
  return { node, processes, clock, runner, event, query, codes, inputs, logged };
}

test('a script runs at the events that it is for, with variables and the payload on its input', async () => {
  const { node, processes, event, clock, inputs } = bench({
    on: ['user:deploy'],
    command: ['/opt/on-deploy', '--now'],
    env: { MODE: 'x' },
    passEnv: ['SECRET_TOKEN'],
  });
  event('other');
  event('deploy', 'version 7');
  await clock.advance(0);
  assert.equal(processes.children.length, 1);
  const { program, args, env } = processes.last.command;
  assert.deepEqual([program, args], ['/opt/on-deploy', ['--now']]);
  assert.deepEqual(env, {
    PATH: '/bin',
    SECRET_TOKEN: 'canary',
    MODE: 'x',
    GRIDVINE_SELF: node.name,
    GRIDVINE_SELF_ID: node.id,
    GRIDVINE_SOCKET: '/run/api.sock',
    GRIDVINE_EVENT: 'user',
    GRIDVINE_EVENT_NAME: 'deploy',
    GRIDVINE_EVENT_NUMBER: '2',
    GRIDVINE_EVENT_ID: '0000002a-2',
    GRIDVINE_EVENT_AGE_MS: '5',
    GRIDVINE_SENDER: 'barn',
    GRIDVINE_SENDER_ID: SENDER,
  });
  assert.deepEqual(inputs(), ['version 7']);
});

test('payloads come as text, nothing or JSON', async () => {
  const { processes, event, clock, inputs } = bench({ on: ['user'], command: ['x'] });
  for (const payload of ['a b', null, { a: [1, true] }, Uint8Array.of(1), 5]) {
    event('e', payload);
    await clock.advance(0);
    processes.last.ends({ code: 0 });
    await clock.advance(0);
  }
  assert.deepEqual(inputs(), ['a b', '', '{"a":[1,true]}', '{"$bytes":"AQ=="}', '5']);
});

test('members that join, leave and fail are told as serf tells them', async () => {
  const { node, processes, clock, inputs } = bench({
    on: ['member-join', 'member-failed'],
    command: ['x'],
  });
  const endpoint = { transport: 'udp', address: '10.0.0.9', port: 1 } as const;
  node.others = [
    memberView({ id: SENDER, name: 'barn', endpoints: [endpoint], tags: { role: 'meter', site: 'n' } }),
  ];
  const about = { type: 'member', id: SENDER, name: 'barn', boot: 1, incarnation: 0 } as const;
  node.emit({ ...about, from: undefined, to: 'alive' });
  node.emit({ ...about, from: 'alive', to: 'left' });
  await clock.advance(0);
  processes.last.ends({ code: 0 });
  await clock.advance(0);
  assert.deepEqual(inputs(), ['barn\t10.0.0.9\tmeter\trole=meter,site=n\n']);
  assert.equal(processes.last.command.env.GRIDVINE_EVENT, 'member-join');
  node.emit({ ...about, from: 'suspect', to: 'down' });
  await clock.advance(0);
  assert.equal(processes.last.command.env.GRIDVINE_EVENT, 'member-failed');
  assert.equal(processes.last.command.env.GRIDVINE_MEMBER_ADDRESS, '10.0.0.9');
});

test('one handler runs one script at a time, in the order of the events', async () => {
  const { processes, event, clock, inputs } = bench({ on: ['user'], command: ['x'] });
  for (const name of ['a', 'b', 'c']) event('e', name);
  await clock.advance(0);
  assert.deepEqual(inputs(), ['a']);
  processes.last.ends({ code: 0 });
  await clock.advance(0);
  processes.last.ends({ code: 0 });
  await clock.advance(0);
  assert.deepEqual(inputs(), ['a', 'b', 'c']);
});

test('no more than four scripts of all handlers run at once', async () => {
  const { processes, event, clock } = bench(
    ...Array.from({ length: 6 }, () => ({ on: ['user'], command: ['x'] })),
  );
  event('e');
  await clock.advance(0);
  assert.equal(processes.children.length, 4);
  processes.children[1]?.ends({ code: 0 });
  await clock.advance(0);
  assert.equal(processes.children.length, 5);
});

test('a script that hangs is ended, with SIGKILL where it has to be, and the next one runs', async () => {
  const { processes, event, clock, codes, runner, inputs } = bench({
    on: ['user'],
    command: ['/opt/slow'],
    timeout: '2s',
  });
  event('e', 'a');
  event('e', 'b');
  await clock.advance(1_999);
  assert.deepEqual(processes.last.signals, []);
  await clock.advance(1);
  assert.deepEqual(processes.last.signals, ['SIGTERM']);
  await clock.advance(1_000);
  assert.deepEqual(processes.last.signals, ['SIGTERM', 'SIGKILL']);
  processes.last.ends({ signal: 'SIGKILL' });
  await clock.advance(0);
  assert.deepEqual(inputs(), ['a', 'b']);
  assert.deepEqual(codes(), ['handler-failed']);
  assert.match(runner.health()[0]?.text ?? '', /handlers\[0\], \/opt\/slow, took longer than 2000 ms/);
  assert.deepEqual(runner.counters(), { runs: 1, failed: 1, timedOut: 1, dropped: 0 });
});

test('a script that not even SIGKILL ends does not hold up the next one', async () => {
  const { event, clock, inputs } = bench({ on: ['user'], command: ['x'], timeout: '1s' });
  event('e', 'a');
  event('e', 'b');
  await clock.advance(3_100);
  assert.deepEqual(inputs(), ['a', 'b']);
});

test('a failure is shown with what the script said, until it does well', async () => {
  const { processes, event, clock, codes, runner, logged } = bench({ on: ['user'], command: ['/opt/x'] });
  event('e');
  event('e');
  await clock.advance(0);
  processes.last.complains('line one\nno such pump\n');
  processes.last.ends({ code: 3 });
  await clock.advance(0);
  assert.match(runner.health()[0]?.text ?? '', /ended with exit code 3: line one \/ no such pump/);
  assert.deepEqual(logged, ['handler-failed']);
  processes.last.ends({ code: 0 });
  await clock.advance(0);
  assert.deepEqual(codes(), []);
});

test('a script that can not be started is a failure like others', async () => {
  const { processes, event, clock, runner } = bench({ on: ['user'], command: ['/none'] });
  event('e');
  await clock.advance(0);
  processes.last.ends({ error: 'spawn /none ENOENT' });
  await clock.advance(0);
  assert.match(runner.health()[0]?.text ?? '', /could not be started: spawn \/none ENOENT/);
});

test('too many events are dropped, counted and shown, until it has caught up', async () => {
  const { processes, event, clock, codes, runner } = bench({ on: ['user'], command: ['x'] });
  for (let i = 0; i < WAITING_MAX + 3; i++) event('e', i);
  await clock.advance(0);
  assert.equal(runner.counters().dropped, 2, 'one runs, and the others wait');
  assert.deepEqual(codes(), ['handler-behind']);
  assert.match(runner.health()[0]?.text ?? '', /2 events were not handled by x/);
  for (let i = 0; i < WAITING_MAX + 1; i++) {
    processes.last.ends({ code: 0 });
    await clock.advance(0);
  }
  assert.deepEqual(codes(), []);
});

// B-111
test('a handler that coalesces runs once for the last of several events of a name', async () => {
  const { processes, event, clock, inputs } = bench({ on: ['user'], command: ['x'], coalesce: '2s' });
  event('e', 1);
  event('e', 2);
  event('f', 3);
  await clock.advance(1_000);
  event('e', 4);
  assert.deepEqual(inputs(), []);
  await clock.advance(1_000);
  assert.deepEqual(inputs(), ['3']);
  processes.last.ends({ code: 0 });
  await clock.advance(0);
  assert.deepEqual(inputs(), ['3', '4']);
});

test('what a script prints answers a query', async () => {
  const { processes, query, clock } = bench({ on: ['query:load'], command: ['/opt/load'] });
  const answer = query('load', { payload: 'please' });
  await clock.advance(0);
  const { env, input } = processes.last.command;
  assert.equal(env.GRIDVINE_QUERY_LEFT_MS, '5000');
  assert.equal(Buffer.from(input ?? []).toString(), 'please');
  processes.last.prints('0.42\n');
  processes.last.ends({ code: 0 });
  assert.equal(await answer, '0.42');
});

test('a query whose script fails, hangs or is not begun in time is answered with why', async () => {
  const { processes, query, clock } = bench({ on: ['query:load'], command: ['x'] });
  const failed = query('load');
  await clock.advance(0);
  processes.last.complains('no sensor');
  processes.last.ends({ code: 1 });
  await assert.rejects(async () => failed, /ended with exit code 1: no sensor/);
  const slow = query('load', { leftMs: 700 });
  const late = query('load', { leftMs: 600 });
  await clock.advance(700);
  processes.last.ends({ signal: 'SIGTERM' });
  await assert.rejects(async () => slow, /took longer than 700 ms/);
  await assert.rejects(async () => late, /too busy/);
  assert.equal(processes.children.length, 2);
});

// B-113
test('output without end is cut, and its size told', async () => {
  const { processes, query, clock } = bench({ on: ['query:dump'], command: ['x'] });
  const answer = query('dump');
  await clock.advance(0);
  for (let i = 0; i < 100; i++) processes.last.prints('ä'.repeat(1_000));
  processes.last.ends({ code: 0 });
  const cut = await answer;
  assert.ok(cut instanceof CutAnswer);
  assert.equal(cut.bytes, 200_000);
  assert.equal(cut.text, 'ä'.repeat(448));
});

test('after stop nothing is begun, and what runs is ended', async () => {
  const { node, processes, event, clock, runner } = bench(
    { on: ['user'], command: ['x'] },
    { on: ['query:load'], command: ['x'] },
  );
  event('e', 1);
  event('e', 2);
  await clock.advance(0);
  const stopped = runner.stop();
  assert.deepEqual(processes.last.signals, ['SIGTERM']);
  processes.last.ends({ signal: 'SIGTERM' });
  await stopped;
  event('e', 3);
  await clock.advance(0);
  assert.equal(processes.children.length, 1);
  assert.equal(node.responders.size, 0);
  assert.deepEqual(runner.health(), []);
});

test('the configuration refuses what no handler can be, with what it expected', () => {
  const refused = (handlers: unknown, pattern: RegExp) => {
    const { success, issues } = safeParse(handlersSchema, handlers);
    assert.ok(!success);
    assert.match(issues.map(({ message }) => message).join('; '), pattern);
  };
  const command = ['x'];
  refused([{ on: ['member'], command }], /one of member-join, .*user:NAME, query:NAME/);
  refused([{ on: [], command }], /at least one of/);
  refused([{ on: ['user'], command: [] }], /a program and its arguments/);
  refused([{ on: ['user'], command: 'rm -rf' }], /a program and its arguments/);
  refused([{ on: ['user'], command, timeout: '2h' }], /a duration from 100ms to 1h/);
  refused([{ on: ['user'], command, env: { 'A B': 'x' } }], /a name of a variable/);
  refused([{ on: ['query:uptime'], command }], /another query than ping, uptime, version, reach/);
  refused(
    [
      { on: ['query:a'], command },
      { on: ['query:a'], command },
    ],
    /each query at one handler only/,
  );
});

test('a query does not wait for more events of the same kind', async () => {
  const { processes, event, query, clock } = bench({
    on: ['user', 'query:load'],
    command: ['x'],
    coalesce: '10m',
  });
  event('e', 1);
  await clock.advance(1_000);
  assert.equal(processes.children.length, 0);
  const answer = query('load');
  await clock.advance(0);
  processes.last.ends({ code: 0 });
  await clock.advance(0);
  assert.equal(processes.children.length, 2, 'first what came before');
  processes.last.prints('0.5');
  processes.last.ends({ code: 0 });
  assert.equal(await answer, '0.5');
});

test('scripts that nothing ends keep their places: there are never more than four', async () => {
  const handlers = Array.from({ length: 6 }, () => ({ on: ['user'], command: ['x'], timeout: '1s' }));
  const { processes, event, clock, codes } = bench(...handlers);
  event('e', 1);
  await clock.advance(0);
  await clock.advance(1_000);
  await clock.advance(1_000);
  await clock.advance(1_000);
  await clock.advance(60_000);
  assert.equal(processes.children.length, 4);
  assert.ok(codes().includes('handler-failed'));
  processes.children[0]?.ends({ signal: 'SIGKILL' });
  await clock.advance(0);
  assert.equal(processes.children.length, 5);
});

test('a query that nobody waits for any more is not run, and counted', async () => {
  const { processes, query, clock, runner } = bench({ on: ['query:load'], command: ['x'] });
  void query('load');
  const late = query('load', { leftMs: 500 });
  const refused = assert.rejects(async () => late, /too busy/);
  await clock.advance(0);
  await clock.advance(600);
  processes.last.ends({ code: 0 });
  await refused;
  assert.deepEqual([processes.children.length, runner.counters().dropped], [1, 1]);
});

test('before it stops, what was called for is done, as far as there is time', async () => {
  const { processes, event, clock, runner, logged } = bench({ on: ['user'], command: ['x'], coalesce: '5m' });
  event('a', 1);
  event('b', 2);
  event('c', 3);
  const drained = runner.drain(2_000);
  await clock.advance(0);
  processes.last.ends({ code: 0 });
  await clock.advance(0);
  assert.equal(processes.children.length, 2, 'without waiting for more of the same');
  await clock.advance(2_000);
  await drained;
  const stopped = runner.stop();
  processes.last.ends({ signal: 'SIGTERM' });
  await stopped;
  assert.equal(processes.children.length, 2);
  assert.equal(runner.counters().dropped, 1);
  assert.ok(logged.includes('handler-cut'));
});
