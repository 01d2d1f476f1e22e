import type { BrokerDialer, BrokerLink, LinkListener, Will } from '#device/mqtt/broker-link.ts';

/** One message as a broker got it. */
export interface Delivery {
  readonly topic: string;
  readonly payload: string;
}

/** The broker's end of one link; nothing happens on it unless the test says so, or `FakeBroker.prompt` is on. */
export class FakeLink implements BrokerLink {
  readonly server: string;
  readonly will: Will;
  readonly listener: LinkListener;
  readonly received: Delivery[] = [];
  closed: 'clean' | 'cut' | undefined;
  readonly #unanswered: ((error?: Error) => void)[] = [];
  readonly #prompt: boolean;

  constructor(options: {
    readonly server: string;
    readonly will: Will;
    readonly listener: LinkListener;
    readonly prompt: boolean;
  }) {
    this.server = options.server;
    this.will = options.will;
    this.listener = options.listener;
    this.#prompt = options.prompt;
  }

  publish(topic: string, payload: string, done: (error?: Error) => void): void {
    this.received.push({ topic, payload });
    this.#unanswered.push(done);
    if (this.#prompt) queueMicrotask(() => this.answer());
  }

  close(how: 'clean' | 'cut'): void {
    this.closed = how;
  }

  get unanswered(): number {
    return this.#unanswered.length;
  }

  /** Acknowledges (or refuses) the oldest `count` messages that still wait for it. */
  answer(count = 1, error?: Error): void {
    for (const done of this.#unanswered.splice(0, count)) done(error);
  }

  /** Acknowledges everything, also what comes because of it. */
  answerAll(): void {
    while (this.#unanswered.length > 0) this.answer(this.#unanswered.length);
  }

  last(topic: string): string | undefined {
    return this.received.findLast((message) => message.topic === topic)?.payload;
  }
}

/** Records every attempt to connect. */
export class FakeBroker implements BrokerDialer {
  readonly links: FakeLink[] = [];
  /** Whether messages are acknowledged by themselves. */
  prompt = false;

  dial(options: { readonly server: string; readonly will: Will; readonly listener: LinkListener }): FakeLink {
    const link = new FakeLink({ ...options, prompt: this.prompt });
    this.links.push(link);
    return link;
  }

  get link(): FakeLink {
    const link = this.links.at(-1);
    if (link === undefined) throw new Error('nobody has dialled');
    return link;
  }

  /** Accepts the latest attempt. */
  accept(receiveMaximum = 65_535): FakeLink {
    this.link.listener.up({ receiveMaximum });
    return this.link;
  }
}
