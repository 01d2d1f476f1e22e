import type { ClockPort } from '#bridge/ports/clock-port.ts';
import type { BrokerLink } from './broker-link.ts';
import { ACK_TIMEOUT_MS } from './limits.ts';
import type { Outbox, Outgoing } from './outbox.ts';

export interface PublisherListener {
  /** Asked right before each message: whether it may go out. */
  mayPublish(): boolean;
  acknowledged(topic: string): void;
  /** The broker answered that it doesn't want this. */
  refused(topic: string, error: Error): void;
  /** Nothing waits and nothing is under way. */
  drained(): void;
  /** Messages are under way and the broker has acknowledged none for `ACK_TIMEOUT_MS`. */
  stalled(): void;
}

/**
 * Empties the outbox into one link, with at most `window` messages unacknowledged. The client library has no such limit:
 * towards a broker that hangs it takes any number of messages without a word.
 */
export class Publisher {
  readonly #link: BrokerLink;
  readonly #outbox: Outbox;
  readonly #window: number;
  readonly #clock: ClockPort;
  readonly #listener: PublisherListener;
  readonly #underWay = new Set<Outgoing>();
  #cancelWatch: () => void = () => {};
  #watching = false;
  #lastAckMs = 0;
  #closed = false;

  constructor(options: {
    readonly link: BrokerLink;
    readonly outbox: Outbox;
    readonly window: number;
    readonly clock: ClockPort;
    readonly listener: PublisherListener;
  }) {
    this.#link = options.link;
    this.#outbox = options.outbox;
    this.#window = options.window;
    this.#clock = options.clock;
    this.#listener = options.listener;
  }

  get inFlight(): number {
    return this.#underWay.size;
  }

  /** Sends as much as fits. Call after anything was put into the outbox. */
  pump(): void {
    while (!this.#closed && this.#underWay.size < this.#window && this.#listener.mayPublish()) {
      const next = this.#outbox.take();
      if (next === undefined) return;
      this.#send(next);
    }
  }

  /** Ends it; deletions that weren't acknowledged go back into the outbox, values come again with the next birth. */
  close(): void {
    this.#closed = true;
    this.#cancelWatch();
    for (const { topic, render } of this.#underWay) {
      if (render === undefined) this.#outbox.clear(topic);
    }
    this.#underWay.clear();
  }

  #send(next: Outgoing): void {
    if (this.#underWay.size === 0) this.#lastAckMs = this.#clock.nowMs();
    this.#underWay.add(next);
    this.#watch();
    this.#link.publish(next.topic, next.render?.() ?? '', (error) => this.#answered(next, error));
  }

  #answered(sent: Outgoing, error: Error | undefined): void {
    if (this.#closed || !this.#underWay.delete(sent)) return;
    this.#lastAckMs = this.#clock.nowMs();
    if (error === undefined) this.#listener.acknowledged(sent.topic);
    else this.#listener.refused(sent.topic, error);
    this.pump();
    if (this.#underWay.size === 0 && this.#outbox.size === 0) this.#listener.drained();
  }

  /** One timer, however many messages: it looks at the time of the last acknowledgement when it fires. */
  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    const waitMs = this.#lastAckMs + ACK_TIMEOUT_MS - this.#clock.nowMs();
    this.#cancelWatch = this.#clock.schedule(Math.max(0, waitMs), () => {
      this.#watching = false;
      if (this.#closed || this.#underWay.size === 0) return;
      if (this.#clock.nowMs() - this.#lastAckMs >= ACK_TIMEOUT_MS) this.#listener.stalled();
      else this.#watch();
    });
  }
}
