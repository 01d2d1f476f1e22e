import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { SseParser } from '#device/cli/sse-parser.ts';
import { eventually } from '../../../support/eventually.ts';
import { memberView, recordView } from '../../../support/fake-node.ts';
import { type ApiHarness, startHarness } from './harness.ts';

/** Follows a stream; what arrived is in `events`. */
function follow(response: IncomingMessage) {
  const parser = new SseParser();
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of any shape
  const events: { type: string; data: any }[] = [];
  response.setEncoding('utf8').on('data', (text: string) => {
    for (const { type, data } of parser.push(text)) events.push({ type, data: JSON.parse(data) });
  });
  response.on('error', () => undefined);
  return { events, parser, close: () => response.destroy() };
}

function putRecord(api: ApiHarness, key: string, value: string | number = 1): void {
  api.node.emit({ type: 'record', change: 'put', record: recordView({ key, value }) });
}

describe('GET /v1/stream', () => {
  test('tells changes from now on, each with a cursor', async (t) => {
    const api = await startHarness(t);
    putRecord(api, 'before');
    const response = await api.open('/v1/stream');
    assert.equal(response.headers['content-type'], 'text/event-stream');
    const { events, parser } = follow(response);
    putRecord(api, 'after', 5);
    await eventually(() => events.length === 1);
    const [{ type, data } = { type: '', data: {} }] = events;
    assert.equal(type, 'record');
    assert.equal(data.schema, 'gridvine.event/1');
    assert.equal(data.cursor, '3.2');
    assert.equal(data.change, 'put');
    assert.deepEqual([data.record.key, data.record.value], ['after', 5]);
    assert.equal(parser.lastId, '3.2');
  });

  test('members come too, and what concerns only the driver does not', async (t) => {
    const api = await startHarness(t);
    const { events } = follow(await api.open('/v1/stream'));
    api.node.emit({ type: 'boot-behind', seenBoot: 9 });
    const { id, name, boot, incarnation } = memberView({ name: 'b' });
    api.node.emit({ type: 'member', id, name, from: undefined, to: 'alive', boot, incarnation });
    await eventually(() => events.length === 1);
    assert.deepEqual(events[0]?.data, {
      schema: 'gridvine.event/1',
      cursor: '3.2',
      type: 'member',
      id,
      name,
      from: null,
      to: 'alive',
      boot,
      incarnation,
    });
  });

  test('a prefix lets only records below it pass', async (t) => {
    // B-74
    const api = await startHarness(t);
    const { events } = follow(await api.open('/v1/stream?prefix=pump%2F'));
    putRecord(api, 'pumpkin');
    api.node.emit({ type: 'member', id: 'x', name: 'b', from: 'alive', to: 'down', boot: 1, incarnation: 0 });
    putRecord(api, 'pump/target');
    await eventually(() => events.length > 0);
    assert.deepEqual(
      events.map(({ data }) => data.record.key),
      ['pump/target'],
    );
  });

  for (const how of ['Last-Event-ID', 'cursor'] as const) {
    test(`resumes by ${how} with exactly what was missed`, async (t) => {
      const api = await startHarness(t);
      for (const key of ['a', 'b', 'c']) putRecord(api, key);
      const response =
        how === 'cursor'
          ? await api.open('/v1/stream?cursor=3.1')
          : await api.open('/v1/stream', { 'Last-Event-ID': '3.1' });
      const { events } = follow(response);
      await eventually(() => events.length === 2);
      assert.deepEqual(
        events.map(({ data }) => data.record.key),
        ['b', 'c'],
      );
    });
  }

  test("a resumed record's age includes the time that it waited", async (t) => {
    const api = await startHarness(t);
    putRecord(api, 'a');
    api.clock.nowMs += 700;
    const { events } = follow(await api.open('/v1/stream?cursor=3.0'));
    await eventually(() => events.length === 1);
    assert.equal(events[0]?.data.record.ageMs, 705);
  });

  test('a cursor whose next event is gone gets an overflow with the number missed, and goes on', async (t) => {
    const api = await startHarness(t, { capacity: 2 });
    for (const key of ['a', 'b', 'c', 'd']) putRecord(api, key);
    const { events } = follow(await api.open('/v1/stream?cursor=3.1'));
    await eventually(() => events.length === 3);
    assert.deepEqual(events[0], {
      type: 'overflow',
      data: { schema: 'gridvine.event/1', cursor: '3.2', type: 'overflow', reason: 'behind', missed: 1 },
    });
    assert.deepEqual(
      events.slice(1).map(({ data }) => data.record.key),
      ['c', 'd'],
    );
  });

  test('a cursor of an earlier life gets an overflow of unknown size', async (t) => {
    const api = await startHarness(t);
    putRecord(api, 'a');
    const { events } = follow(await api.open('/v1/stream?cursor=2.55'));
    await eventually(() => events.length === 2);
    assert.equal(events[0]?.data.reason, 'restarted');
    assert.equal(events[0]?.data.missed, null);
    assert.equal(events[1]?.data.record.key, 'a');
  });

  test('a reader that does not read costs no memory: it is told what it missed once it reads again', async (t) => {
    const api = await startHarness(t, { capacity: 16 });
    const response = await api.open('/v1/stream');
    response.pause();
    const value = 'x'.repeat(800);
    const total = 5_000;
    for (let i = 0; i < total; i++) {
      putRecord(api, `k${i}`, value);
      // Lets the socket take what it can, as it would between events of a real node.
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const { events } = follow(response);
    response.resume();
    await eventually(() => events.at(-1)?.data.record?.key === `k${total - 1}`);
    const missed = events.filter(({ type }) => type === 'overflow').map(({ data }) => data.missed as number);
    assert.ok(missed.length > 0, 'nothing was missed: the reader was not slow');
    const told = events.filter(({ type }) => type === 'record').length;
    assert.equal(told + missed.reduce((sum, count) => sum + count, 0), total);
  });

  test('a heartbeat carries the cursor, so that a filtered reader does not fall behind', async (t) => {
    const api = await startHarness(t, { heartbeatMs: 5 });
    const { events, parser } = follow(await api.open('/v1/stream?prefix=none'));
    putRecord(api, 'a');
    await eventually(() => parser.lastId === '3.1');
    assert.deepEqual(events, []);
  });

  test('a bad cursor is 400', async (t) => {
    const api = await startHarness(t);
    const { status, json } = await api.call('GET', '/v1/stream?cursor=yesterday');
    assert.equal(status, 400);
    assert.match(json.error.message, /cursor: expected the id of an event; got "yesterday"/);
  });

  test('one stream too many is 503, until another closes', async (t) => {
    const api = await startHarness(t);
    const open = await Promise.all(Array.from({ length: 64 }, () => api.open('/v1/stream')));
    const { status, headers } = await api.call('GET', '/v1/stream');
    assert.equal(status, 503);
    assert.equal(headers['retry-after'], '5');
    open[0]?.destroy();
    const response = await eventually(async () => {
      const again = await api.open('/v1/stream');
      return again.statusCode === 200 ? again : undefined;
    });
    for (const stream of [...open, response]) stream.destroy();
  });
});

describe('GET /v1/stream?since=', () => {
  const shortOf = ({
    type,
    data,
  }: {
    type: string;
    data: { record?: { key: string }; [name: string]: unknown };
  }) => (type === 'record' ? `${data.change} ${data.record?.key}` : `${type} ${data.reason ?? ''}`.trim());

  test('a cursor that is still held resumes with what was missed, and nothing else', async (t) => {
    const api = await startHarness(t);
    for (const key of ['a', 'b', 'c']) putRecord(api, key);
    const { events } = follow(await api.open('/v1/stream?since=3.1'));
    await eventually(() => events.length === 2);
    assert.deepEqual(events.map(shortOf), ['put b', 'put c']);
  });

  for (const [name, since, reason, missed] of [
    ['too old', '3.1', 'behind', 1],
    ['of an earlier life', '2.55', 'restarted', null],
    ['start', 'start', 'start', null],
  ] as const) {
    test(`one that is ${name} gets a reset, all records below the prefix, and goes on`, async (t) => {
      const api = await startHarness(t, { capacity: 2 });
      for (const key of ['p/a', 'p/b', 'x', 'p/c']) api.node.arrive(recordView({ key }));
      const { events, parser } = follow(await api.open(`/v1/stream?prefix=p/&since=${since}`));
      await eventually(() => events.length === 5);
      assert.deepEqual(events.map(shortOf), [
        `reset ${reason}`,
        'put p/a',
        'put p/b',
        'put p/c',
        'state-end',
      ]);
      assert.deepEqual([events[0]?.data.missed, events[0]?.data.records], [missed, 3]);
      assert.equal(events[1]?.data.state, true);
      assert.equal(parser.lastId, '3.4');
      putRecord(api, 'p/d');
      await eventually(() => events.length === 6);
      assert.equal(events[5]?.data.state, undefined);
    });
  }

  test('what happened before the state that was told does not take a value back', async (t) => {
    const api = await startHarness(t);
    api.node.arrive(recordView({ key: 'a', value: 3, version: 30 }));
    const { events } = follow(await api.open('/v1/stream?since=start'));
    await eventually(() => events.length === 3);
    // Events may come a while after what readers see already.
    for (const [value, version] of [
      [2, 20],
      [4, 40],
    ] as const)
      api.node.emit({ type: 'record', change: 'put', record: recordView({ key: 'a', value, version }) });
    await eventually(() => events.length === 4);
    const values = events.filter(({ type }) => type === 'record').map(({ data }) => data.record.value);
    assert.deepEqual(values, [3, 4]);
  });

  test('the last event of an EventSource counts more than the address that it calls again', async (t) => {
    const api = await startHarness(t);
    for (const key of ['a', 'b']) putRecord(api, key);
    const { events } = follow(await api.open('/v1/stream?since=start', { 'Last-Event-ID': '3.1' }));
    await eventually(() => events.length === 1);
    assert.deepEqual(events.map(shortOf), ['put b']);
  });

  test('something else is refused, and says what is expected', async (t) => {
    const api = await startHarness(t);
    const { status, json } = await api.call('GET', '/v1/stream?since=yesterday');
    assert.equal(status, 400);
    assert.match(json.error.message, /since: expected the id of an event, or start; got "yesterday"/);
  });
});
