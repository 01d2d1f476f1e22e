import type { ParameterDoc, Route } from './route.ts';
import { SCHEMAS } from './schemas.ts';

/** The OpenAPI 3.1 description of a route table. */
export function openApiDocument(routes: readonly Route[], version: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}').replace('*', '{key}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'gridvine',
      version,
      description: 'The local API of a gridvine daemon: HTTP over a unix socket. Times are milliseconds.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://localhost', description: 'over the unix socket of the daemon' }],
    paths,
    components: { schemas: SCHEMAS },
  };
}

function operationOf(route: Route) {
  const parameters = [...pathParameters(route), ...route.query.map(queryParameter)];
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.bodySchema === undefined
      ? {}
      : {
          requestBody: { required: true, content: { 'application/json': { schema: ref(route.bodySchema) } } },
        }),
    responses: {
      200: { description: 'Done.', content: replyContent(route) },
      default: { description: 'Refused.', content: { 'application/json': { schema: ref('Error') } } },
    },
  };
}

function replyContent(route: Route) {
  if (route.replySchema !== undefined) return { 'application/json': { schema: ref(route.replySchema) } };
  return { [route.replyType ?? 'text/plain']: { schema: { type: 'string' } } };
}

function pathParameters(route: Route) {
  const key = {
    name: 'key',
    description: "The record's key. Its slashes may be encoded as %2F or stand as they are.",
  };
  const docs = [...(route.params ?? []), ...(route.path.endsWith('*') ? [key] : [])];
  return docs.map((doc) => ({ ...doc, in: 'path', required: true, schema: { type: 'string' } }));
}

function queryParameter({ name, description, required = false }: ParameterDoc) {
  return { name, in: 'query', required, description, schema: { type: 'string' } };
}

function ref(name: string) {
  return { $ref: `#/components/schemas/${name}` };
}
