import {
  type ClientRequest,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import { codeOf } from '../udp-socket.ts';
import {
  BODY_BYTES_MAX,
  CALLS_MAX,
  MEDIA_TYPE,
  SESSION_HEADER,
  TCP_KEEP_ALIVE_MS,
  WHOLE_MS,
} from './limits.ts';
import { badProxies, isProxyAt, normalProxies, type ProxyEnvironment } from './proxies.ts';
import type { Target } from './targets.ts';

/** A connection that was closed while it was idle says so to the next request at once. */
const STALE_MS = 2_000;

export interface PosterOptions {
  /** `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, also in small letters; without any nothing goes by a proxy. */
  readonly proxies: ProxyEnvironment;
  /** Roots that listeners' certificates are checked against, PEM; absent: those of the system. */
  readonly ca?: string;
  /** How much longer than its time-out a whole request may take where answers trickle in, in milliseconds; default 20 s. */
  readonly wholeMs?: number;
}

export interface Posted {
  readonly body: Uint8Array;
  readonly waitSeconds: number;
  readonly session: string;
  /** So long nothing may move. */
  readonly timeoutMs: number;
  /** Gives the request up. */
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly body: Uint8Array;
  /** The host's own address that the request left by. */
  readonly localAddress: string;
}

/** A request that brought no answer of a listener of ours. `code`: the platform's, or `HTTP_<status>`, `HTTP_TYPE`, `HTTP_LENGTH`, `HTTP_FRAMES`, `HTTP_PROXY`, `HTTP_PROXY_DOWN`, `HTTP_ABORTED`. Nothing else of what failed is kept: it may hold a proxy's password. */
export class PostError extends Error {
  readonly code: string;
  /** Asked to wait so long, in seconds. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, retryAfterSeconds?: number) {
    super(code);
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Makes requests, over connections that stay open, through proxies where the environment names them. */
export class Poster {
  readonly #options: PosterOptions;
  readonly #plain: PlainAgent;
  #secure: Promise<{ agent: SecureAgent; request: typeof plainRequest }> | undefined;
  readonly #open = new Set<ClientRequest>();
  #isClosed = false;

  constructor(options: PosterOptions) {
    this.#options = options;
    // The platform's own error would hold the address, with the password.
    if (badProxies(options.proxies).length > 0) throw new PostError('HTTP_PROXY');
    this.#plain = new PlainAgent(this.#agentOptions());
  }

  /** @throws PostError (rejects). */
  async post(target: Target, posted: Posted): Promise<Answer> {
    try {
      const isPlain = target.scheme === 'http';
      const { agent, request } = isPlain
        ? { agent: this.#plain, request: plainRequest }
        : await this.#secured();
      const once = () => this.#send(request, agent, target, posted);
      const startedMs = performance.now();
      try {
        return await once();
      } catch (error) {
        // The listener closed a connection that had been idle at the very moment when it was used again.
        if (!(error instanceof StaleConnection) || performance.now() - startedMs > STALE_MS) throw error;
        return await once();
      }
    } catch (error) {
      // A CA that can't be read, say, is told by an exception.
      throw error instanceof PostError ? error : new PostError(codeOf(error));
    }
  }

  /** Breaks off what is under way; nothing is sent any more. */
  close(): void {
    this.#isClosed = true;
    for (const request of this.#open) request.destroy();
    this.#plain.destroy();
    this.#secure?.then(
      ({ agent }) => agent.destroy(),
      () => undefined,
    );
  }

  #send(
    request: typeof plainRequest,
    agent: PlainAgent | SecureAgent,
    { scheme, host, port, path }: Target,
    { body, waitSeconds, session, timeoutMs, signal }: Posted,
  ): Promise<Answer> {
    if (this.#isClosed || signal?.aborted) return Promise.reject(new PostError('HTTP_ABORTED'));
    return new Promise((resolve, reject) => {
      const call = request({
        agent: agent as PlainAgent,
        host,
        port,
        path,
        method: 'POST',
        timeout: timeoutMs,
        headers: {
          'content-type': MEDIA_TYPE,
          'content-length': String(body.length),
          [SESSION_HEADER]: session,
          ...(waitSeconds > 0 && { prefer: `wait=${waitSeconds}` }),
        },
      });
      this.#open.add(call);
      const { wholeMs = WHOLE_MS } = this.#options;
      const abort = () => call.destroy(new PostError('HTTP_ABORTED'));
      // Whoever sends a byte now and then would hold up what is to be sent for ever.
      const deadline = setTimeout(() => call.destroy(new PostError('ETIMEDOUT')), timeoutMs + wholeMs);
      signal?.addEventListener('abort', abort);
      call.on('close', () => {
        this.#open.delete(call);
        clearTimeout(deadline);
        signal?.removeEventListener('abort', abort);
      });
      call.on('timeout', () => call.destroy(new PostError('ETIMEDOUT')));
      call.on('error', (error: NodeJS.ErrnoException) => {
        const code = this.#codeOf(error, scheme);
        const isStale = call.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
        reject(
          isStale ? new StaleConnection(code) : error instanceof PostError ? error : new PostError(code),
        );
      });
      call.on('response', (response) => {
        const localAddress = response.socket.localAddress ?? '';
        read(response).then((bytes) => resolve({ body: bytes, localAddress }), reject);
      });
      call.end(body.length === 0 ? undefined : body);
    });
  }

  /** What happened, as the proxy's where it was the proxy's doing. */
  #codeOf(error: NodeJS.ErrnoException, scheme: Target['scheme']): string {
    const { code = 'UNKNOWN', statusCode, errors } = error as Refused;
    if (code === 'ERR_PROXY_TUNNEL' && statusCode === 407) return 'HTTP_407';
    // Several addresses of one name were tried.
    return isProxyAt(this.#options.proxies, scheme, errors?.[0] ?? error) ? 'HTTP_PROXY_DOWN' : code;
  }

  #secured() {
    this.#secure ??= this.#makeSecure();
    return this.#secure;
  }

  /** Loaded only where it is wanted: it takes 7 MB. */
  async #makeSecure() {
    const [{ Agent, request }, { getCACertificates }] = await Promise.all([
      import('node:https'),
      import('node:tls'),
    ]);
    const { ca = [...getCACertificates('default'), ...getCACertificates('system')] } = this.#options;
    return { agent: new Agent({ ...this.#agentOptions(), ca }), request: request as typeof plainRequest };
  }

  #agentOptions() {
    const { proxies } = this.#options;
    return {
      keepAlive: true,
      keepAliveMsecs: TCP_KEEP_ALIVE_MS,
      // One that takes up and one that waits, of each.
      maxSockets: 3,
      maxFreeSockets: 2,
      maxTotalSockets: 3 * CALLS_MAX,
      proxyEnv: { ...normalProxies(proxies) },
    };
  }
}

class StaleConnection extends PostError {}

/** What the platform tells with a failed request. */
interface Refused extends NodeJS.ErrnoException {
  /** What a proxy answered that was asked for a tunnel. */
  readonly statusCode?: number;
  readonly errors?: readonly NodeJS.ErrnoException[];
}

/** The body of an answer that is one; what comes from others is thrown away. */
function read(response: IncomingMessage): Promise<Uint8Array> {
  const { statusCode = 0, headers } = response;
  return new Promise((resolve, reject) => {
    const refuse = (error: PostError) => {
      reject(error);
      response.destroy();
    };
    const retryAfter = Number(headers['retry-after'] ?? Number.NaN);
    if (statusCode !== 200 && statusCode !== 204)
      refuse(new PostError(`HTTP_${statusCode}`, Number.isFinite(retryAfter) ? retryAfter : undefined));
    else if (statusCode === 200 && headers['content-type'] !== MEDIA_TYPE) refuse(new PostError('HTTP_TYPE'));
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) refuse(new PostError('HTTP_LENGTH'));
      else chunks.push(chunk);
    });
    response.on('end', () => resolve(Buffer.concat(chunks)));
    response.on('error', (error: NodeJS.ErrnoException) => reject(new PostError(error.code ?? 'UNKNOWN')));
    response.on('close', () => reject(new PostError('ECONNRESET')));
  });
}
