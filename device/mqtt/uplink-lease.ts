import type { ClockPort } from '#bridge/ports/clock-port.ts';
import type { RunningNode } from '#runtime/driver/contract.ts';
import type { NodeLease } from '#runtime/driver/node-lease.ts';
import { UPLINK_RETRY_MS, UPLINK_TTL_MS } from './limits.ts';

/** Where leases come from. */
export type LeaseSource = Pick<RunningNode, 'lease' | 'leases'>;

export interface UplinkListener {
  /** From now on this node feeds the brokers. */
  granted(): void;
  /** From now on it doesn't: not by its own wish. */
  lost(reason: string): void;
  /** It can't even ask; it tries again. */
  unavailable(reason: string): void;
}

/**
 * The lease under which one of several bridges feeds the brokers: asked for all the time, had again whenever it was lost. Its holder may
 * act only while `fence` says so.
 */
export class UplinkLease {
  readonly name: string;
  readonly #source: LeaseSource;
  readonly #clock: ClockPort;
  readonly #listener: UplinkListener;
  #attempt: AbortController | undefined;
  #lease: NodeLease | undefined;
  #cancelRetry: () => void = () => {};

  constructor(options: {
    readonly name: string;
    readonly source: LeaseSource;
    readonly clock: ClockPort;
    readonly listener: UplinkListener;
  }) {
    this.name = options.name;
    this.#source = options.source;
    this.#clock = options.clock;
    this.#listener = options.listener;
  }

  /** Under which fence it is held at this very moment; undefined: it isn't. */
  get fence(): number | undefined {
    return this.#lease?.held === true ? this.#lease.fence : undefined;
  }

  /** Whether any node is known to hold it. */
  get hasHolder(): boolean {
    return this.#source.leases().leases.some(({ name, state }) => name === this.name && state === 'held');
  }

  start(): void {
    this.#ask();
  }

  /** Lets others have it, and asks again `pauseMs` later. The listener isn't told. */
  yield(pauseMs: number): void {
    this.stop();
    this.#askAgain(pauseMs);
  }

  /** Lets it go for good. The listener isn't told. Idempotent. */
  stop(): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    this.#lease = undefined;
    this.#cancelRetry();
    attempt?.abort(new Error('nobody wants it any more'));
  }

  #ask(): void {
    const attempt = new AbortController();
    this.#attempt = attempt;
    // A claim speaks only while it is the present one.
    const during = (then: () => void) => {
      if (this.#attempt === attempt) then();
    };
    this.#source.lease(this.name, { ttlMs: UPLINK_TTL_MS, signal: attempt.signal }).then(
      (lease) => during(() => this.#had(lease, during)),
      (error: unknown) =>
        during(() => {
          this.#askAgain(UPLINK_RETRY_MS);
          this.#listener.unavailable(messageOf(error));
        }),
    );
  }

  #had(lease: NodeLease, during: (then: () => void) => void): void {
    const over = () =>
      during(() => {
        this.#askAgain(UPLINK_RETRY_MS);
        this.#listener.lost(messageOf(lease.signal.reason));
      });
    this.#lease = lease;
    this.#listener.granted();
    if (lease.signal.aborted) over();
    else lease.signal.addEventListener('abort', over, { once: true });
  }

  #askAgain(afterMs: number): void {
    this.#attempt = undefined;
    this.#lease = undefined;
    this.#cancelRetry = this.#clock.schedule(afterMs, () => this.#ask());
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
