/** Headers of IPv4 and UDP: a cap on a link counts them, figures of traffic don't. */
const HEADER_BYTES = 28;
/** What waits at most: half a second's worth, as a radio's queue, and never less than a few full datagrams. */
const QUEUE_MS = 500;
const QUEUE_BYTES_MIN = 8_192;

/** A host's network interface that sends no faster than its link: what comes faster waits its turn, and is dropped where the queue is full. */
export class Nic {
  readonly #bytesPerMs: number;
  readonly #queueBytesMax: number;
  /** When all that was taken is out. */
  #freeAtMs = 0;
  #dropped = 0;

  /** @param bytesPerSecondMax above 0; Infinity: no limit. */
  constructor(bytesPerSecondMax: number) {
    this.#bytesPerMs = bytesPerSecondMax / 1_000;
    this.#queueBytesMax = Math.max(QUEUE_BYTES_MIN, this.#bytesPerMs * QUEUE_MS);
  }

  /** Datagrams that found the queue full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes a datagram of so many bytes. @returns the milliseconds until it is out; undefined where it is dropped. */
  send(nowMs: number, payloadBytes: number): number | undefined {
    if (this.#bytesPerMs === Number.POSITIVE_INFINITY) return 0;
    const bytes = payloadBytes + HEADER_BYTES;
    const startMs = Math.max(nowMs, this.#freeAtMs);
    if ((startMs - nowMs) * this.#bytesPerMs + bytes > this.#queueBytesMax) {
      this.#dropped++;
      return undefined;
    }
    this.#freeAtMs = startMs + bytes / this.#bytesPerMs;
    return this.#freeAtMs - nowMs;
  }
}
