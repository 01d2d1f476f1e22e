import type { HealthItem, HealthLedger } from '../health.ts';
import type { ClockPort } from '../ports/clock-port.ts';

/** How long, in ms, nothing of a kind must have happened before its item goes. */
const CALM_MS = 60_000;

interface Trouble {
  readonly item: HealthItem;
  atMs: number;
}

/** Health items for things that happen in bursts: each goes away by itself a minute after the last time. */
export class PassingTroubles {
  readonly #clock: ClockPort;
  readonly #ledger: HealthLedger;
  readonly #troubles = new Map<string, Trouble>();
  #cancelTimer: (() => void) | undefined;

  constructor(options: { readonly clock: ClockPort; readonly ledger: HealthLedger }) {
    this.#clock = options.clock;
    this.#ledger = options.ledger;
  }

  /** It happened again. The wording of the first time stays until the item has gone. */
  report(item: HealthItem): void {
    const known = this.#troubles.get(item.code);
    if (known !== undefined) {
      known.atMs = this.#clock.nowMs();
      return;
    }
    this.#troubles.set(item.code, { item, atMs: this.#clock.nowMs() });
    this.#ledger.raise(item);
    this.#cancelTimer ??= this.#clock.schedule(CALM_MS, () => this.#clearCalm());
  }

  /** Forgets everything, without clearing items. */
  stop(): void {
    this.#troubles.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #clearCalm(): void {
    this.#cancelTimer = undefined;
    const nowMs = this.#clock.nowMs();
    for (const [code, { item, atMs }] of this.#troubles) {
      if (nowMs - atMs < CALM_MS) continue;
      this.#troubles.delete(code);
      this.#ledger.clear(item);
    }
    if (this.#troubles.size === 0) return;
    const oldestMs = Math.min(...[...this.#troubles.values()].map(({ atMs }) => atMs));
    this.#cancelTimer = this.#clock.schedule(oldestMs + CALM_MS - nowMs, () => this.#clearCalm());
  }
}
