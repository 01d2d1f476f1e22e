import findMyWay, { type HTTPMethod } from 'find-my-way';
import { safeParse } from 'valibot';
import { ApiError } from './api-error.ts';
import { parseJson } from './parse-json.ts';
import type { ApiReply, Route } from './route.ts';
import type { ApiService } from './service.ts';

/** A request as it came in, its body read. */
export interface RawRequest {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly url: string;
  readonly body: string;
  readonly header: (name: string) => string | undefined;
}

const METHODS: readonly HTTPMethod[] = ['GET', 'PUT', 'POST', 'DELETE'];

/** Finds the route of a request, checks what it brings, and calls its handler. */
export class ApiRouter {
  readonly #router = findMyWay({ maxParamLength: 4096 });
  readonly #service: ApiService;

  constructor(routes: readonly Route[], service: ApiService) {
    this.#service = service;
    for (const route of routes) this.#router.on(route.method, route.path, () => undefined, route);
  }

  /** @throws ApiError, and GridvineError of the node. */
  async answer(request: RawRequest): Promise<ApiReply> {
    const [path = '', search = ''] = splitOnce(request.url, '?');
    checkEncoding(path);
    // HEAD is GET without its body, which the server cuts off.
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const { route, params } = this.#find(method, path);
    return route.handle(
      {
        rest: restOf(route, path),
        params,
        query: readQuery(route, search),
        body: readBody(route, request.body),
        header: request.header,
      },
      this.#service,
    );
  }

  #find(method: string, path: string): { route: Route; params: Record<string, string> } {
    const found = this.#router.find(method as HTTPMethod, path);
    if (found !== null)
      return { route: found.store as Route, params: found.params as Record<string, string> };
    const allowed = METHODS.filter((other) => this.#router.find(other, path) !== null);
    if (allowed.length > 0) {
      throw new ApiError(405, 'E_METHOD', `${path}: expected ${allowed.join(' or ')}; got ${method}`, {
        allow: allowed.join(', '),
      });
    }
    throw new ApiError(404, 'E_ROUTE', `${path}: expected a path of this API; see /openapi.json`);
  }
}

/** Decoded here and not by the router: a key may have its slashes encoded or not. */
function restOf(route: Route, path: string): string {
  return route.path.endsWith('*') ? decodeURIComponent(path.slice(route.path.length - 1)) : '';
}

function checkEncoding(path: string): void {
  try {
    decodeURIComponent(path);
  } catch {
    throw new ApiError(400, 'E_REQUEST', `path: expected URL encoding such as %20; got ${path}`);
  }
}

function readQuery(route: Route, search: string): Record<string, string> {
  const known = route.query.map(({ name }) => name);
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) {
    if (!known.includes(name)) {
      const expected = known.length === 0 ? 'no parameters' : `one of the parameters ${known.join(', ')}`;
      throw new ApiError(400, 'E_REQUEST', `query: expected ${expected}; got ${name}`);
    }
    query[name] = value;
  }
  return query;
}

function readBody(route: Route, text: string): unknown {
  if (route.parseBody === undefined) return undefined;
  const body = parseBodyText(text);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ApiError(400, 'E_REQUEST', 'body: expected a JSON object');
  }
  const result = safeParse(route.parseBody, body);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const place = issue.path?.map((step) => String(step.key)).join('.') ?? 'body';
  const expected = issue.expected === 'never' ? 'no such key' : issue.message;
  throw new ApiError(400, 'E_REQUEST', `${place}: expected ${expected}; got ${issue.received}`);
}

function parseBodyText(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    // Also a RangeError, where the text nests deeper than the stack allows.
    throw new ApiError(400, 'E_REQUEST', `body: expected JSON; ${(error as Error).message}`);
  }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
