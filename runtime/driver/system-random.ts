import { randomFillSync } from 'node:crypto';
import type { RandomSource } from '../core/random.ts';

const POOL_BYTES = 4_096;

/** The operating system's cryptographic randomness, drawn in blocks. */
export class SystemRandom implements RandomSource {
  readonly #pool = new Uint8Array(POOL_BYTES);
  readonly #view = new DataView(this.#pool.buffer);
  #used = POOL_BYTES;

  uint32(): number {
    if (this.#used + 4 > POOL_BYTES) this.#refill();
    const value = this.#view.getUint32(this.#used);
    this.#used += 4;
    return value;
  }

  next(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  bytes(length: number): Uint8Array {
    return randomFillSync(new Uint8Array(length));
  }

  #refill(): void {
    randomFillSync(this.#pool);
    this.#used = 0;
  }
}
