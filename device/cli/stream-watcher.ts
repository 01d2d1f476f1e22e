import type { IncomingMessage } from 'node:http';
import type { ApiClient } from './api-client.ts';
import { CliError, type CliIo, EXIT } from './io.ts';
import { type ServerSentEvent, SseParser } from './sse-parser.ts';

const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 5_000;
/** The daemon says something every 15 s; after so long without a word the connection counts as dead. */
const SILENCE_MS_MAX = 45_000;

/** Follows the daemon's stream of events, and goes on where it was after the daemon restarts. */
export class StreamWatcher {
  readonly #io: CliIo;
  readonly #client: ApiClient;
  readonly #query: Readonly<Record<string, string>>;
  #cursor: string | undefined;
  #retryMs = RETRY_MS_MIN;

  /** @param query of the stream: `prefix`, `since`, `types`, `name`. */
  constructor(io: CliIo, client: ApiClient, query: Readonly<Record<string, string>>) {
    this.#io = io;
    this.#client = client;
    this.#query = query;
  }

  /** Ends only by an error: the first connection fails, or the daemon refuses. */
  async run(print: (event: ServerSentEvent) => void): Promise<never> {
    for (;;) {
      try {
        await this.#follow(await this.#connect(), print);
        this.#tell('the daemon closed the stream; reconnecting');
      } catch (error) {
        // A first attempt that fails most likely names the wrong socket; later ones, a daemon that restarts.
        if (this.#cursor === undefined || !isUnreachable(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, this.#retryMs));
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
    }
  }

  async #connect(): Promise<IncomingMessage> {
    const response = await this.#client.open({
      method: 'GET',
      path: `/v1/stream?${new URLSearchParams(this.#query)}`,
      headers: this.#cursor === undefined ? {} : { 'last-event-id': this.#cursor },
      timeout: SILENCE_MS_MAX,
    });
    if (response.statusCode !== 200) {
      throw new CliError(await refusalText(response), response.statusCode === 400 ? EXIT.usage : EXIT.failed);
    }
    return response;
  }

  async #follow(response: IncomingMessage, print: (event: ServerSentEvent) => void): Promise<void> {
    const parser = new SseParser();
    response.setEncoding('utf8');
    try {
      for await (const chunk of response) {
        for (const event of parser.push(chunk as string)) if (event.data !== '') print(event);
        this.#cursor = parser.lastId ?? this.#cursor;
        this.#retryMs = RETRY_MS_MIN;
      }
    } catch (error) {
      // The connection broke: resume. A fault of printing is another matter.
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  #tell(text: string): void {
    this.#io.stderr.write(`gridvine: ${text}\n`);
  }
}

/** What the daemon says of a stream that it refuses. */
async function refusalText(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) text += chunk as string;
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string } };
    if (error?.message !== undefined) return error.message;
  } catch {
    // Not of this API: the status says what there is to say.
  }
  return `the daemon refused the stream with status ${response.statusCode}`;
}

function isUnreachable(error: unknown): boolean {
  return error instanceof CliError && error.exitCode === EXIT.unreachable;
}
