import * as v from 'valibot';
import { GridvineError } from '#runtime/core/errors.ts';
import { valueFromJson } from '#runtime/core/value-json.ts';
import type { CrdtOperation } from '#runtime/data/crdt/crdt-type.ts';
import type { CrdtTypeName } from '#runtime/data/crdt/type-names.ts';
import { CRDT_TYPE_NAMES, isCrdtTypeName } from '#runtime/data/crdt/type-names.ts';
import { ApiError } from '../api-error.ts';
import { crdtDocument, crdtsDocument } from '../crdt-views.ts';
import { json, type Route, route } from '../route.ts';
import type { ApiService } from '../service.ts';

const OPS = ['increment', 'set', 'add', 'remove'] as const;

const ApplySchema = v.strictObject(
  {
    op: v.picklist(OPS, `one of ${OPS.join(', ')}`),
    type: v.optional(v.picklist(CRDT_TYPE_NAMES, `one of ${CRDT_TYPE_NAMES.join(', ')}`)),
    by: v.optional(v.number('a number')),
    key: v.optional(v.string('text')),
    value: v.optional(v.custom<unknown>((value) => value !== undefined, 'a JSON value')),
  },
  'an object with op',
);

const NAME = { name: 'name', description: 'Of the shared data; its slashes encoded as %2F.' };
const TYPE = { name: 'type', description: `One of ${CRDT_TYPE_NAMES.join(', ')}.` };

/** Counters, registers, sets and maps that all nodes write at the same time. */
export const crdtRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/crdts',
    operationId: 'getCrdts',
    summary: 'All shared data that this node knows of.',
    replySchema: 'Crdts',
    handle: (_request, service) => json(crdtsDocument(service)),
  }),
  route({
    method: 'GET',
    path: '/v1/crdts/:name',
    operationId: 'getCrdt',
    summary: 'One counter, register, set or map.',
    params: [NAME],
    query: [{ ...TYPE, description: `Where several types have the name. ${TYPE.description}` }],
    replySchema: 'Crdt',
    handle: ({ params: { name = '' }, query: { type } }, service) => {
      const view = service.node.crdt.get(name, type === undefined ? undefined : typeOf(type));
      if (view === undefined) throw notFound(name);
      return json(crdtDocument(view, service));
    },
  }),
  route({
    method: 'POST',
    path: '/v1/crdts/:name',
    operationId: 'changeCrdt',
    summary:
      'Changes shared data, making it where there is none: `increment` by a number, `set` a value, `add` or `remove` an element, ' +
      'or with `key` `set` and `remove` in a map. Without a type it is the one that the name has; a new name becomes a pncounter, ' +
      'lww, lwwmap or orset, as the operation wants.',
    params: [NAME],
    bodySchema: 'ChangeCrdt',
    replySchema: 'Crdt',
    parseBody: ApplySchema,
    handle: ({ params: { name = '' }, body }, service) => {
      const { type = defaultType(service, name, body), value, ...rest } = body;
      const operation = definedOnly({ ...rest, type: undefined, value: valueOfBody(value) });
      return json(crdtDocument(service.node.crdt.apply(type, name, operation as CrdtOperation), service));
    },
  }),
];

function typeOf(text: string): CrdtTypeName {
  if (isCrdtTypeName(text)) return text;
  throw new ApiError(400, 'E_REQUEST', `type: expected ${TYPE.description.toLowerCase()} Got ${text}`);
}

/** The type that the name has, else the one that such an operation begins. @throws GridvineError `E_CRDT_TYPE`, `E_NOT_FOUND`. */
function defaultType(
  { node }: ApiService,
  name: string,
  { op, key }: { readonly op: CrdtOperation['op']; readonly key?: string | undefined },
): CrdtTypeName {
  const known = node.crdt.get(name);
  if (known !== undefined) return known.type;
  if (op === 'increment') return 'pncounter';
  if (op === 'add') return 'orset';
  if (op === 'set') return key === undefined ? 'lww' : 'lwwmap';
  throw notFound(name);
}

function notFound(name: string): GridvineError {
  return new GridvineError(
    'E_NOT_FOUND',
    `${name}: no shared data has this name here; see: gridvine crdt list`,
  );
}

/** @throws GridvineError `E_VALUE_INVALID` that names the place. */
function valueOfBody(body: unknown) {
  if (body === undefined) return undefined;
  const read = valueFromJson(body);
  if (read.problem !== undefined) throw new GridvineError('E_VALUE_INVALID', read.problem);
  return read.value;
}

function definedOnly(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
