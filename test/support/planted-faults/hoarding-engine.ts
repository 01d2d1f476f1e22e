import type { Output, Path } from '#runtime/core/outputs.ts';
import type { EngineGauges } from '#runtime/engine/gauges.ts';
import { OFFSET_SALT, SALT_BYTES } from '#runtime/wire/header.ts';
import { EngineWrapper } from './engine-wrapper.ts';

/** An engine that keeps every datagram to pass it on later, and never does. */
export class HoardingEngine extends EngineWrapper {
  readonly #kept: Uint8Array[] = [];

  override handleDatagram(nowMs: number, path: Path, bytes: Uint8Array): void {
    this.#kept.push(bytes);
    this.inner.handleDatagram(nowMs, path, bytes);
  }

  override gauges(): EngineGauges {
    const gauges = this.inner.gauges();
    return { ...gauges, news: gauges.news + this.#kept.length };
  }
}

/** An engine that remembers the salts of all lives of all peers. */
export class UnforgettingEngine extends EngineWrapper {
  readonly #salts = new Set<string>();

  override handleDatagram(nowMs: number, path: Path, bytes: Uint8Array): void {
    this.#salts.add(bytes.subarray(OFFSET_SALT, OFFSET_SALT + SALT_BYTES).join(' '));
    this.inner.handleDatagram(nowMs, path, bytes);
  }

  override gauges(): EngineGauges {
    return { ...this.inner.gauges(), sessions: this.#salts.size };
  }
}

/** An engine that always wants to be woken at once. */
export class RestlessEngine extends EngineWrapper {
  override pollOutput(): Output {
    const output = this.inner.pollOutput();
    return output.type === 'timeout' ? { type: 'timeout', atMs: 0 } : output;
  }
}
