import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import type { UserEvent } from '#runtime/core/event-views.ts';
import type { RunningNode } from '#runtime/driver/contract.ts';
import { allAlive, seedsOf, TestCluster } from '../support/cluster.ts';
import { createPlayground, type Playground, type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { gridvine } from '../unit/device/cli/run.ts';

/** What is delivered at a node from now on. */
function follow(node: RunningNode): UserEvent[] {
  const events: UserEvent[] = [];
  node.onUserEvent((event) => events.push(event));
  return events;
}

const payloads = (events: readonly UserEvent[]) => events.map(({ payload }) => payload);

test('events are delivered once and in order, also over a restart of who gets them', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const b = await cluster.start('b', { seeds: seedsOf(a) });
  const c = await cluster.start('c', { seeds: seedsOf(a) });
  await eventually(() => allAlive([a, b, c]), { what: 'all alive' });
  const heard = [a, b, c].map(follow);
  for (let i = 0; i < 10; i++) a.emitEvent('deploy', i);
  const ten = Array.from({ length: 10 }, (_, i) => i);
  await eventually(() => heard.every((events) => events.length === 10), { what: 'ten everywhere' });
  for (const events of heard) assert.deepEqual(payloads(events), ten);
  await b.close();
  a.emitEvent('deploy', 'meanwhile');
  const again = await cluster.start('b', { seeds: seedsOf(a) });
  const after = follow(again);
  await eventually(() => after.length > 0, { what: 'what came meanwhile' });
  a.emitEvent('deploy', 'last');
  await eventually(() => payloads(after).includes('last'), { what: 'the next one' });
  assert.deepEqual(payloads(after), ['meanwhile', 'last']);
});

test('events are iterated until the signal, and queries until all have answered', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a', { software: 'test 1' });
  const b = await cluster.start('b', { seeds: seedsOf(a), tags: { role: 'meter' } });
  await eventually(() => allAlive([a, b]), { what: 'all alive' });
  const stop = new AbortController();
  const names: string[] = [];
  const iterated = (async () => {
    for await (const { name } of b.userEvents({ name: 'alarm/', signal: stop.signal })) {
      names.push(name);
      if (names.length === 2) stop.abort();
    }
  })();
  for (const name of ['alarm/a', 'other', 'alarm/b']) a.emitEvent(name);
  await iterated;
  assert.deepEqual(names, ['alarm/a', 'alarm/b']);

  b.onQuery('load', async ({ payload }) => ({ load: 0.5, asked: payload }));
  b.onQuery('broken', () => {
    throw new Error('no sensor');
  });
  b.onQuery('long', () => 'ä'.repeat(5_000));
  assert.throws(() => b.onQuery('load', () => 1), { code: 'E_EVENT' });
  assert.throws(() => b.onQuery('uptime', () => 1), { code: 'E_EVENT' });
  const ask = async (name: string, options: Parameters<RunningNode['query']>[1] = {}) => {
    const found: Record<string, unknown> = {};
    const query = a.query(name, options);
    for await (const { name: node, kind, value, cutFrom } of query) found[node] = [kind, value, cutFrom];
    return { found, summary: await query.done };
  };
  const load = await ask('load', { payload: 7 });
  assert.deepEqual(load.found, { a: ['none', null, null], b: ['answer', { load: 0.5, asked: 7 }, null] });
  assert.equal(load.summary.end, 'complete');
  assert.deepEqual((await ask('broken', { nodes: ['b'] })).found, { b: ['failed', 'no sensor', null] });
  const { found } = await ask('long', { tags: { role: 'm*' } });
  assert.deepEqual(found, { b: ['answer', 'ä'.repeat(448), 10_000] });
  const version = await ask('version');
  assert.deepEqual(version.found.a, ['answer', { software: 'test 1', protocol: 1 }, null]);

  const ended = new AbortController();
  b.onQuery('never', () => new Promise(() => undefined));
  const query = a.query('never', { nodes: ['b'], timeoutMs: 60_000, signal: ended.signal });
  ended.abort();
  assert.equal((await query.done).end, 'cancelled');
});

