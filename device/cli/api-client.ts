import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { clientSocket, processPaths } from '../config/paths.ts';
import { CliError, type CliIo, EXIT } from './io.ts';

/** A reply that refuses, as the API gives it. */
interface ApiRefusal {
  readonly error?: { readonly code?: string; readonly message?: string };
}

export interface ApiClientOptions {
  readonly io: CliIo;
  /** Of `--socket`. */
  readonly socket?: string;
}

/** The daemon understood, and said no. */
export class RefusedError extends CliError {
  /** Stable; see the API. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message, code === 'E_CONFIG' ? EXIT.config : EXIT.failed);
    this.code = code;
  }
}

const TIMEOUT_MS = 10_000;
const UNREACHABLE: ReadonlySet<string> = new Set([
  'ENOENT',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTSOCK',
  'ENOTDIR',
  'EPIPE',
]);

/** Talks to the daemon on this machine over its unix socket. */
export class ApiClient {
  readonly socket: string;

  constructor({ io, socket }: ApiClientOptions) {
    this.socket = clientSocket(socket, processPaths(io.env));
  }

  /**
   * One request.
   * @returns the JSON document.
   * @throws CliError 69 where no daemon answers; RefusedError where it refuses.
   */
  async call<T>(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const response = await this.open({ method, path, timeout: TIMEOUT_MS }, body);
    const text = await this.#read(response);
    if (response.statusCode === 200) return parse(text) as T;
    const { error } = parse(text) as ApiRefusal;
    throw new RefusedError(error?.code ?? '', error?.message ?? `the daemon answered ${response.statusCode}`);
  }

  /** A request whose reply comes line by line. @throws CliError as `call`, also where the connection breaks. */
  async *lines(options: RequestOptions, body?: unknown): AsyncGenerator<string, void, void> {
    const response = await this.open(options, body);
    if (response.statusCode !== 200) {
      const { error } = parse(await this.#read(response)) as ApiRefusal;
      throw new RefusedError(
        error?.code ?? '',
        error?.message ?? `the daemon answered ${response.statusCode}`,
      );
    }
    response.setEncoding('utf8');
    let rest = '';
    try {
      for await (const chunk of response) {
        const lines = (rest + (chunk as string)).split('\n');
        rest = lines.pop() ?? '';
        yield* lines;
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      throw this.#unreachable(code);
    }
  }

  /** A request whose reply is read by the caller. @throws CliError as `call`. */
  open(options: RequestOptions, body?: unknown): Promise<IncomingMessage> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
      const call = request(
        { ...options, socketPath: this.socket, headers: { ...headers, ...options.headers } },
        resolve,
      );
      call.on('timeout', () => call.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
      call.on('error', (error: NodeJS.ErrnoException) =>
        reject(this.#unreachable(error.code ?? error.message)),
      );
      call.end(payload);
    });
  }

  async #read(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of response) chunks.push(chunk as Buffer);
    } catch (error) {
      throw this.#unreachable((error as NodeJS.ErrnoException).code ?? 'the connection broke');
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  #unreachable(code: string): CliError {
    return new CliError(
      `daemon not reachable at ${this.socket} (${code}); ${nextStep(code)}`,
      EXIT.unreachable,
    );
  }
}

function nextStep(code: string): string {
  if (UNREACHABLE.has(code)) return 'start one with: gridvine run, or name its socket with --socket PATH';
  if (code === 'EACCES') return 'add your user to the group that owns the socket, or use sudo';
  if (code === 'ETIMEDOUT') return 'it holds the socket but does not answer: look at its log';
  return 'name another socket with --socket PATH';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
