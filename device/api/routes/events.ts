import type { ServerResponse } from 'node:http';
import * as v from 'valibot';
import { GridvineError } from '#runtime/core/errors.ts';
import type { QueryAnswer, QuerySummary } from '#runtime/core/query-views.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { valueFromJson, valueToJson } from '#runtime/core/value-json.ts';
import type { RunningQuery } from '#runtime/driver/node-queries.ts';
import { json, type Route, route } from '../route.ts';

const wholeNumber = (expected: string) =>
  v.pipe(
    v.number(expected),
    v.check((n) => Number.isSafeInteger(n) && n >= 0, expected),
  );
const MS = 'milliseconds as a whole number';
const PRIORITIES = ['urgent', 'normal'] as const;
/** So long a client may leave answers unread. */
const UNREAD_MS_MAX = 30_000;
const texts = v.array(v.string('text'), 'a list of text');

const EmitSchema = v.strictObject(
  {
    name: v.string('text'),
    // Any JSON; its own rules are those of `valueFromJson` and of events.
    payload: v.optional(v.unknown()),
    windowMs: v.optional(wholeNumber(MS)),
    priority: v.optional(v.picklist(PRIORITIES, `one of ${PRIORITIES.join(', ')}`)),
  },
  'an object with name',
);
const AskSchema = v.strictObject(
  {
    name: v.string('text'),
    payload: v.optional(v.unknown()),
    nodes: v.optional(texts),
    tags: v.optional(v.record(v.string(), v.string('text'), 'an object with a pattern for each tag')),
    groups: v.optional(texts),
    timeoutMs: v.optional(wholeNumber(MS)),
    ack: v.optional(v.boolean('true or false')),
    answersMax: v.optional(wholeNumber('a whole number')),
    bytesMax: v.optional(wholeNumber('bytes as a whole number')),
  },
  'an object with name',
);

/** User events and queries; a listener that others can reach must not serve them. */
export const eventRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/v1/events',
    operationId: 'emitEvent',
    summary: 'Sends a user event: each live member gets it once, in the order in which this node sends.',
    bodySchema: 'EmitEvent',
    replySchema: 'Emitted',
    parseBody: EmitSchema,
    handle: ({ body: { name, payload, ...options } }, { node }) => {
      const number = node.emitEvent(name, payloadOf(payload), definedOnly(options));
      return json({ schema: 'gridvine.emitted/1', name, number });
    },
  }),
  route({
    method: 'POST',
    path: '/v1/queries',
    operationId: 'query',
    summary:
      'Asks nodes, and answers with a line of JSON for each answer as it comes (gridvine.query-answer/1) and one for the end (gridvine.query-over/1). To close the connection ends the query.',
    bodySchema: 'AskQuery',
    replyType: 'application/x-ndjson',
    parseBody: AskSchema,
    handle: ({ body: { name, payload, ...options } }, { node }) => {
      const query = node.query(name, { ...definedOnly(options), payload: payloadOf(payload) });
      return { kind: 'stream', open: (response) => void stream(query, response) };
    },
  }),
];

/** Answers wait in the query while the client is slow; how many there may be was said when it was asked. */
async function stream(query: RunningQuery, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  // The first answer may be long in coming.
  response.flushHeaders();
  response.on('close', () => query.cancel());
  response.on('error', () => query.cancel());
  // It may be gone by now, and then says so no more.
  if (response.destroyed) query.cancel();
  for await (const answer of query) {
    if (response.destroyed) return;
    if (!response.write(`${JSON.stringify(answerJson(answer))}\n`)) await drained(response);
  }
  response.end(`${JSON.stringify(overJson(await query.done))}\n`);
}

/** Resolves when the client has read, or is gone: one that reads nothing is sent away, so that it doesn't outlive the query for ever. */
function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => response.destroy(), UNREAD_MS_MAX);
    const end = () => {
      clearTimeout(timer);
      response.off('drain', end);
      response.off('close', end);
      resolve();
    };
    response.on('drain', end);
    response.on('close', end);
  });
}

function answerJson({ value, ...answer }: QueryAnswer) {
  return { schema: 'gridvine.query-answer/1', ...answer, value: valueToJson(value) };
}

function overJson(summary: QuerySummary) {
  return { schema: 'gridvine.query-over/1', ...summary };
}

/** @throws GridvineError `E_VALUE_INVALID` that names the place. */
function payloadOf(body: unknown): AppValue {
  const read = valueFromJson(body ?? null, 'payload');
  if (read.problem !== undefined) throw new GridvineError('E_VALUE_INVALID', read.problem);
  return read.value;
}

/** Without keys whose value is undefined: an option that is there says something. */
function definedOnly<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
