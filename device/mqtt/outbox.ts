/** Makes a payload at the moment it is sent, so that the age in it is true. */
export type RenderPayload = () => string;

/** What goes out next. `render` undefined: the retained message is deleted (an empty payload). */
export interface Outgoing {
  readonly topic: string;
  readonly render: RenderPayload | undefined;
}

/**
 * What waits to be published: at most one message a topic, the newest, in the order in which topics came up. While it is
 * closed (no broker) it keeps only deletions, because each connection begins with everything that is there anyway.
 */
export class Outbox {
  readonly #waiting = new Map<string, RenderPayload | undefined>();
  readonly #clearsMax: number;
  #open = false;
  #clears = 0;
  /** Messages that a newer one of the same topic replaced before they were sent. */
  coalesced = 0;
  /** Deletions forgotten because more than `clearsMax` waited. */
  forgotten = 0;

  constructor(options: { readonly clearsMax: number }) {
    this.#clearsMax = options.clearsMax;
  }

  get size(): number {
    return this.#waiting.size;
  }

  open(): void {
    this.#open = true;
  }

  /** Forgets every value, keeps the deletions. */
  close(): void {
    this.#open = false;
    for (const [topic, render] of this.#waiting) {
      if (render !== undefined) this.#waiting.delete(topic);
    }
  }

  put(topic: string, render: RenderPayload): void {
    if (!this.#open) this.#remove(topic);
    else this.#replace(topic, render);
  }

  clear(topic: string): void {
    this.#replace(topic, undefined);
    if (this.#clears > this.#clearsMax) this.#forgetOldestClear();
  }

  take(): Outgoing | undefined {
    const first = this.#waiting.entries().next();
    if (first.done === true) return undefined;
    const [topic, render] = first.value;
    this.#remove(topic);
    return { topic, render };
  }

  #replace(topic: string, render: RenderPayload | undefined): void {
    if (this.#waiting.has(topic)) {
      this.coalesced += 1;
      if (this.#waiting.get(topic) === undefined) this.#clears -= 1;
    }
    this.#waiting.set(topic, render);
    if (render === undefined) this.#clears += 1;
  }

  #remove(topic: string): void {
    if (this.#waiting.has(topic) && this.#waiting.get(topic) === undefined) this.#clears -= 1;
    this.#waiting.delete(topic);
  }

  #forgetOldestClear(): void {
    for (const [topic, render] of this.#waiting) {
      if (render !== undefined) continue;
      this.#remove(topic);
      this.forgotten += 1;
      return;
    }
  }
}
