import type { ClockPort } from '#bridge/ports/clock-port.ts';
import type { RandomSource } from '#runtime/core/random.ts';
import { retryDelayMs } from './back-off.ts';
import type { BrokerDialer, BrokerLink, Will } from './broker-link.ts';

export type ConnectionState = 'stopped' | 'connecting' | 'online' | 'waiting';

export interface ConnectionListener {
  up(link: BrokerLink, info: { readonly receiveMaximum: number }): void;
  /** The link that was up is gone, or an attempt failed. */
  down(server: string, reason: string): void;
}

/**
 * Keeps one link to the first of several brokers that answers, for ever. After a failure the next broker of the list is
 * tried; once all have failed the waits grow. They start small again when `settled` was called, not at the mere
 * connection: a broker that accepts and then hangs up would else be asked every second.
 */
export class BrokerConnection {
  readonly #options: {
    readonly servers: readonly string[];
    readonly will: Will;
    readonly dialer: BrokerDialer;
    readonly clock: ClockPort;
    readonly random: Pick<RandomSource, 'next'>;
    readonly listener: ConnectionListener;
  };
  #state: ConnectionState = 'stopped';
  #link: BrokerLink | undefined;
  #cancelRetry: () => void = () => {};
  #serverIndex = 0;
  #failures = 0;
  /** Milliseconds of the wait that is on, or was last. */
  retryMs = 0;
  attempts = 0;

  constructor(options: {
    readonly servers: readonly string[];
    readonly will: Will;
    readonly dialer: BrokerDialer;
    readonly clock: ClockPort;
    readonly random: Pick<RandomSource, 'next'>;
    readonly listener: ConnectionListener;
  }) {
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The broker in use, or the one to be tried next. */
  get server(): string {
    return this.#options.servers[this.#serverIndex];
  }

  /** Failed attempts and lost links in a row. */
  get failures(): number {
    return this.#failures;
  }

  start(): void {
    if (this.#state === 'stopped') this.#dial();
  }

  /** All that had to be said on this link was acknowledged: the broker is well. */
  settled(): void {
    this.#failures = 0;
  }

  /** Gives up the present link, and tries again later. */
  drop(reason: string): void {
    const link = this.#link;
    this.#lost(link, reason);
    link?.close('cut');
  }

  stop(how: 'clean' | 'cut'): void {
    const link = this.#link;
    this.#cancelRetry();
    this.#link = undefined;
    this.#state = 'stopped';
    link?.close(how);
  }

  #dial(): void {
    this.#state = 'connecting';
    this.attempts += 1;
    const { dialer, will, listener } = this.#options;
    // A link speaks only while it is the present one: what an abandoned one says later is ignored.
    const link: BrokerLink = dialer.dial({
      server: this.server,
      will,
      listener: {
        up: (info) => {
          if (this.#link !== link) return;
          this.#state = 'online';
          listener.up(link, info);
        },
        down: (reason) => this.#lost(link, reason),
      },
    });
    this.#link = link;
  }

  #lost(link: BrokerLink | undefined, reason: string): void {
    if (link === undefined || this.#link !== link) return;
    const { servers, clock, random, listener } = this.#options;
    const server = this.server;
    this.#link = undefined;
    this.#state = 'waiting';
    this.#failures += 1;
    this.#serverIndex = (this.#serverIndex + 1) % servers.length;
    this.retryMs = retryDelayMs({
      failures: Math.ceil(this.#failures / servers.length),
      random: random.next(),
    });
    this.#cancelRetry = clock.schedule(this.retryMs, () => this.#dial());
    listener.down(server, reason);
  }
}
