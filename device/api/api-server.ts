import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ApiError, refusalOf } from './api-error.ts';
import type { ApiReply } from './route.ts';
import type { ApiRouter } from './router.ts';
import { StreamHub } from './routes/stream.ts';
import type { ApiService } from './service.ts';
import { listenOnSocket } from './socket-file.ts';

const BODY_BYTES_MAX = 65_536;
const CONNECTIONS_MAX = 256;

export interface ApiServerOptions {
  readonly service: ApiService;
  /** Path of the unix socket. */
  readonly socket: string;
  /** Group that may use it, where this process may give it away. */
  readonly group?: string;
  /** Our own bug met while answering. */
  readonly onError: (error: unknown, context: { method: string; path: string }) => void;
  /** Default 15 s. */
  readonly heartbeatMs?: number;
}

export interface ApiServer {
  /** Stops listening, ends streams, and closes connections once what is being answered is answered, or after 500 ms. */
  close(): Promise<void>;
}

/**
 * Serves the API on a unix socket.
 * @throws GridvineError `E_SOCKET`.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const hub = new StreamHub(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs });
  let loaded: Promise<ApiRouter> | undefined;
  const router = () => {
    loaded ??= loadRouter(hub, options.service);
    return loaded;
  };
  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    void serve(router, request, response, options.onError);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listenOnSocket(server, options.socket, options.group);
  return { close: () => close(server, hub) };
}

/** At the first request: a board that nobody asks does without its 2 MB. */
async function loadRouter(hub: StreamHub, service: ApiService): Promise<ApiRouter> {
  const [{ ApiRouter }, { routeTable }, { LeaseSessions }] = await Promise.all([
    import('./router.ts'),
    import('./route-table.ts'),
    import('./lease-sessions.ts'),
  ]);
  return new ApiRouter(routeTable(hub, new LeaseSessions(service.node)), service);
}

async function serve(
  router: () => Promise<ApiRouter>,
  request: IncomingMessage,
  response: ServerResponse,
  onError: ApiServerOptions['onError'],
): Promise<void> {
  const method = request.method ?? '';
  const url = request.url ?? '';
  try {
    const body = await readBody(request);
    const header = (name: string) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : undefined;
    };
    send(response, await (await router()).answer({ method, url, body, header }));
  } catch (error) {
    const refusal =
      refusalOf(error) ?? new ApiError(500, 'E_INTERNAL', 'internal error; see the log of the daemon');
    if (refusal.status === 500) onError(error, { method, path: url.split('?')[0] ?? '' });
    refuse(response, refusal);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_BYTES_MAX) {
      throw new ApiError(413, 'E_REQUEST', `body: expected at most ${BODY_BYTES_MAX} bytes`, {
        connection: 'close',
      });
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, reply: ApiReply): void {
  if (reply.kind === 'stream') {
    reply.open(response);
    return;
  }
  const [status, type, text] =
    reply.kind === 'json'
      ? [reply.status ?? 200, 'application/json', JSON.stringify(reply.body)]
      : [200, reply.contentType, reply.body];
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
}

function refuse(response: ServerResponse, { status, code, message, headers }: ApiError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers });
  response.end(JSON.stringify({ error: { code, message } }));
}

function close(server: Server, hub: StreamHub): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), 500);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    hub.stop();
    server.closeIdleConnections();
  });
}
