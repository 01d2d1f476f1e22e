import { GridvineError } from '../core/errors.ts';
import { ANSWER_BYTES_MAX } from '../core/limits.ts';
import type { EngineEvent } from '../core/outputs.ts';
import type {
  AnswerKind,
  AskOptions,
  QueryAnswer,
  QueryReceived,
  QuerySummary,
} from '../core/query-views.ts';
import type { AppValue } from '../core/value.ts';
import type { Driver } from './driver.ts';
import type { EventQueue } from './event-queue.ts';
import type { LogSink } from './log.ts';
import type { Scheduler } from './scheduler.ts';

/** What a query brings, whom it asks, and how it ends early. */
export interface QueryOptions extends AskOptions {
  /** Default null. */
  readonly payload?: AppValue;
  /** Ends it; the iteration ends then, too. */
  readonly signal?: AbortSignal;
}

/** A query under way: its answers as they come, each node's once. To leave the loop ends it. */
export interface RunningQuery extends AsyncIterable<QueryAnswer> {
  readonly number: number;
  /** How it ended; never rejects. */
  readonly done: Promise<QuerySummary>;
  /** Takes no more answers. Idempotent. */
  cancel(): void;
}

/**
 * Answers a query: with a value, now or later; undefined: this node has nothing to say to it. What it throws is answered as its failure.
 */
export type Responder = (
  query: QueryReceived,
) => AppValue | CutAnswer | undefined | Promise<AppValue | CutAnswer | undefined>;

/** An answer of which only the beginning is sent; the whole had so many bytes. */
export class CutAnswer {
  readonly text: string;
  readonly bytes: number;

  constructor(text: string, bytes: number) {
    this.text = text;
    this.bytes = bytes;
  }
}

/** Text that fits into an answer, with what CBOR adds. */
const TEXT_BYTES_MAX = ANSWER_BYTES_MAX - 3;
/** Of a query whose engine is gone already. */
const CANCELLED: QuerySummary = {
  end: 'cancelled',
  expected: 0,
  acks: 0,
  answers: 0,
  silent: [],
  tookMs: 0,
};

/** Queries of a running node: asked, iterated, and answered by name. */
export class NodeQueries {
  readonly #driver: Driver;
  readonly #events: EventQueue;
  readonly #log: LogSink;
  readonly #scheduler: Scheduler;
  readonly #builtIn: ReadonlyMap<string, Responder>;
  readonly #responders = new Map<string, Responder>();
  /** How own queries under way end: by the engine, which knows how far they came, or at once. */
  readonly #open = new Map<number, { readonly cancel: () => void; readonly stop: () => void }>();

  constructor(
    parts: {
      readonly driver: Driver;
      readonly events: EventQueue;
      readonly log: LogSink;
      readonly scheduler: Scheduler;
    },
    builtIn: ReadonlyMap<string, Responder>,
  ) {
    this.#driver = parts.driver;
    this.#events = parts.events;
    this.#log = parts.log;
    this.#builtIn = builtIn;
    this.#scheduler = parts.scheduler;
  }

  /** Every event of the engine, in its drain. A listener for queries alone would have all events queued for it. */
  observe(event: EngineEvent): void {
    if (event.type === 'query') this.#scheduler.soon(() => void this.#respond(event.query));
  }

  /** @throws GridvineError `E_EVENT` where the name is taken. */
  onQuery(name: string, responder: Responder): () => void {
    if (this.#builtIn.has(name))
      throw new GridvineError('E_EVENT', `query ${name}: gridvine answers it itself; choose another name`);
    if (this.#responders.has(name))
      throw new GridvineError('E_EVENT', `query ${name}: something answers to this name already`);
    this.#responders.set(name, responder);
    return () => {
      if (this.#responders.get(name) === responder) this.#responders.delete(name);
    };
  }

  ask(name: string, { payload = null, signal, ...options }: QueryOptions): RunningQuery {
    signal?.throwIfAborted();
    const number = this.#driver.mutate((engine, nowMs) => engine.events.ask(nowMs, name, payload, options));
    const waiting: QueryAnswer[] = [];
    let wake: () => void = () => undefined;
    let summary: QuerySummary | undefined;
    let resolve: (summary: QuerySummary) => void = () => undefined;
    const done = new Promise<QuerySummary>((settle) => {
      resolve = settle;
    });
    const finish = (end: QuerySummary) => {
      if (summary !== undefined) return;
      summary = end;
      unsubscribe();
      this.#open.delete(number);
      signal?.removeEventListener('abort', cancel);
      resolve(end);
      wake();
    };
    const unsubscribe = this.#events.subscribe((event: EngineEvent) => {
      if (event.type === 'query-answer' && event.number === number) {
        waiting.push(event.answer);
        wake();
      } else if (event.type === 'query-over' && event.number === number) finish(event.summary);
    });
    const stop = () => finish(CANCELLED);
    const cancel = () => {
      if (summary === undefined) this.#cancel(number);
    };
    this.#open.set(number, { cancel, stop });
    signal?.addEventListener('abort', cancel);
    async function* iterate(): AsyncGenerator<QueryAnswer, void, void> {
      try {
        for (;;) {
          for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) yield next;
          if (summary !== undefined) return;
          await new Promise<void>((settle) => {
            wake = settle;
          });
        }
      } finally {
        cancel();
      }
    }
    return { number, done, cancel, [Symbol.asyncIterator]: iterate };
  }

  /** The node is about to close: queries under way end with what they have. */
  cancelAll(): void {
    for (const { cancel } of [...this.#open.values()]) cancel();
  }

  /** The node closes: nobody waits any more. */
  stop(): void {
    for (const { stop } of [...this.#open.values()]) stop();
  }

  #cancel(number: number): void {
    try {
      this.#driver.mutate((engine, nowMs) => engine.events.cancel(nowMs, number));
    } catch (error) {
      if (!(error instanceof GridvineError)) throw error;
    }
  }

  async #respond(query: QueryReceived): Promise<void> {
    const responder = this.#builtIn.get(query.name) ?? this.#responders.get(query.name);
    let value: AppValue | CutAnswer | undefined;
    try {
      value = await responder?.(query);
    } catch (error) {
      this.#log('warn', 'query-failed', { query: query.name, error: String(error) });
      this.#answer(query, 'failed', error instanceof Error ? error.message : String(error));
      return;
    }
    if (value === undefined) this.#answer(query, 'none', null);
    else this.#answer(query, 'answer', value);
  }

  #answer(query: QueryReceived, kind: AnswerKind, value: AppValue | CutAnswer): void {
    const said = typeof value === 'string' ? cutText(value) : value;
    const [sent, cutFrom] = said instanceof CutAnswer ? [said.text, said.bytes] : [said, null];
    try {
      this.#driver.mutate((engine, nowMs) =>
        engine.events.answer(nowMs, query, { kind, value: sent, cutFrom }),
      );
    } catch (error) {
      if (!(error instanceof GridvineError)) throw error;
      if (error.code === 'E_CLOSED' || kind === 'failed') return;
      this.#log('warn', 'query-failed', { query: query.name, error: error.message });
      this.#answer(query, 'failed', error.message);
    }
  }
}

/** The text, or as much of its beginning as an answer holds. */
export function cutText(text: string): string | CutAnswer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= TEXT_BYTES_MAX) return text;
  let end = TEXT_BYTES_MAX;
  // Not in the middle of a character.
  while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  return new CutAnswer(bytes.subarray(0, end).toString('utf8'), bytes.length);
}
