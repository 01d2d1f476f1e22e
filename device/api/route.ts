import type { ServerResponse } from 'node:http';
import type { GenericSchema, InferOutput } from 'valibot';
import type { ApiService } from './service.ts';

/** What a handler is given, already checked. */
export interface ApiRequest<Query = Readonly<Record<string, string>>, Body = unknown> {
  /** The rest of the path behind a `*`, decoded. */
  readonly rest: string;
  /** What stands in the path for each `:name` of the route, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** Header names are in lower case. */
  readonly header: (name: string) => string | undefined;
}

/** What a handler answers. A stream takes the response over, its headers not yet sent. */
export type ApiReply =
  | { readonly kind: 'json'; readonly status?: number; readonly body: unknown }
  | { readonly kind: 'text'; readonly contentType: string; readonly body: string }
  | { readonly kind: 'stream'; readonly open: (response: ServerResponse) => void };

/** What `/openapi.json` says of a parameter. */
export interface ParameterDoc {
  readonly name: string;
  readonly description: string;
  /** Of a query parameter; default: it may be left out. */
  readonly required?: boolean;
}

/** One row of the route table: the router, the checks and `/openapi.json` are all made from it. */
export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** A `:name` takes one segment; a `*` at its end takes the rest of the path, slashes included. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** What each `:name` of the path is. */
  readonly params?: readonly ParameterDoc[];
  readonly query: readonly ParameterDoc[];
  /** Name of the body's schema in `schemas.ts`. */
  readonly bodySchema?: string;
  /** Name of the reply's schema in `schemas.ts`; absent where the reply isn't JSON. */
  readonly replySchema?: string;
  /** Where the reply isn't JSON. */
  readonly replyType?: string;
  readonly parseBody?: GenericSchema;
  handle(request: ApiRequest, service: ApiService): ApiReply | Promise<ApiReply>;
}

type RouteOptions<Body extends GenericSchema> = Omit<Route, 'handle' | 'query' | 'parseBody'> & {
  readonly query?: readonly ParameterDoc[];
  readonly parseBody?: Body;
  handle(
    request: ApiRequest<Readonly<Record<string, string>>, InferOutput<Body>>,
    service: ApiService,
  ): ApiReply | Promise<ApiReply>;
};

/** A route whose handler gets its body in the type of its schema. */
export function route<Body extends GenericSchema>(options: RouteOptions<Body>): Route {
  return { ...options, query: options.query ?? [], handle: options.handle as Route['handle'] };
}

export function json(body: unknown, status = 200): ApiReply {
  return { kind: 'json', status, body };
}
