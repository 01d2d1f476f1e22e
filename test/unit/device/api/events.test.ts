import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { SseParser } from '#device/cli/sse-parser.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import type { QueryAnswer } from '#runtime/core/query-views.ts';
import type { RunningQuery } from '#runtime/driver/node-queries.ts';
import { eventually } from '../../../support/eventually.ts';
import { startHarness } from './harness.ts';

const ANSWER: QueryAnswer = {
  node: 'ab'.repeat(16),
  name: 'barn',
  kind: 'answer',
  value: { up: 5n, raw: Uint8Array.of(1) },
  cutFrom: null,
  afterMs: 12,
  relayed: true,
};

test('an event is sent with what the body says', async (t) => {
  const api = await startHarness(t);
  const body = { name: 'deploy', payload: { $bytes: 'AQI=' }, windowMs: 5_000, priority: 'urgent' };
  const { status, json } = await api.call('POST', '/v1/events', JSON.stringify(body));
  assert.equal(status, 200);
  assert.deepEqual(json, { schema: 'gridvine.emitted/1', name: 'deploy', number: 0x3_0000_0001 });
  assert.equal((await api.call('POST', '/v1/events', '{"name":"bare"}')).status, 200);
  assert.deepEqual(api.node.emitted, [
    { name: 'deploy', payload: Uint8Array.of(1, 2), options: { windowMs: 5_000, priority: 'urgent' } },
    { name: 'bare', payload: null, options: {} },
  ]);
});

test('what makes no sense is refused, with the place', async (t) => {
  const api = await startHarness(t);
  const refused = async (path: string, body: unknown, status: number, pattern: RegExp) => {
    const answer = await api.call('POST', path, JSON.stringify(body));
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.json.error.message, pattern);
  };
  await refused('/v1/events', {}, 400, /name: expected/);
  await refused('/v1/events', { name: 'a', windowMs: -1 }, 400, /windowMs: expected milliseconds/);
  await refused(
    '/v1/events',
    { name: 'a', priority: 'lazy' },
    400,
    /priority: expected one of urgent, normal/,
  );
  await refused('/v1/events', { name: 'a', x: 1 }, 400, /x: expected no such key/);
  await refused('/v1/events', { name: 'a', payload: { $bytes: '?' } }, 400, /payload/);
  await refused('/v1/queries', { name: 'a', tags: { role: 5 } }, 400, /tags\.role: expected text/);
  api.node.refusal = new GridvineError('E_EVENT', 'event name: expected letters');
  await refused('/v1/events', { name: '!' }, 400, /event name/);
  await refused('/v1/queries', { name: '!' }, 400, /event name/);
  api.node.refusal = new GridvineError('E_QUOTA', 'event a: too many');
  await refused('/v1/events', { name: 'a' }, 507, /too many/);
});

test('a query streams a line for each answer, and one for the end', async (t) => {
  const api = await startHarness(t);
  api.node.queryAnswers = [ANSWER, { ...ANSWER, kind: 'ack', value: null }];
  const body = { name: 'uptime', payload: 7, nodes: ['b*'], tags: { role: 'x' }, timeoutMs: 900, ack: true };
  const { status, headers, text } = await api.call('POST', '/v1/queries', JSON.stringify(body));
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'application/x-ndjson');
  const { name, ...options } = body;
  assert.deepEqual(api.node.asked, [{ name, options }]);
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines[0], {
    schema: 'gridvine.query-answer/1',
    ...ANSWER,
    value: { up: 5, raw: { $bytes: 'AQ==' } },
  });
  assert.equal(lines[1].kind, 'ack');
  assert.deepEqual(lines[2], {
    schema: 'gridvine.query-over/1',
    end: 'timeout',
    expected: 3,
    acks: 0,
    answers: 2,
    silent: ['ab'.repeat(16)],
    tookMs: 12,
  });
});

test('a client that goes away ends its query', async (t) => {
  const api = await startHarness(t);
  let cancelled = false;
  let end: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  api.node.query = (): RunningQuery => ({
    number: 1,
    done: new Promise(() => undefined),
    cancel() {
      cancelled = true;
      end();
    },
    async *[Symbol.asyncIterator]() {
      yield ANSWER;
      await over;
    },
  });
  const call = request({ socketPath: api.socket, method: 'POST', path: '/v1/queries', agent: false });
  call.on('error', () => undefined);
  call.on('response', (response) => response.once('data', () => call.destroy()));
  call.end('{"name":"uptime"}');
  await eventually(() => cancelled);
});

test('the stream tells user events and gaps, and only those that are asked for', async (t) => {
  const api = await startHarness(t);
  const follow = async (query: string) => {
    const response = await api.open(`/v1/stream${query}`);
    const parser = new SseParser();
    // biome-ignore lint/suspicious/noExplicitAny: tests look into events of any shape
    const events: any[] = [];
    response.setEncoding('utf8').on('data', (text: string) => {
      for (const { data } of parser.push(text)) events.push(JSON.parse(data));
    });
    response.on('error', () => undefined);
    return events;
  };
  const all = await follow('');
  const named = await follow('?types=user-event&name=deploy/');
  const gaps = await follow('?types=event-gap');
  const records = await follow('?prefix=a');
  const event = {
    name: 'deploy/a',
    payload: Uint8Array.of(1),
    sender: 'ab'.repeat(16),
    senderName: 'barn',
    number: 5,
    id: '0000002a-5',
    ageMs: 10,
  };
  api.node.emit({ type: 'user-event', event });
  api.node.emit({ type: 'user-event', event: { ...event, name: 'alarm' } });
  const gap = { sender: 'ab'.repeat(16), senderName: 'barn', missed: null };
  api.node.emit({ type: 'event-gap', gap });
  await eventually(() => all.length === 3);
  const head = { schema: 'gridvine.event/1', cursor: '3.1', type: 'user-event' };
  assert.deepEqual(all[0], { ...head, ...event, payload: { $bytes: 'AQ==' } });
  assert.deepEqual(all[2], { schema: 'gridvine.event/1', cursor: '3.3', type: 'event-gap', ...gap });
  assert.deepEqual(
    named.map(({ name }) => name),
    ['deploy/a'],
  );
  assert.deepEqual(
    gaps.map(({ type }) => type),
    ['event-gap'],
  );
  assert.deepEqual(records, []);
  const { status, json } = await api.call('GET', '/v1/stream?types=query');
  assert.equal(status, 400);
  assert.match(json.error.message, /types: expected some of member, record/);
});
