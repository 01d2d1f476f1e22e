import { GridvineError } from '../core/errors.ts';
import type { NodeId } from '../core/ids.ts';
import type { RecordView } from '../core/views.ts';
import type { RecordFilter } from '../engine/contract.ts';
import type { LoggedChange, RecordLog } from './record-log.ts';

/** What to follow. */
export interface SubscribeOptions {
  /** Only records whose key starts with this; default all. */
  readonly prefix?: string;
  /**
   * Go on behind this cursor of an earlier item, also of an earlier subscription. `now`: only what changes from now on. Default: the
   * whole state first.
   */
  readonly since?: string;
  /** Ends it: the iteration rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Names that may wait for a slow reader before it is reset; default 8192. */
  readonly pendingMax?: number;
}

/** What a reader is told. `cursor`: everything up to here was told; `skipped`: changes of this record that a newer one replaced unread. */
export type SubscriptionItem =
  | { readonly type: 'put'; readonly cursor: string; readonly skipped: number; readonly record: RecordView }
  | {
      readonly type: 'gone';
      readonly cursor: string;
      readonly skipped: number;
      readonly change: 'delete' | 'expire' | 'forget';
      readonly owner: NodeId;
      readonly node: string;
      readonly key: string;
    }
  /**
   * Forget all: this is the whole state now. `start`: as asked for; `behind`: what followed the cursor is gone, or too much waited;
   * `restarted`: the cursor is of another life of this node.
   */
  | {
      readonly type: 'reset';
      readonly cursor: string;
      readonly reason: 'start' | 'behind' | 'restarted';
      readonly records: readonly RecordView[];
    };

interface Waiting {
  change: LoggedChange;
  /** The first change that the reader hasn't heard of. */
  readonly first: number;
  skipped: number;
}

const PENDING_MAX_DEFAULT = 8_192;

/**
 * Changes of records for one reader, in order, each record once with its newest value: what waits is names, so a reader that never reads
 * costs a bounded amount of memory and holds nobody up.
 */
export class Subscription implements AsyncIterableIterator<SubscriptionItem>, AsyncDisposable {
  readonly #log: RecordLog;
  readonly #read: (filter: RecordFilter) => RecordView[];
  readonly #prefix: string;
  readonly #pendingMax: number;
  readonly #signal: AbortSignal | undefined;
  readonly #waiting = new Map<string, Waiting>();
  readonly #end: () => void;
  #reset: 'start' | 'behind' | 'restarted' | undefined;
  #wakes: (() => void)[] = [];
  #closed = false;
  #coalesced = 0;
  #told: number;
  /** Where a reader goes on that takes nothing more: set where what waits doesn't say it. */
  #frozen: { readonly cursor: string | undefined } | undefined;

  /** @throws GridvineError `E_CURSOR` where `since` isn't one. */
  constructor(
    options: SubscribeOptions,
    parts: {
      readonly log: RecordLog;
      readonly records: (filter: RecordFilter) => RecordView[];
      /** It is over: whoever made it forgets it. */
      readonly onEnd: (subscription: Subscription) => void;
    },
  ) {
    const { prefix = '', since, signal, pendingMax = PENDING_MAX_DEFAULT } = options;
    this.#log = parts.log;
    this.#read = parts.records;
    this.#prefix = prefix;
    this.#pendingMax = pendingMax;
    this.#signal = signal;
    this.#told = parts.log.last;
    if (since === undefined) this.#resetTo('start', undefined);
    else if (since !== 'now') this.#resume(since);
    const unsubscribe = parts.log.onAppend((change, sequence) => this.#note(change, sequence));
    const onAbort = () => this.#stop();
    signal?.addEventListener('abort', onAbort);
    this.#end = () => {
      unsubscribe();
      signal?.removeEventListener('abort', onAbort);
      parts.onEnd(this);
    };
    if (signal?.aborted) this.#stop();
  }

  /** Changes that this reader never saw, because a newer one of the same record took their place. */
  get coalesced(): number {
    return this.#coalesced;
  }

  /** Records whose change it hasn't been told of. */
  get pending(): number {
    return this.#waiting.size;
  }

  /**
   * Everything up to here was told, also after the end: `since` for who goes on later. undefined: nothing was told yet, and without `since`
   * all comes.
   */
  get cursor(): string | undefined {
    return this.#frozen === undefined ? this.#place : this.#frozen.cursor;
  }

  get #place(): string {
    const [next] = this.#waiting.values();
    return this.#log.cursorOf(next === undefined ? this.#told : next.first - 1);
  }

  /** The next change, once there is one. @returns done after `close`, or the node's. @throws the signal's reason (rejects). */
  async next(): Promise<IteratorResult<SubscriptionItem>> {
    for (;;) {
      if (this.#signal?.aborted) throw this.#signal.reason;
      if (this.#closed) return { done: true, value: undefined };
      const value = this.#take();
      if (value !== undefined) return { done: false, value };
      await new Promise<void>((resolve) => {
        this.#wakes.push(resolve);
      });
    }
  }

  async return(): Promise<IteratorResult<SubscriptionItem>> {
    this.close();
    return { done: true, value: undefined };
  }

  /** Ends it. Idempotent. */
  close(): void {
    this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #stop(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#frozen ??= { cursor: this.#place };
    this.#waiting.clear();
    this.#end();
    this.#wakeUp();
  }

  #resume(cursor: string): void {
    const at = this.#log.resume(cursor);
    if (at === undefined)
      throw new GridvineError(
        'E_CURSOR',
        `since: expected the cursor of an item, or now; got ${JSON.stringify(cursor.slice(0, 40))}`,
      );
    if ('reset' in at) this.#resetTo(at.reset, cursor);
    else for (const [change, sequence] of this.#log.since(at.after)) this.#note(change, sequence);
  }

  /** All is to be told anew: until it is, a reader that ends here goes on from where it was. */
  #resetTo(reason: 'start' | 'behind' | 'restarted', cursor: string | undefined): void {
    this.#frozen = { cursor };
    this.#reset = reason;
  }

  #note(change: LoggedChange, sequence: number): void {
    this.#told = sequence;
    // All of it will be told anyway.
    if (this.#reset !== undefined || !change.key.startsWith(this.#prefix)) return;
    const name = `${change.owner}/${change.key}`;
    const present = this.#waiting.get(name);
    if (present !== undefined) {
      present.change = change;
      present.skipped++;
      this.#coalesced++;
    } else if (this.#waiting.size < this.#pendingMax) {
      this.#waiting.set(name, { change, first: sequence, skipped: 0 });
    } else {
      this.#coalesced += this.#waiting.size;
      this.#resetTo('behind', this.#place);
      this.#waiting.clear();
    }
    this.#wakeUp();
  }

  #wakeUp(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }

  #take(): SubscriptionItem | undefined {
    const reason = this.#reset;
    if (reason !== undefined) {
      this.#reset = undefined;
      this.#frozen = undefined;
      const records = this.#read({}).filter(({ key }) => key.startsWith(this.#prefix));
      return { type: 'reset', cursor: this.#place, reason, records };
    }
    for (const [name, { change, skipped }] of this.#waiting) {
      this.#waiting.delete(name);
      const { owner, node, key } = change;
      // A key that ends with a slash is a filter for others, too.
      const record = this.#read({ owner, key }).find((each) => each.key === key);
      if (record !== undefined) return { type: 'put', cursor: this.#place, skipped, record };
      // Put, and gone again in this moment: the change that says so follows.
      if (change.change === 'put') continue;
      return { type: 'gone', cursor: this.#place, skipped, change: change.change, owner, node, key };
    }
    return undefined;
  }
}
