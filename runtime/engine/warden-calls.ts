import { type Endpoint, endpointKey } from '../core/endpoint.ts';
import { jitter, type RandomSource } from '../core/random.ts';
import type { Admission } from '../trust/admission/admission.ts';

/** Between two calls of the seeds, at first, while none of them has answered; twice as long each time, up to the second. */
const SEED_RETRY_MS = 1_000;
const SEED_RETRY_MS_MAX = 30_000;
/** Between calls that datagrams of strangers lead to. */
const PROVOKED_GAP_MS = 100;
/** An address whose certificate doesn't stand isn't called again so soon. */
const REFUSED_FOR_MS = 60_000;
const REFUSED_MAX = 256;
/** Of those that met this node while neither had an epoch, so many are called once it has one. */
const WAITING_MAX = 32;

/** Whom a node calls: its seeds until one of them knows it, and whoever speaks under a key, or a name, that it doesn't know. */
export class WardenCalls {
  readonly #admission: Admission;
  readonly #random: RandomSource;
  readonly #seeds = new Map<string, Endpoint>();
  readonly #waiting = new Map<string, Endpoint>();
  readonly #refusedUntil = new Map<string, number>();
  #nextSeedsMs = Number.POSITIVE_INFINITY;
  #gapMs = SEED_RETRY_MS;
  #provokedMs = Number.NEGATIVE_INFINITY;

  constructor(admission: Admission, random: RandomSource) {
    this.#admission = admission;
    this.#random = random;
  }

  get seeds(): readonly Endpoint[] {
    return [...this.#seeds.values()];
  }

  /** When the seeds are called next. */
  get nextMs(): number {
    return this.#nextSeedsMs;
  }

  addSeeds(seeds: readonly Endpoint[], nowMs: number): void {
    for (const seed of seeds) this.#seeds.set(endpointKey(seed), seed);
    this.#gapMs = SEED_RETRY_MS;
    if (this.#seeds.size > 0) this.#nextSeedsMs = Math.min(this.#nextSeedsMs, nowMs);
  }

  /** This node and somebody else know each other and have one key: it isn't alone, others are met through that one. */
  noteAgreed(): void {
    this.#nextSeedsMs = Number.POSITIVE_INFINITY;
  }

  /** Whoever is there has no epoch, nor has this node. */
  noteWaiting(endpoint: Endpoint): void {
    if (this.#waiting.size < WAITING_MAX) this.#waiting.set(endpointKey(endpoint), endpoint);
  }

  /** This node has an epoch now: those that wait for one are called. */
  callWaiting(nowMs: number): void {
    for (const endpoint of this.#waiting.values()) this.#admission.call(nowMs, endpoint);
    this.#waiting.clear();
  }

  onTimeout(nowMs: number): void {
    if (nowMs < this.#nextSeedsMs) return;
    this.#nextSeedsMs = nowMs + jitter(this.#random, this.#gapMs, 0.2);
    this.#gapMs = Math.min(2 * this.#gapMs, SEED_RETRY_MS_MAX);
    for (const seed of this.#seeds.values()) this.#admission.call(nowMs, seed);
  }

  /**
   * A datagram of this cluster came under a key that this node doesn't hold, or from somebody whose certificate it doesn't know: one
   * of the two is behind.
   */
  onStranger(from: Endpoint, bytes: number, nowMs: number): void {
    if (nowMs - this.#provokedMs < PROVOKED_GAP_MS) return;
    const key = endpointKey(from);
    if ((this.#refusedUntil.get(key) ?? 0) > nowMs) return;
    const provoked = this.#seeds.has(key) ? {} : { provokedByBytes: bytes };
    if (this.#admission.call(nowMs, from, provoked) === 'calling') this.#provokedMs = nowMs;
  }

  /** Whoever is there isn't let in, or doesn't let this node in: no use in asking again at once. */
  noteRefused(endpoint: Endpoint, nowMs: number): void {
    const key = endpointKey(endpoint);
    this.#refusedUntil.delete(key);
    this.#refusedUntil.set(key, nowMs + REFUSED_FOR_MS);
    if (this.#refusedUntil.size > REFUSED_MAX) {
      const [oldest] = this.#refusedUntil.keys();
      this.#refusedUntil.delete(oldest);
    }
  }
}
