import type { ServerResponse } from 'node:http';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import type { EventLog, ResumePoint } from './event-log.ts';
import { eventJson } from './views.ts';

export interface EventStreamOptions {
  readonly log: EventLog;
  readonly from: ResumePoint;
  /** Only record events whose key starts with this; member events don't pass then. */
  readonly prefix?: string;
  /** Sent after so long without an event. */
  readonly heartbeatMs: number;
}

/** The kinds of events that leave the daemon; the others concern its driver only. */
const PUBLIC: ReadonlySet<EngineEvent['type']> = new Set(['member', 'record', 'twin', 'left']);

/**
 * One reader of the stream, as server-sent events. It writes only while the socket takes more, and holds nothing but its
 * place in the log.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #options: EventStreamOptions;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #unsubscribe: () => void;
  #after: number;
  #blocked = false;

  constructor(response: ServerResponse, options: EventStreamOptions) {
    this.#response = response;
    this.#options = options;
    this.#after = options.from.after;
    this.#heartbeat = setInterval(() => this.#beat(), options.heartbeatMs);
    this.#unsubscribe = options.log.onAppend(() => this.#pump());
    response.on('drain', () => {
      this.#blocked = false;
      this.#pump();
    });
    response.on('close', () => this.stop());
    response.on('error', () => this.stop());
    if (options.from.restarted) this.#reportLoss('restarted', null);
    this.#beat();
    this.#pump();
  }

  /** Ends it. Idempotent. */
  stop(): void {
    clearInterval(this.#heartbeat);
    this.#unsubscribe();
    if (!this.#response.writableEnded) this.#response.end();
  }

  #pump(): void {
    const { log } = this.#options;
    while (!this.#blocked && this.#after < log.last) {
      const missed = log.oldest - 1 - this.#after;
      if (missed > 0) {
        this.#after += missed;
        this.#reportLoss('behind', missed);
        continue;
      }
      this.#after++;
      const entry = log.at(this.#after);
      if (entry !== undefined && this.#wants(entry.event)) {
        const cursor = log.cursorOf(entry.sequence);
        const data = eventJson(entry.event, cursor, log.nowMs() - entry.atMs);
        this.#write(`id: ${cursor}\nevent: ${entry.event.type}\ndata: ${JSON.stringify(data)}\n\n`);
      }
    }
  }

  #wants(event: EngineEvent): boolean {
    const { prefix } = this.#options;
    if (!PUBLIC.has(event.type)) return false;
    return prefix === undefined || (event.type === 'record' && event.record.key.startsWith(prefix));
  }

  #reportLoss(reason: 'behind' | 'restarted', missed: number | null): void {
    const cursor = this.#options.log.cursorOf(this.#after);
    const data = { schema: 'gridvine.event/1', cursor, type: 'overflow', reason, missed };
    this.#write(`id: ${cursor}\nevent: overflow\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Carries the cursor too: with a filter the reader would else resume from long ago, and be told of losses that aren't. */
  #beat(): void {
    if (!this.#blocked) this.#write(`: heartbeat\nid: ${this.#options.log.cursorOf(this.#after)}\n\n`);
  }

  #write(text: string): void {
    if (!this.#response.write(text)) this.#blocked = true;
  }
}
