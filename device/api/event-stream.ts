import type { ServerResponse } from 'node:http';
import type { NodeId } from '#runtime/core/ids.ts';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import type { Version } from '#runtime/core/version.ts';
import type { RecordView } from '#runtime/core/views.ts';
import type { EventLog, ResumePoint } from './event-log.ts';
import { eventJson, recordJson } from './views.ts';

export interface EventStreamOptions {
  readonly log: EventLog;
  readonly from: ResumePoint;
  /** Only record events whose key starts with this; member events don't pass then. */
  readonly prefix?: string;
  /** Only events of these types. */
  readonly types?: ReadonlySet<string>;
  /** Of user events, only those of this name, or below it where it ends with a slash. */
  readonly name?: string;
  /** Sent after so long without an event. */
  readonly heartbeatMs: number;
  /** Records: a reader that lost events gets all, behind an event `reset`. Absent: it is told how many it lost, and goes on. */
  readonly state?: (filter: { readonly owner?: NodeId; readonly key?: string }) => readonly RecordView[];
  /** The whole state first, though nothing was lost. */
  readonly fromStart?: boolean;
}

/** The whole state on its way to a reader, a record at a time: as fast as the socket takes it. Names; values are read when they are told. */
interface Refill {
  readonly names: readonly { readonly owner: NodeId; readonly key: string }[];
  next: number;
  told: number;
}

/** The kinds of events that leave the daemon; the others concern its driver only. */
export const PUBLIC: ReadonlySet<EngineEvent['type']> = new Set([
  'member',
  'record',
  'twin',
  'user-event',
  'event-gap',
  'left',
]);

/**
 * One reader of the stream, as server-sent events. It writes only while the socket takes more, and holds nothing but its
 * place in the log; while the whole state is on its way names, and versions of them until the log has caught up.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #options: EventStreamOptions;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #unsubscribe: () => void;
  #after: number;
  #blocked = false;
  #refill: Refill | undefined;
  /** What the state told, by owner and key: events that lie behind it would take a value back. Until the log has caught up. */
  #shown = new Map<string, Version>();

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
    if (options.fromStart) this.#begin('start', null);
    else if (options.from.restarted) this.#lost('restarted', null);
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
    while (!this.#blocked) {
      if (this.#refill !== undefined) {
        this.#pour(this.#refill);
        continue;
      }
      if (this.#after >= log.last) return;
      const missed = log.oldest - 1 - this.#after;
      if (missed > 0) {
        this.#after += missed;
        this.#lost('behind', missed);
        continue;
      }
      this.#after++;
      const entry = log.at(this.#after);
      if (entry !== undefined && this.#wants(entry.event) && !this.#isOld(entry.event)) {
        const cursor = log.cursorOf(entry.sequence);
        const data = eventJson(entry.event, cursor, log.nowMs() - entry.atMs);
        this.#write(`id: ${cursor}\nevent: ${entry.event.type}\ndata: ${JSON.stringify(data)}\n\n`);
      }
    }
  }

  #wants(event: EngineEvent): boolean {
    const { prefix, types, name } = this.#options;
    if (!PUBLIC.has(event.type) || types?.has(event.type) === false) return false;
    if (event.type === 'user-event' && name !== undefined) return isCalled(event.event.name, name);
    return prefix === undefined || (event.type === 'record' && event.record.key.startsWith(prefix));
  }

  #isOld(event: EngineEvent): boolean {
    if (event.type !== 'record') return false;
    const { owner, key, version } = event.record;
    return version < (this.#shown.get(`${owner}/${key}`) ?? 0);
  }

  #lost(reason: 'behind' | 'restarted', missed: number | null): void {
    if (this.#options.state !== undefined) this.#begin(reason, missed);
    else this.#reportLoss(reason, missed);
  }

  /** Says that all is to be forgotten. Without a cursor: a reader that is cut off before the end begins again. */
  #begin(reason: 'start' | 'behind' | 'restarted', missed: number | null): void {
    const { log, prefix = '', types, state } = this.#options;
    const all = types?.has('record') === false ? undefined : state?.({});
    const records = (all ?? []).filter(({ key }) => key.startsWith(prefix));
    this.#after = log.last;
    this.#shown.clear();
    this.#refill = { names: records.map(({ owner, key }) => ({ owner, key })), next: 0, told: 0 };
    const data = { schema: 'gridvine.event/1', type: 'reset', reason, missed, records: records.length };
    this.#write(`event: reset\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #pour(refill: Refill): void {
    const { log, state } = this.#options;
    const name = refill.names[refill.next++];
    if (name !== undefined) {
      // A key that ends with a slash is a filter for others, too. What is gone by now needn't be told.
      const record = state?.(name).find(({ key }) => key === name.key);
      if (record === undefined) return;
      this.#shown.set(`${name.owner}/${name.key}`, record.version);
      refill.told++;
      const shown = recordJson(record, 0);
      const data = { schema: 'gridvine.event/1', type: 'record', change: 'put', state: true, record: shown };
      this.#write(`event: record\ndata: ${JSON.stringify(data)}\n\n`);
      return;
    }
    this.#refill = undefined;
    const cursor = log.cursorOf(this.#after);
    const data = { schema: 'gridvine.event/1', cursor, type: 'state-end', records: refill.told };
    this.#write(`id: ${cursor}\nevent: state-end\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #reportLoss(reason: 'behind' | 'restarted', missed: number | null): void {
    const cursor = this.#options.log.cursorOf(this.#after);
    const data = { schema: 'gridvine.event/1', cursor, type: 'overflow', reason, missed };
    this.#write(`id: ${cursor}\nevent: overflow\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Carries the cursor too: with a filter the reader would else resume from long ago, and be told of losses that aren't. */
  #beat(): void {
    if (this.#refill === undefined && this.#after >= this.#options.log.last) this.#shown.clear();
    if (!this.#blocked && this.#refill === undefined)
      this.#write(`: heartbeat\nid: ${this.#options.log.cursorOf(this.#after)}\n\n`);
  }

  #write(text: string): void {
    if (!this.#response.write(text)) this.#blocked = true;
  }
}

function isCalled(name: string, wanted: string): boolean {
  return wanted.endsWith('/') ? name.startsWith(wanted) : name === wanted;
}