test('a node in its making holds events, and one that leaves hands out what it took: a restart loses none', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const first = await cluster.start('b', { seeds: seedsOf(a), holdEvents: true });
  await eventually(() => allAlive([a, first]), { what: 'all alive' });
  let sent = 0;
  const send = () => a.emitEvent('deploy', sent++, { windowMs: 3_600_000 });
  for (let i = 0; i < 5; i++) send();
  await eventually(() => first.gauges().events >= 5, { what: 'that they came' });
  const heard = follow(first);
  first.releaseEvents();
  await eventually(() => heard.length === 5, { what: 'what was held' });
  const leaving = (async () => {
    for (let i = 0; i < 20; i++) {
      send();
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await first.leave();
  await leaving;
  const second = await cluster.start('b', { seeds: seedsOf(a), holdEvents: true });
  const later = follow(second);
  second.releaseEvents();
  await eventually(() => heard.length + later.length === 25, { what: 'the rest' });
  assert.deepEqual(
    payloads([...heard, ...later]),
    Array.from({ length: 25 }, (_, i) => i),
  );
});

test('a query that is under way when its node closes ends with what it has', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const b = await cluster.start('b', { seeds: seedsOf(a) });
  await eventually(() => allAlive([a, b]), { what: 'all alive' });
  b.onQuery('never', () => new Promise(() => undefined));
  const query = a.query('never', { timeoutMs: 60_000 });
  const answers = [];
  for await (const answer of query) {
    answers.push(answer.kind);
    void a.close();
  }
  const { end, expected, silent } = await query.done;
  assert.deepEqual([answers, end, expected, silent], [['none'], 'cancelled', 2, [b.id]]);
});

describe('gridvine event, query and reach, among three daemons with handlers', () => {
  let playground: Playground & { close(): void };
  const daemons: RunningDaemon[] = [];

  before(async () => {
    playground = createPlayground();
    for (const name of ['roof', 'barn', 'well']) {
      const log = join(playground.directory, `${name}.log`);
      writeFileSync(log, '');
      const script = `printf '%s %s %s from %s\\n' "$GRIDVINE_EVENT" "$GRIDVINE_EVENT_NAME" "$(cat)" "$GRIDVINE_SENDER" >> ${log}`;
      const handlers = [
        { on: ['user:deploy'], command: ['sh', '-c', script] },
        { on: ['user:hang'], command: ['sh', '-c', 'sleep 600'], timeout: '200ms' },
        { on: ['query:who'], command: ['sh', '-c', 'echo "I am $GRIDVINE_SELF in $GRIDVINE_TAG_SITE"'] },
      ];
      const config = join(playground.directory, `${name}.yaml`);
      writeFileSync(
        config,
        JSON.stringify({ handlers, tags: { site: name === 'well' ? 'south' : 'north' } }),
      );
      const seeds = daemons.slice(0, 1).map(({ bind }) => bind);
      daemons.push(await startDaemon(playground, { name, join: seeds, args: ['--config', config] }));
    }
    for (const daemon of daemons)
      await daemon.waitFor<{ members: { alive: number } }>(
        '/v1/status',
        ({ members }) => members.alive === 3,
      );
  });

  after(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    playground.close();
  });

  const cli = (daemon: RunningDaemon | undefined, ...argv: string[]) =>
    gridvine([...argv, '--socket', daemon?.socket ?? '']);
  const logOf = (name: string) => readFileSync(join(playground.directory, `${name}.log`), 'utf8');

  it('each daemon runs its script for each event, once and in order', async () => {
    const [roof] = daemons;
    for (let i = 0; i < 5; i++) assert.equal((await cli(roof, 'event', 'send', 'deploy', `"v${i}"`)).code, 0);
    const expected = Array.from({ length: 5 }, (_, i) => `user deploy v${i} from roof\n`).join('');
    for (const name of ['roof', 'barn', 'well'])
      await eventually(() => logOf(name) === expected, { what: `the log of ${name}` });
  });

  it('a script that hangs is ended, and shown', async () => {
    await cli(daemons[0], 'event', 'send', 'hang');
    for (const daemon of daemons)
      await daemon.waitFor<{ health: { code: string; text: string }[] }>('/v1/status', ({ health }) =>
        health.some(({ code, text }) => code === 'handler-failed' && /took longer than 200 ms/.test(text)),
      );
  });

  it('a query is answered by scripts, and reach is content', async () => {
    const { code, stdout } = await cli(daemons[0], 'query', 'who', '--tag', 'site=north');
    assert.equal(code, 0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ \(.*$/, ''));
    assert.deepEqual(lines.sort(), ['barn I am barn in north', 'roof I am roof in north']);
    const reach = await cli(daemons[1], 'reach');
    assert.equal(reach.code, 0, reach.stdout);
    assert.match(reach.stdout, /All members answer, and see all others/);
  });

  it('a restart in order runs each script once, whatever is sent meanwhile', async () => {
    const [roof, barn] = daemons;
    const before = logOf('barn');
    let next = 0;
    const send = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const { code } = await cli(roof, 'event', 'send', 'deploy', `"r${next++}"`, '--window', '1h');
        assert.equal(code, 0);
      }
    };
    const expected = () => Array.from({ length: next }, (_, i) => `user deploy r${i} from roof\n`).join('');
    const isThere = () => logOf('barn').slice(before.length) === expected();
    await send(3);
    // What its scripts don't manage within its stop is cut, however slow this machine is: so they have done.
    await eventually(isThere, { what: 'the first ones in the log of barn' });
    assert.equal(await barn?.stop('SIGTERM'), 0);
    await send(8);
    const config = join(playground.directory, 'barn.yaml');
    const args = ['--config', config];
    const [again] = await Promise.all([
      startDaemon(playground, { name: 'barn', join: [roof?.bind ?? ''], args }),
      send(8),
    ]);
    daemons[1] = again;
    await eventually(isThere, { what: 'the log of barn' });
    // Anything that comes twice would come before this.
    await send(1);
    await eventually(() => logOf('barn').includes(`r${next - 1} `), { what: 'one more event' });
    assert.equal(logOf('barn').slice(before.length), expected());
  });

  it('a daemon that is killed runs no script again', async () => {
    const [roof, barn] = daemons;
    await cli(roof, 'event', 'send', 'deploy', 'before', '--window', '1h');
    await eventually(() => logOf('barn').includes('before'), { what: 'the event at barn' });
    await barn?.stop('SIGKILL');
    await cli(roof, 'event', 'send', 'deploy', 'meanwhile', '--window', '1h');
    const config = join(playground.directory, 'barn.yaml');
    const seeds = [roof?.bind ?? ''];
    daemons[1] = await startDaemon(playground, { name: 'barn', join: seeds, args: ['--config', config] });
    await eventually(() => logOf('barn').includes('meanwhile'), { what: 'what came meanwhile' });
    assert.equal(logOf('barn').split('before').length, 2, logOf('barn'));
  });
});
