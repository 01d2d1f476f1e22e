import type { IncomingMessage, ServerResponse } from 'node:http';
import { formatAddress, parseAddress } from '../../core/address.ts';
import type { Connection } from './connections.ts';
import { decodeFrames, handOver } from './frames.ts';
import type { InboundSession, InboundSessions } from './inbound-sessions.ts';
import {
  BODY_BYTES_MAX,
  KNOWN_DATAGRAMS,
  MEDIA_TYPE,
  REQUESTS,
  RESOURCE,
  SESSION_HEADER,
  STRANGE_DATAGRAMS,
  WAIT_SECONDS_MAX,
} from './limits.ts';
import { SourceLimiter, sourceOf } from './source-limiter.ts';

const SESSION_ID = /^[0-9a-f]{32}$/;
const WAIT = /(?:^|[,;\s])wait=(\d{1,4})(?=$|[,;\s])/;
const RETRY_AFTER_SECONDS = '5';

export interface RequestHandlerOptions {
  readonly sessions: InboundSessions;
  readonly nowMs: () => number;
  /** The link that has this address of the host's own. */
  readonly linkOf: (localAddress: string) => string;
  readonly onDatagram: (session: InboundSession, bytes: Uint8Array) => void;
  /** Whether a member has shown that it is at this session. */
  readonly isMember: (session: InboundSession) => boolean;
  /** A request that was answered by an error: `HTTP_404`. */
  readonly onFault: (code: string) => void;
}

/**
 * Answers requests [P-19.2]: takes datagrams up, gives those that wait down. What isn't one of ours learns a status code and nothing
 * else: no body, no name, no version.
 */
export class RequestHandler {
  readonly #options: RequestHandlerOptions;
  readonly #requests = new SourceLimiter(REQUESTS);
  readonly #strangeDatagrams = new SourceLimiter(STRANGE_DATAGRAMS);
  readonly #knownDatagrams = new SourceLimiter(KNOWN_DATAGRAMS);

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
  }

  /** @param connection the one that the request came by; undefined: it is closed already. */
  handle(request: IncomingMessage, response: ServerResponse, connection: Connection | undefined): void {
    response.sendDate = false;
    // The connection broke: what is left of the request tells nothing more.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    const address = addressOf(request);
    const status = this.#check(request, address);
    if (status !== undefined) {
      this.#refuse(response, status);
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
      else if (!response.headersSent) this.#refuse(response, 413);
    });
    request.on('end', () => {
      if (response.headersSent) return;
      if (connection !== undefined) this.#occupy(connection, response);
      this.#take(request, response, { address, connection, body: Buffer.concat(chunks) });
    });
  }

  #check(request: IncomingMessage, address: string): number | undefined {
    const { url, method, headers } = request;
    if (!this.#requests.take(sourceOf(address), this.#options.nowMs())) return 429;
    if (url !== RESOURCE) return 404;
    if (method !== 'POST') return 405;
    if (headers['content-type'] !== MEDIA_TYPE) return 415;
    if (!SESSION_ID.test(String(headers[SESSION_HEADER]))) return 400;
    if (Number(headers['content-length'] ?? 0) > BODY_BYTES_MAX) return 413;
    return undefined;
  }

  #take(
    request: IncomingMessage,
    response: ServerResponse,
    {
      address,
      connection,
      body,
    }: {
      readonly address: string;
      readonly connection: Connection | undefined;
      readonly body: Uint8Array;
    },
  ): void {
    const { sessions, nowMs, linkOf, onDatagram } = this.#options;
    const datagrams = decodeFrames(body);
    if (datagrams === undefined) {
      this.#refuse(response, 400);
      return;
    }
    const link = linkOf(request.socket.localAddress ?? '');
    const session = sessions.take(String(request.headers[SESSION_HEADER]), { address, link, nowMs: nowMs() });
    if (typeof session === 'string') {
      this.#refuse(response, session === 'full' ? 503 : 429);
      return;
    }
    if (!this.#mayTell(session, sourceOf(address), datagrams.length)) {
      this.#refuse(response, 429);
      return;
    }
    this.#follow(session, response);
    const waitSeconds = Number(WAIT.exec(String(request.headers.prefer ?? ''))?.[1] ?? 0);
    handOver(
      datagrams,
      (datagram) => onDatagram(session, datagram),
      () => {
        session.isKnown ||= this.#options.isMember(session);
        if (connection !== undefined) connection.isKnown = session.isKnown;
        if (response.destroyed) return;
        if (waitSeconds === 0 || !session.queue.isEmpty) answer(session, response);
        else this.#wait(session, response, 1_000 * Math.min(waitSeconds, WAIT_SECONDS_MAX));
      },
    );
  }

  /** Each datagram costs work, whoever made it up: until a member is known to be there its source has a budget for them, then the session. */
  #mayTell(session: InboundSession, source: string, datagrams: number): boolean {
    const nowMs = this.#options.nowMs();
    // The name of a session can be read on the way of plain HTTP.
    if (session.isKnown && source === session.source)
      return this.#knownDatagrams.take(session.id, nowMs, datagrams);
    return this.#strangeDatagrams.take(source, nowMs, datagrams);
  }

  #occupy(connection: Connection, response: ServerResponse): void {
    connection.answering++;
    response.on('close', () => {
      connection.answering--;
      connection.usedMs = this.#options.nowMs();
    });
  }

  /** Counts the session's requests, and sees whether they end well. */
  #follow(session: InboundSession, response: ServerResponse): void {
    session.requests++;
    response.on('close', () => {
      session.requests--;
      session.usedMs = this.#options.nowMs();
      session.isLost = !response.writableFinished;
    });
  }

  /** Until something is there to be said, somebody else asks for the same, or the time is over. */
  #wait(session: InboundSession, response: ServerResponse, waitMs: number): void {
    session.answer?.();
    const end = () => {
      clearTimeout(timer);
      if (session.answer === end) session.answer = undefined;
      if (!response.destroyed && !response.headersSent) answer(session, response);
    };
    const timer = setTimeout(end, waitMs);
    session.answer = end;
    response.on('close', () => {
      clearTimeout(timer);
      if (session.answer === end) session.answer = undefined;
    });
  }

  #refuse(response: ServerResponse, status: number): void {
    this.#options.onFault(`HTTP_${status}`);
    const retry = status === 429 || status === 503 ? { 'retry-after': RETRY_AFTER_SECONDS } : {};
    const allow = status === 405 ? { allow: 'POST' } : {};
    // Whatever else it sends on this connection isn't read.
    response.writeHead(status, { 'content-length': '0', connection: 'close', ...retry, ...allow });
    response.end();
  }
}

function answer(session: InboundSession, response: ServerResponse): void {
  const body = session.queue.takeBody();
  if (body.length === 0) response.writeHead(204, { 'cache-control': 'no-store' });
  else
    response.writeHead(200, {
      'content-type': MEDIA_TYPE,
      'content-length': String(body.length),
      'cache-control': 'no-store',
    });
  response.end(body.length === 0 ? undefined : body);
}

/** Canonical; an address that isn't known is nobody's. */
function addressOf({ socket }: IncomingMessage): string {
  const bytes = parseAddress(socket.remoteAddress ?? '');
  return bytes === undefined ? '::' : formatAddress(bytes);
}
