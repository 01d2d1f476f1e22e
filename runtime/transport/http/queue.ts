import type { TrafficClass } from '../../core/outputs.ts';
import { encodeFrames, frameBytes } from './frames.ts';
import { FILL_BYTES, QUEUE_BYTES_MAX } from './limits.ts';

/** What leaves first where not all fits; what goes first where there is no room comes last. */
const CLASSES: readonly TrafficClass[] = ['liveness', 'membership', 'data'];

/** What all queues of one transport hold together. */
export class QueuePool {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.#bytesMax;
  }

  take(bytes: number): void {
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

interface Waiting {
  readonly datagram: Uint8Array;
  readonly rank: number;
}

/**
 * Datagrams that wait for a request, or for the answer to one. They leave in the order in which they came; where more waits than a body is
 * filled with, liveness leaves before membership, and that before data, so that a burst of data holds no probe up.
 */
export class DatagramQueue {
  readonly #pool: QueuePool;
  #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(pool: QueuePool) {
    this.#pool = pool;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /**
   * Where there is no room the oldest of the least important class makes some, unless this one matters less.
   * @returns how many datagrams are lost by it, this one included: 0 where there was room.
   */
  push(datagram: Uint8Array, trafficClass: TrafficClass): number {
    const rank = CLASSES.indexOf(trafficClass);
    const bytes = frameBytes(datagram);
    let lost = 0;
    while (this.#bytes + bytes > QUEUE_BYTES_MAX || !this.#pool.hasRoom(bytes)) {
      lost++;
      if (!this.#dropOldest(rank)) return lost;
    }
    this.#waiting.push({ datagram, rank });
    this.#bytes += bytes;
    this.#pool.take(bytes);
    return lost;
  }

  /** What leaves next, as one body. */
  takeBody(): Uint8Array {
    const leaving = new Set<Waiting>();
    let left = FILL_BYTES;
    for (const rank of CLASSES.keys())
      for (const one of this.#waiting) {
        if (one.rank !== rank) continue;
        const bytes = frameBytes(one.datagram);
        if (bytes > left) break;
        left -= bytes;
        leaving.add(one);
      }
    const bodies = this.#waiting.filter((one) => leaving.has(one)).map(({ datagram }) => datagram);
    this.#waiting = this.#waiting.filter((one) => !leaving.has(one));
    this.#note(left - FILL_BYTES);
    return encodeFrames(bodies);
  }

  clear(): void {
    this.#waiting = [];
    this.#note(-this.#bytes);
  }

  /** @returns whether there was one that matters no more than `rank`. */
  #dropOldest(rank: number): boolean {
    const least = this.#waiting.reduce((most, one) => Math.max(most, one.rank), rank);
    const at = this.#waiting.findIndex((one) => one.rank === least);
    if (at < 0) return false;
    const [dropped] = this.#waiting.splice(at, 1);
    this.#note(-frameBytes((dropped as Waiting).datagram));
    return true;
  }

  #note(bytes: number): void {
    this.#bytes += bytes;
    this.#pool.give(-bytes);
  }
}
