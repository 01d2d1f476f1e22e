import type { Endpoint } from '../../core/endpoint.ts';
import type { Desk } from './desk.ts';
import { RESEND_FIRST_MS, RESEND_LONGEST_MS } from './limits.ts';

/** Sends a datagram until it is stopped, each time after a longer pause [P-13.11]. */
export class Resender {
  readonly #desk: Desk;
  readonly #to: Endpoint;
  #bytes: Uint8Array | undefined;
  #pauseMs = RESEND_FIRST_MS;
  #nextMs = Number.POSITIVE_INFINITY;

  constructor(desk: Desk, to: Endpoint) {
    this.#desk = desk;
    this.#to = to;
  }

  /** Infinity while there is nothing to send again. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** Sends these bytes now, and from now on instead of what was sent before. */
  start(nowMs: number, bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#pauseMs = RESEND_FIRST_MS;
    this.#send(nowMs, bytes);
  }

  stop(): void {
    this.#bytes = undefined;
    this.#nextMs = Number.POSITIVE_INFINITY;
  }

  onTimeout(nowMs: number): void {
    if (this.#bytes !== undefined && nowMs >= this.#nextMs) this.#send(nowMs, this.#bytes);
  }

  #send(nowMs: number, bytes: Uint8Array): void {
    this.#desk.send(this.#to, bytes);
    this.#nextMs = nowMs + this.#desk.jittered(this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, RESEND_LONGEST_MS);
  }
}
