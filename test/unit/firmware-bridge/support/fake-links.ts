import type { Link, LinkEndpoint, LinkEvents, LinkFault, LinkPort } from '#bridge/ports/link-port.ts';

/** A port or connection whose other side the test plays. */
export class FakeLink implements Link {
  readonly endpoint: LinkEndpoint;
  readonly written: Uint8Array[] = [];
  isPaused = false;
  isClosed = false;
  /** Called with what is written: a device that answers. */
  answer: ((bytes: Uint8Array) => void) | undefined;
  readonly #events: LinkEvents;

  constructor(endpoint: LinkEndpoint, events: LinkEvents) {
    this.endpoint = endpoint;
    this.#events = events;
  }

  write(bytes: Uint8Array): void {
    this.written.push(bytes.slice());
    this.answer?.(bytes);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  opens(): void {
    if (!this.isClosed) this.#events.opened();
  }

  brings(bytes: Uint8Array | string): void {
    const raw = typeof bytes === 'string' ? Uint8Array.from(bytes, (char) => char.charCodeAt(0)) : bytes;
    if (!this.isClosed) this.#events.bytes(raw);
  }

  ends(fault: LinkFault, detail = 'said so'): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#events.closed({ fault, detail });
  }
}

export class FakeLinks implements LinkPort {
  readonly links: FakeLink[] = [];
  /** Called for each link once it was returned to whoever opened it. */
  onOpen: ((link: FakeLink) => void) | undefined;

  open(endpoint: LinkEndpoint, events: LinkEvents): Link {
    const link = new FakeLink(endpoint, events);
    this.links.push(link);
    queueMicrotask(() => this.onOpen?.(link));
    return link;
  }

  get last(): FakeLink {
    const link = this.links.at(-1);
    if (link === undefined) throw new Error('nothing was opened');
    return link;
  }
}
