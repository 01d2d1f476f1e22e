import type { IncomingMessage } from 'node:http';
import { Command, Option } from 'commander';
import { type Endpoint, formatEndpoint } from '#runtime/core/endpoint.ts';
import { ApiClient } from '../api-client.ts';
import { socketOption } from '../arguments.ts';
import type { RecordJson } from '../documents.ts';
import { formatAge, formatValue } from '../format.ts';
import { CliError, type CliIo, EXIT } from '../io.ts';
import { painter, plain } from '../output.ts';
import { type ServerSentEvent, SseParser } from '../sse-parser.ts';

const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 5_000;
/** The daemon says something every 15 s; after so long without a word the connection counts as dead. */
const SILENCE_MS_MAX = 45_000;

interface StreamEvent {
  readonly type: string;
  readonly change?: string;
  readonly record?: RecordJson;
  readonly name?: string;
  readonly from?: string | null;
  readonly to?: string | null;
  readonly reason?: string;
  readonly missed?: number | null;
  readonly lives?: readonly { readonly endpoint: Endpoint }[];
  readonly records?: number;
}

interface WatchOptions {
  readonly json?: true;
  readonly socket?: string;
  readonly since?: string;
}

/** `gridvine watch`: changes as they arrive, until interrupted. It goes on where it was after the daemon restarts. */
export function watchCommand(io: CliIo): Command {
  return new Command('watch')
    .argument('[prefix]', 'only keys that start with this; absent: all records, and members')
    .option(
      '--since <cursor>',
      'go on behind the event with this cursor (see --json), or start: all records first. After a gap all records come again',
    )
    .addOption(new Option('--json', 'print one JSON object a line'))
    .addOption(socketOption())
    .action(async (prefix: string | undefined, { json, socket, since }: WatchOptions) => {
      const print = json ? printJsonLine(io) : printForPeople(io);
      await new Watcher(io, new ApiClient({ io, socket }), { prefix, since }).run(print);
    });
}

class Watcher {
  readonly #io: CliIo;
  readonly #client: ApiClient;
  readonly #query: URLSearchParams;
  #cursor: string | undefined;
  #retryMs = RETRY_MS_MIN;

  constructor(
    io: CliIo,
    client: ApiClient,
    query: { readonly prefix: string | undefined; readonly since: string | undefined },
  ) {
    this.#io = io;
    this.#client = client;
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    this.#query = new URLSearchParams(given as [string, string][]);
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
      path: `/v1/stream?${this.#query}`,
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

function printJsonLine(io: CliIo): (event: ServerSentEvent) => void {
  return ({ data }) => void io.stdout.write(`${data}\n`);
}

function printForPeople(io: CliIo): (event: ServerSentEvent) => void {
  const paint = painter(io);
  return ({ data }) => {
    const event = JSON.parse(data) as StreamEvent;
    const { record } = event;
    if (record !== undefined) {
      const what = event.change === 'put' ? `= ${formatValue(record)}` : paint('dim', event.change ?? '');
      io.stdout.write(`${plain(record.node)} ${plain(record.key)} ${what} (${formatAge(record)} old)\n`);
    } else if (event.type === 'member') {
      io.stdout.write(
        `${plain(event.name ?? '')} ${event.from ?? 'unknown'} -> ${event.to ?? 'forgotten'}\n`,
      );
    } else if (event.type === 'twin') {
      const name = plain(event.name ?? '');
      const places = (event.lives ?? []).map(({ endpoint }) => formatEndpoint(endpoint)).join(', ');
      const text = event.change === 'seen' ? `runs twice: ${places}` : 'no longer runs twice';
      io.stdout.write(`${paint('yellow', `${name} ${text}`)}\n`);
    } else if (event.type === 'reset') {
      const why = event.reason === 'start' ? '' : `; ${missedText(event)}`;
      io.stdout.write(paint('yellow', `(all ${event.records} records follow${why})`).concat('\n'));
    } else if (event.type === 'overflow') {
      io.stdout.write(paint('yellow', `(${missedText(event)})`).concat('\n'));
    }
  };
}

function missedText({ missed, reason }: StreamEvent): string {
  return `${missed === null ? 'some events' : `${missed} events`} missed: ${reason}`;
}
