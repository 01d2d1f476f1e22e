import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { formatAuthority } from '../../core/endpoint.ts';
import { GridvineError } from '../../core/errors.ts';
import { codeOf } from '../udp-socket.ts';
import { Connections } from './connections.ts';
import { HEADERS_TIMEOUT_MS, KEEP_ALIVE_MS, REQUEST_TIMEOUT_MS } from './limits.ts';
import type { RequestHandler } from './request-handler.ts';

/** What a listener shows to callers that want TLS: PEM texts. */
export interface HttpTls {
  readonly certificate: string;
  readonly key: string;
}

export interface ListenAddress {
  /** Literal; `0.0.0.0` and `::` stand for all. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
}

/** The first byte of a TLS record that begins a handshake (RFC 8446 section 5.1). */
const TLS_HANDSHAKE = 0x16;
const HEADER_BYTES_MAX = 8_192;
/** How often overdue requests, and connections that nobody uses, are looked for. */
const CHECK_MS = 2_000;

const SERVER_OPTIONS = {
  maxHeaderSize: HEADER_BYTES_MAX,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: CHECK_MS,
  insecureHTTPParser: false,
  // Its own refusal would tell the date.
  requireHostHeader: false,
} as const;

/** One TCP port on which requests come in, in plain or in TLS: the first byte of a connection tells which. */
export class Listener {
  readonly #front: Server;
  readonly #servers: readonly HttpServer[];
  readonly #connections: Connections;
  readonly #cancelSweep: () => void;

  private constructor(front: Server, servers: readonly HttpServer[], connections: Connections) {
    this.#front = front;
    this.#servers = servers;
    this.#connections = connections;
    const sweep = setInterval(() => connections.sweep(), CHECK_MS);
    this.#cancelSweep = () => clearInterval(sweep);
  }

  /** @throws GridvineError `E_ADDRESS_IN_USE`, `E_ADDRESS`, `E_SOCKET`; `E_CONFIG` for a certificate or key that is none. */
  static async open(
    at: ListenAddress,
    parts: {
      readonly handler: RequestHandler;
      readonly tls: HttpTls | undefined;
      readonly nowMs: () => number;
      readonly onFault: (code: string) => void;
    },
  ): Promise<Listener> {
    const { handler, tls, nowMs, onFault } = parts;
    const connections = new Connections(nowMs);
    const handle: RequestListener = (request, response) =>
      handler.handle(request, response, connections.of(request.socket));
    const plain = createHttpServer(SERVER_OPTIONS, handle);
    plain.on('checkExpectation', handle);
    plain.on('clientError', (error, socket) => refuse(error, socket as Socket, onFault));
    const servers = [plain];
    let front: Server = plain;
    if (tls !== undefined) {
      const secure = await secureServer(tls, handle, onFault);
      servers.push(secure);
      front = createTcpServer((socket) => sort(socket, { plain, secure }));
      // They listen nowhere themselves; with this they look after overdue requests all the same, until they are closed.
      for (const server of servers) server.emit('listening');
    }
    front.on('connection', (socket: Socket) => {
      const outcome = connections.admit(socket);
      if (outcome !== 'room') onFault('HTTP_CONNECTIONS');
      if (outcome === 'full') socket.destroy();
    });
    const listener = new Listener(front, servers, connections);
    try {
      await listen(front, at);
    } catch (error) {
      await listener.close();
      throw listenError(at, error);
    }
    return listener;
  }

  get port(): number {
    const bound = this.#front.address();
    return bound === null || typeof bound === 'string' ? 0 : bound.port;
  }

  async close(): Promise<void> {
    this.#cancelSweep();
    const closed = new Promise<void>((resolve) => this.#front.close(() => resolve()));
    for (const server of this.#servers) server.close();
    this.#connections.closeAll();
    await closed;
  }
}

/** Hands a connection over by its first byte; who sends none in time is cut off. */
function sort(socket: Socket, { plain, secure }: { plain: HttpServer; secure: HttpServer }): void {
  const cutOff = setTimeout(() => socket.destroy(), HEADERS_TIMEOUT_MS);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(cutOff));
  socket.once('data', (chunk: Buffer) => {
    clearTimeout(cutOff);
    socket.pause();
    socket.unshift(chunk);
    (chunk[0] === TLS_HANDSHAKE ? secure : plain).emit('connection', socket);
    process.nextTick(() => socket.resume());
  });
}

/** Loaded only where it is wanted: it takes 7 MB. */
async function secureServer(
  { certificate, key }: HttpTls,
  handle: RequestListener,
  onFault: (code: string) => void,
): Promise<HttpServer> {
  const { createServer } = await import('node:https');
  try {
    const secure = createServer(
      { ...SERVER_OPTIONS, cert: certificate, key, handshakeTimeout: HEADERS_TIMEOUT_MS },
      handle,
    );
    secure.on('checkExpectation', handle);
    secure.on('clientError', (error, socket) => refuse(error, socket as Socket, onFault));
    secure.on('tlsClientError', () => onFault('HTTP_TLS'));
    return secure as unknown as HttpServer;
  } catch (error) {
    throw new GridvineError(
      'E_CONFIG',
      `http.tls: expected a certificate and its key in PEM; got ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

/** What isn't HTTP, or comes too slowly. */
function refuse(error: Error, socket: Socket, onFault: (code: string) => void): void {
  const code = codeOf(error);
  const status =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? 408
      : code === 'HPE_HEADER_OVERFLOW'
        ? 431
        : code.startsWith('HPE')
          ? 400
          : 0;
  onFault(status === 0 ? `HTTP_${code}` : `HTTP_${status}`);
  if (status !== 0 && socket.writable)
    socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  else socket.destroy();
}

function listen(server: Server, { address, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, ipv6Only: address.includes(':'), exclusive: true }, () => {
      server.removeListener('error', reject);
      // Out of descriptors, for a moment: connections wait in the kernel.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function listenError(at: ListenAddress, cause: unknown): GridvineError {
  if (cause instanceof GridvineError) return cause;
  const where = `http.listen: ${formatAuthority(at)}`;
  const code = codeOf(cause);
  if (code === 'EADDRINUSE')
    return new GridvineError(
      'E_ADDRESS_IN_USE',
      `${where}: another program already listens on this TCP port; stop it, or listen on another`,
      { cause },
    );
  if (code === 'EADDRNOTAVAIL' || code === 'EINVAL')
    return new GridvineError('E_ADDRESS', `${where}: expected an address of this machine`, { cause });
  if (code === 'EACCES')
    return new GridvineError(
      'E_ADDRESS',
      `${where}: not allowed to bind this port; choose one above 1023, or grant the right`,
      { cause },
    );
  return new GridvineError('E_SOCKET', `${where}: can't open a TCP socket (${code})`, { cause });
}
