import { ApiClient } from '../cli/api-client.ts';
import type { MembersJson, RecordJson, RecordsJson, StatusJson } from '../cli/documents.ts';
import { SseParser } from '../cli/sse-parser.ts';
import { REQUEST_LIMIT_MS } from './limits.ts';

/** What the demo asks one of its daemons, over its API. Requests that fail or take too long give undefined. */
export class DaemonClient {
  readonly #client: ApiClient;

  constructor(socket: string) {
    this.#client = new ApiClient({ io: { stdout: process.stdout, stderr: process.stderr, env: {} }, socket });
  }

  status(): Promise<StatusJson | undefined> {
    return inTime(this.#client.call<StatusJson>('GET', '/v1/status'));
  }

  members(): Promise<MembersJson | undefined> {
    return inTime(this.#client.call<MembersJson>('GET', '/v1/members'));
  }

  async records(): Promise<readonly RecordJson[] | undefined> {
    return (await inTime(this.#client.call<RecordsJson>('GET', '/v1/records')))?.records;
  }

  /** @throws CliError where the daemon doesn't take it. */
  async put(key: string, value: number, options: { readonly ttlMs: number }): Promise<void> {
    await this.#client.call('PUT', `/v1/records/${key}`, { value, ...options });
  }

  async remove(key: string): Promise<void> {
    await inTime(this.#client.call('DELETE', `/v1/records/${key}`));
  }

  /**
   * Follows the records below a prefix, from now on.
   * @returns what ends it, once the daemon has begun to tell.
   * @throws CliError where there is no such daemon.
   */
  async follow(prefix: string, listener: (record: RecordJson) => void): Promise<() => void> {
    const path = `/v1/stream?prefix=${encodeURIComponent(prefix)}`;
    const response = await this.#client.open({ method: 'GET', path });
    const parser = new SseParser();
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      for (const { type, data } of parser.push(text)) {
        if (type === 'record') listener((JSON.parse(data) as { readonly record: RecordJson }).record);
      }
    });
    // A daemon that ends breaks its stream; that shows in the members.
    response.on('error', () => {});
    return () => response.destroy();
  }
}

function inTime<T>(request: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), REQUEST_LIMIT_MS);
    request.then(resolve, () => resolve(undefined)).finally(() => clearTimeout(timer));
  });
}
