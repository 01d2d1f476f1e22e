import type { ServerResponse } from 'node:http';
import type { RecordFilter } from '#runtime/engine/contract.ts';
import { ApiError } from '../api-error.ts';
import { EventStream, type EventStreamOptions, PUBLIC } from '../event-stream.ts';
import { type Route, route } from '../route.ts';

type StreamFilter = Pick<EventStreamOptions, 'prefix' | 'types' | 'name'>;

const STREAMS_MAX = 64;
const HEARTBEAT_MS_DEFAULT = 15_000;

/** Streams of one server: bounded in number, and ended with it. */
export class StreamHub {
  readonly #open = new Set<EventStream>();
  readonly #heartbeatMs: number;

  constructor(options: { readonly heartbeatMs?: number } = {}) {
    this.#heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS_DEFAULT;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws ApiError 503 where too many are open. */
  admit(): void {
    if (this.#open.size < STREAMS_MAX) return;
    throw new ApiError(503, 'E_TOO_MANY_STREAMS', `expected at most ${STREAMS_MAX} open streams; close one`, {
      'retry-after': '5',
    });
  }

  start(response: ServerResponse, options: Omit<EventStreamOptions, 'heartbeatMs'>): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const stream = new EventStream(response, { ...options, heartbeatMs: this.#heartbeatMs });
    this.#open.add(stream);
    response.on('close', () => this.#open.delete(stream));
  }

  /** Ends all streams, so that the server can close. */
  stop(): void {
    for (const stream of this.#open) stream.stop();
  }
}

/** The route of the stream, served by a hub. */
export function streamRoute(hub: StreamHub): Route {
  return route({
    method: 'GET',
    path: '/v1/stream',
    operationId: 'stream',
    summary:
      'Changes of records and members, and user events, as server-sent events. Each has a cursor as its id; a reader that was too slow, ' +
      'or away for too long, gets an event "overflow" and goes on.',
    query: [
      { name: 'prefix', description: 'Only records whose key starts with this, and no members.' },
      { name: 'types', description: `Only these, with commas: ${[...PUBLIC].join(', ')}.` },
      {
        name: 'name',
        description: 'Of user events only those of this name; with a slash at its end, all below it.',
      },
      { name: 'cursor', description: 'Go on behind this event; as the header Last-Event-ID.' },
      {
        name: 'since',
        description:
          'As cursor, or "start"; and where events were lost, an event "reset", then all records, then "state-end".',
      },
    ],
    replyType: 'text/event-stream',
    handle: ({ query, header }, { events, node }) => {
      hub.admit();
      const cursor = header('last-event-id') || (query.since ?? query.cursor);
      const fromStart = query.since !== undefined && cursor === 'start';
      const from =
        cursor === undefined || fromStart ? { after: events.last, restarted: false } : events.resume(cursor);
      if (from === undefined) {
        throw new ApiError(
          400,
          'E_REQUEST',
          `${query.since === undefined ? 'cursor' : 'since'}: expected the id of an event${query.since === undefined ? '' : ', or start'}; got ${JSON.stringify(cursor)}`,
        );
      }
      const options = {
        log: events,
        from,
        fromStart,
        ...filterOf(query),
        ...(query.since === undefined ? {} : { state: (filter: RecordFilter) => node.records(filter) }),
      };
      return { kind: 'stream', open: (response) => hub.start(response, options) };
    },
  });
}

/** @throws ApiError for a type that there isn't. */
function filterOf({ prefix, types, name }: Readonly<Record<string, string | undefined>>): StreamFilter {
  const wanted = types?.split(',');
  const unknown = wanted?.find((type) => ![...PUBLIC].some((known) => known === type));
  if (unknown !== undefined)
    throw new ApiError(400, 'E_REQUEST', `types: expected some of ${[...PUBLIC].join(', ')}; got ${unknown}`);
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(wanted === undefined ? {} : { types: new Set(wanted) }),
    ...(name === undefined ? {} : { name }),
  };
}
