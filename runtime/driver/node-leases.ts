import { GridvineError } from '../core/errors.ts';
import type { LeaseOptions, OwnLease } from '../core/lease-views.ts';
import type { EngineEvent } from '../core/outputs.ts';
import type { GossipEngine } from '../engine/contract.ts';
import type { Clock } from './clock.ts';
import type { Driver } from './driver.ts';
import type { EventQueue } from './event-queue.ts';
import { leaseError, type NodeLease } from './node-lease.ts';

/** What a caller of `lease` asks for. */
export interface NodeLeaseOptions extends LeaseOptions {
  /** Ends the attempt, or releases what was had by then. */
  readonly signal?: AbortSignal;
}

/** The leases of a running node as objects: each resolves once it is held, and aborts its signal once it is over. */
export class NodeLeases {
  readonly #engine: GossipEngine;
  readonly #driver: Driver;
  readonly #events: EventQueue;
  readonly #clock: Clock;
  readonly #ends = new Set<(reason: GridvineError) => void>();

  constructor(parts: {
    readonly engine: GossipEngine;
    readonly driver: Driver;
    readonly events: EventQueue;
    readonly clock: Clock;
  }) {
    this.#engine = parts.engine;
    this.#driver = parts.driver;
    this.#events = parts.events;
    this.#clock = parts.clock;
  }

  /** What this node has of a lease at this very moment. */
  own(name: string): OwnLease | undefined {
    return this.#engine.leases.own(this.#clock.exactMs?.() ?? this.#clock.nowMs(), name);
  }

  /** @throws GridvineError `E_LEASE`, `E_LEASE_UNAVAILABLE`, `E_QUOTA`, `E_CLOSED`; the reason of the caller's signal. */
  async acquire(name: string, { signal, ...options }: NodeLeaseOptions): Promise<NodeLease> {
    signal?.throwIfAborted();
    const claim = this.#driver.mutate((engine, nowMs) => engine.leases.acquire(nowMs, name, options));
    const controller = new AbortController();
    return new Promise((resolve, reject) => {
      const onEvent = (event: EngineEvent) => {
        if (event.type !== 'lease' || event.claim !== claim) return;
        if (event.state === 'held') resolve(this.#handle(name, event.fence ?? 0, controller.signal));
        else end(leaseError(name, event.end ?? 'lapsed'));
      };
      const onAbort = () => {
        end(signal?.reason);
        this.#release(name);
      };
      const unsubscribe = this.#events.subscribe(onEvent);
      const end = (reason: unknown) => {
        unsubscribe();
        this.#ends.delete(end);
        signal?.removeEventListener('abort', onAbort);
        controller.abort(reason);
        // Of no effect where it was held.
        reject(reason);
      };
      this.#ends.add(end);
      signal?.addEventListener('abort', onAbort);
    });
  }

  /** The node closes: nobody renews anything any more. */
  stop(): void {
    for (const end of [...this.#ends])
      end(new GridvineError('E_CLOSED', 'this node is closed: make a new one'));
  }

  #handle(name: string, fence: number, signal: AbortSignal): NodeLease {
    const own = () => {
      const present = signal.aborted ? undefined : this.own(name);
      return present?.fence === fence ? present : undefined;
    };
    const release = () => {
      if (!signal.aborted) this.#release(name);
    };
    return {
      name,
      fence,
      get held() {
        return own() !== undefined;
      },
      get leftMs() {
        return own()?.leftMs ?? 0;
      },
      signal,
      release,
      async [Symbol.asyncDispose]() {
        release();
      },
    };
  }

  /** What is over already, or with the node, is well. */
  #release(name: string): void {
    try {
      this.#driver.mutate((engine, nowMs) => engine.leases.release(nowMs, name));
    } catch (error) {
      if (!(error instanceof GridvineError)) throw error;
    }
  }
}
