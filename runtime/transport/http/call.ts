import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint } from '../../core/endpoint.ts';
import type { TrafficClass } from '../../core/outputs.ts';
import { decodeFrames, handOver } from './frames.ts';
import {
  BACK_OFF_MS,
  BACK_OFF_MS_MAX,
  CALL_IDLE_MS,
  POLL_SLACK_MS,
  POST_TIMEOUT_MS,
  WAIT_SECONDS,
  WAIT_SECONDS_MIN,
} from './limits.ts';
import { type Answer, PostError, type Posted, type Poster } from './poster.ts';
import type { DatagramQueue } from './queue.ts';
import type { Target } from './targets.ts';

/** Statuses that a listener of ours gives where it is merely busy. */
const BUSY = ['HTTP_429', 'HTTP_503'];
/** An empty answer to a poll comes later than this where polls may wait. */
const HASTY_MS = 500;
/** A poll that had waited so long when it failed was cut off, by somebody who lets nothing wait longer, or with its connection. */
const CUT_OFF_MS = 1_000;
const NOTHING = new Uint8Array(0);

export interface CallParts {
  readonly endpoint: Endpoint;
  readonly target: Target;
  /** 32 hex digits, drawn for this call. */
  readonly session: string;
  readonly poster: () => Promise<Poster>;
  readonly queue: DatagramQueue;
  readonly nowMs: () => number;
  readonly onDatagram: (bytes: Uint8Array, localAddress: string) => void;
  readonly onFault: (code: string) => void;
}

/**
 * This node's session to one listener [P-19.5]: one request at a time takes datagrams up, and another waits for those that come down, as
 * long as there was something to send lately. After a failure nothing is sent for a while.
 */
export class Call {
  readonly #parts: CallParts;
  #isPosting = false;
  /** Gives the request up that waits; undefined: none does. */
  #waiting: AbortController | undefined;
  #waitSeconds: number = WAIT_SECONDS;
  #isDue = false;
  #isClosed = false;
  #receivedBytes = 0;
  #failures = 0;
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  #sentMs = Number.NEGATIVE_INFINITY;

  constructor(parts: CallParts) {
    this.#parts = parts;
  }

  get endpoint(): Endpoint {
    return this.#parts.endpoint;
  }

  /** When something was last sent by it. */
  get sentMs(): number {
    return this.#sentMs;
  }

  get isIdle(): boolean {
    return this.#parts.nowMs() - this.#sentMs > CALL_IDLE_MS;
  }

  /** Whether nothing has got through since the last failure. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Whether nothing is sent at present, because it has just failed. */
  get isQuiet(): boolean {
    return this.#isClosed || this.#parts.nowMs() < this.#quietUntilMs;
  }

  /** Leaves with the next request. @returns how many datagrams are lost by it, this one included: where it is quiet, or too much waits. */
  send(datagram: Uint8Array, trafficClass: TrafficClass): number {
    // What never leaves doesn't keep a session up either.
    if (this.isQuiet) return 1;
    this.#sentMs = this.#parts.nowMs();
    const lost = this.#parts.queue.push(datagram, trafficClass);
    if (this.#isDue || this.#isPosting) return lost;
    this.#isDue = true;
    // What the engine says within one mutation goes in one request.
    queueMicrotask(() => {
      this.#isDue = false;
      void this.#post();
    });
    return lost;
  }

  close(): void {
    this.#isClosed = true;
    this.#parts.queue.clear();
    this.#waiting?.abort();
  }

  async #post(): Promise<void> {
    const { queue } = this.#parts;
    if (this.#isPosting) return;
    this.#isPosting = true;
    try {
      while (!queue.isEmpty && !this.#isClosed)
        await this.#ask({ body: queue.takeBody(), waitSeconds: 0, timeoutMs: POST_TIMEOUT_MS });
    } catch (error) {
      // What waits goes the same way, and may have lost it without a word: it must not hold up what works next.
      this.#waiting?.abort();
      this.#fail(error);
    }
    this.#isPosting = false;
    void this.#poll();
  }

  async #poll(): Promise<void> {
    if (this.#waiting !== undefined) return;
    while (!this.#isClosed && !this.isIdle && this.#failures === 0) {
      const waiting = new AbortController();
      this.#waiting = waiting;
      const askedMs = this.#parts.nowMs();
      const bytes = this.#receivedBytes;
      const waitSeconds = this.#waitSeconds;
      const timeoutMs = waitSeconds * 1_000 + POLL_SLACK_MS;
      try {
        await this.#ask({ body: NOTHING, waitSeconds, timeoutMs, signal: waiting.signal });
      } catch (error) {
        const waitedMs = this.#parts.nowMs() - askedMs;
        if (waiting.signal.aborted) break;
        if (waitedMs < CUT_OFF_MS || isBusy(error)) this.#fail(error);
        // Others get through meanwhile, or fail by themselves.
        else
          this.#waitSeconds = Math.max(WAIT_SECONDS_MIN, Math.min(waitSeconds, Math.floor(waitedMs / 2_000)));
      }
      // Somebody between doesn't let requests wait.
      const isHasty = bytes === this.#receivedBytes && this.#parts.nowMs() - askedMs < HASTY_MS;
      if (isHasty && this.#failures === 0) await delay(HASTY_MS, undefined, { ref: false });
    }
    this.#waiting = undefined;
  }

  /** @throws PostError (rejects) where no listener of ours answered. */
  async #ask(posted: Omit<Posted, 'session'>): Promise<void> {
    const { poster, target, session } = this.#parts;
    this.#take(await (await poster()).post(target, { ...posted, session }));
  }

  #take({ body, localAddress }: Answer): void {
    if (this.#isClosed) return;
    const datagrams = decodeFrames(body);
    if (datagrams === undefined) throw new PostError('HTTP_FRAMES');
    this.#failures = 0;
    this.#receivedBytes += body.length;
    handOver(
      datagrams,
      (datagram) => {
        if (!this.#isClosed) this.#parts.onDatagram(datagram, localAddress);
      },
      () => undefined,
    );
  }

  #fail(error: unknown): void {
    if (!(error instanceof PostError)) throw error;
    if (this.#isClosed) return;
    const { code, retryAfterSeconds } = error;
    const { nowMs, queue, onFault } = this.#parts;
    this.#failures++;
    this.#waitSeconds = WAIT_SECONDS;
    const gapMs = Math.min(BACK_OFF_MS * 2 ** Math.min(this.#failures - 1, 10), BACK_OFF_MS_MAX);
    const askedMs = BUSY.includes(code) ? Math.min((retryAfterSeconds ?? 0) * 1_000, BACK_OFF_MS_MAX) : 0;
    this.#quietUntilMs = nowMs() + Math.max(gapMs, askedMs);
    // What waits is stale by then.
    queue.clear();
    onFault(code);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof PostError && BUSY.includes(error.code);
}
