import * as v from 'valibot';
import { GridvineError } from '#runtime/core/errors.ts';
import { type AppValue, QUALITIES } from '#runtime/core/value.ts';
import { valueFromJson } from '#runtime/core/value-json.ts';
import { PRIORITIES } from '#runtime/core/views.ts';
import { ApiError } from '../api-error.ts';
import { json, type Route, route } from '../route.ts';
import { recordsDocument } from '../views.ts';

const wholeNumber = (expected: string) =>
  v.pipe(
    v.number(expected),
    v.check((n) => Number.isSafeInteger(n) && n >= 0, expected),
  );

const PUT_FIELDS = {
  // Any JSON; its own rules are those of `valueFromJson` and of the record table.
  value: v.custom<unknown>((value) => value !== undefined, 'a JSON value'),
  ttlMs: v.optional(wholeNumber('milliseconds as a whole number')),
  ageMs: v.optional(wholeNumber('milliseconds as a whole number')),
  unit: v.optional(v.string('text')),
  quality: v.optional(v.picklist(QUALITIES, `one of ${QUALITIES.join(', ')}`)),
  priority: v.optional(v.picklist(PRIORITIES, `one of ${PRIORITIES.join(', ')}`)),
  ifVersion: v.optional(wholeNumber('a version as a whole number, or 0 for "only if there is none"')),
};

const durable = v.optional(v.boolean('true or false'));

const PutBodySchema = v.strictObject({ ...PUT_FIELDS, durable }, 'an object with value');

const BatchBodySchema = v.strictObject(
  {
    records: v.array(
      v.strictObject({ key: v.string('text'), ...PUT_FIELDS }, 'an object with key and value'),
      'a list of records',
    ),
    durable,
  },
  'an object with records',
);

export const recordRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/records',
    operationId: 'getRecords',
    summary: 'Records of all nodes, as this node knows them.',
    query: [
      { name: 'key', description: 'Only this key; with a slash at its end, all keys below it.' },
      { name: 'node', description: 'Only records of this node, by name or id.' },
    ],
    replySchema: 'Records',
    handle: ({ query }, service) => json(recordsDocument(service, query)),
  }),
  route({
    method: 'PUT',
    path: '/v1/records/*',
    operationId: 'putRecord',
    summary: "Writes one of this node's own records.",
    bodySchema: 'PutRecord',
    replySchema: 'Written',
    parseBody: PutBodySchema,
    handle: async ({ rest, body: { value, durable, ...options } }, { node }) => {
      const key = keyOf(rest);
      checkNotFleets(key);
      if (durable) checkDurable(options);
      const [content, how] = [valueOfBody(value), definedOnly(options)];
      const version = durable ? await node.putDurably(key, content, how) : node.put(key, content, how);
      return json({ schema: 'gridvine.written/1', key, version });
    },
  }),
  route({
    method: 'POST',
    path: '/v1/records',
    operationId: 'putRecords',
    summary:
      "Writes up to 32 of this node's own records, which GET /v1/records shows all together or not at all, on every node.",
    bodySchema: 'PutRecords',
    replySchema: 'WrittenBatch',
    parseBody: BatchBodySchema,
    handle: async ({ body: { records, durable } }, { node }) => {
      const entries = records.map(({ key, value, ...options }) => ({
        key,
        value: valueOfBody(value, key),
        ...definedOnly(options),
      }));
      for (const { key } of entries) checkNotFleets(key);
      if (durable) for (const entry of entries) checkDurable(entry);
      const versions = durable ? await node.putManyDurably(entries) : node.putMany(entries);
      return json({
        schema: 'gridvine.written-batch/1',
        records: entries.map(({ key }, i) => ({ key, version: versions[i] })),
      });
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/records/*',
    operationId: 'deleteRecord',
    summary: "Deletes one of this node's own records.",
    replySchema: 'Written',
    handle: ({ rest }, { node }) => {
      const key = keyOf(rest);
      return json({ schema: 'gridvine.written/1', key, version: node.delete(key) });
    },
  }),
];

/** @throws GridvineError `E_TTL_INVALID` where it couldn't be. */
function checkDurable({ ttlMs }: { readonly ttlMs?: number | undefined }): void {
  if (ttlMs !== undefined)
    throw new GridvineError(
      'E_TTL_INVALID',
      `ttlMs: expected none beside durable; got ${ttlMs}. A record with a ttl does not outlive its node.`,
    );
}

function keyOf(rest: string): string {
  if (rest === '') throw new ApiError(400, 'E_KEY_INVALID', 'path: expected /v1/records/KEY; got no key');
  return rest;
}

/** @throws GridvineError `E_VALUE_INVALID` that names the place. */
function valueOfBody(body: unknown, key?: string): AppValue {
  const read = valueFromJson(body);
  if (read.problem !== undefined)
    throw new GridvineError('E_VALUE_INVALID', key === undefined ? read.problem : `${key}: ${read.problem}`);
  return read.value;
}

/** All boards act on what is below `fleet/`: it is written by what checks it. @throws GridvineError `E_KEY_RESERVED` */
function checkNotFleets(key: string): void {
  if (!key.startsWith('fleet/')) return;
  throw new GridvineError(
    'E_KEY_RESERVED',
    `${key}: all boards act on what is below fleet/. Use gridvine fleet set, or choose another name.`,
  );
}

/** Without keys whose value is undefined: an option that is there says something. */
function definedOnly<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
