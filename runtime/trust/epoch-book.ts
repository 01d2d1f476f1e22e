import { equalBytes } from '../core/bytes.ts';
import { type GroupKey, Keyring } from '../crypto/keyring.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { compareEpochs, EPOCH_NUMBER_MAX, type Epoch, type EpochName, groupKeyOfEpoch } from './epoch.ts';

/** After a rotation by time, others have so long to follow before this node writes under the new epoch. */
export const FOLLOW_MS = 3_000;
/** After a revocation, the news is passed on under the old key for so long; then nothing older is read [P-14.6]. */
export const RELAY_MS = 300;

/** How an epoch came to be known. */
export interface Adoption {
  /** Whoever told has changed over: waiting would only keep this node apart. */
  readonly atOnce: boolean;
}

interface Keyed {
  readonly epoch: Epoch;
  readonly key: GroupKey;
}

/**
 * The epochs that a node lives by: the one that it writes under, the one before it, which may still be read, and one that is about to
 * follow. The highest wins, whoever minted it [P-14.1].
 */
export class EpochBook {
  readonly #provider: CryptoProvider;
  readonly #cluster: string;
  readonly #onKeyring: (keyring: Keyring) => void;
  readonly #isDisowned: (epoch: Epoch) => boolean;
  /** The highest number below the last one there is. */
  #highestOrdinary = 0;
  #current: Keyed | undefined;
  #previous: Keyed | undefined;
  #next: Keyed | undefined;
  #nextAtMs = Number.POSITIVE_INFINITY;
  #currentSinceMs = 0;

  /**
   * @param parts.onKeyring called with each new keyring: everything that seals or opens uses it from then on.
   * @param parts.isDisowned whether the minter of an epoch was revoked since; default: none was.
   */
  constructor(parts: {
    provider: CryptoProvider;
    cluster: string;
    onKeyring: (keyring: Keyring) => void;
    isDisowned?: (epoch: Epoch) => boolean;
  }) {
    this.#provider = parts.provider;
    this.#cluster = parts.cluster;
    this.#onKeyring = parts.onKeyring;
    this.#isDisowned = parts.isDisowned ?? (() => false);
  }

  /** The highest epoch known: what others are told, and what a new one has to follow. */
  get highest(): Epoch | undefined {
    return (this.#next ?? this.#current)?.epoch;
  }

  /** What this node writes under. */
  get current(): Epoch | undefined {
    return this.#current?.epoch;
  }

  /** What it still reads besides; undefined: nothing older. */
  get previous(): Epoch | undefined {
    return this.#previous?.epoch;
  }

  /** Since when it writes under the present one. */
  get currentSinceMs(): number {
    return this.#currentSinceMs;
  }

  /** When the next epoch takes over. */
  get nextMs(): number {
    return this.#nextAtMs;
  }

  isNews(name: EpochName): boolean {
    const { highest } = this;
    if (highest === undefined || compareEpochs(name, highest) > 0) return true;
    return name.number < EPOCH_NUMBER_MAX && this.#isAtItsEnd(highest);
  }

  /** The number of the epoch to be minted next; undefined: there is none left. */
  get nextNumber(): number | undefined {
    const { highest } = this;
    if (highest === undefined) return 1;
    if (highest.number < EPOCH_NUMBER_MAX) return highest.number + 1;
    return this.#isAtItsEnd(highest) ? this.#highestOrdinary + 1 : undefined;
  }

  /** Takes an epoch, unless it isn't higher than what is known. @returns whether it did. */
  adopt(epoch: Epoch, nowMs: number, { atOnce }: Adoption): boolean {
    if (!this.isNews(epoch)) return false;
    // One that never came to be written under is skipped: whoever writes under it will follow too.
    this.#next = { epoch, key: groupKeyOfEpoch(this.#provider, epoch, this.#cluster) };
    this.#nextAtMs = nowMs;
    if (epoch.number < EPOCH_NUMBER_MAX)
      this.#highestOrdinary = Math.max(this.#highestOrdinary, epoch.number);
    // Of two that were minted apart, the other half lives by the higher one already.
    const apart = this.#current?.epoch.number === epoch.number;
    if (this.#current === undefined || atOnce || apart) this.#changeOver(nowMs);
    else {
      this.#nextAtMs += this.#isHard(epoch) ? RELAY_MS : FOLLOW_MS;
      this.#announce();
    }
    return true;
  }

  /** Changes over where it is time. @returns whether it did. */
  onTimeout(nowMs: number): boolean {
    if (nowMs < this.#nextAtMs) return false;
    this.#changeOver(nowMs);
    return true;
  }

  /** Goes back to what was saved: the present epoch and the one before, before anything was sent. */
  restore(epochs: readonly Epoch[], nowMs: number): void {
    for (const epoch of [...epochs].sort(compareEpochs)) this.adopt(epoch, nowMs, { atOnce: true });
  }

  /** Between two epochs somebody was revoked: the older isn't read any more. */
  #isHard(epoch: Epoch): boolean {
    const current = this.#current?.epoch;
    if (current === undefined) return false;
    return !equalBytes(current.revocations, epoch.revocations) || this.#isDisowned(current);
  }

  /** Whoever minted it meant that none should follow, and was put out: numbers go on from before. */
  #isAtItsEnd(epoch: Epoch): boolean {
    return epoch.number === EPOCH_NUMBER_MAX && this.#isDisowned(epoch);
  }

  #changeOver(nowMs: number): void {
    const next = this.#next;
    if (next === undefined) return;
    this.#previous = this.#isHard(next.epoch) ? undefined : this.#current;
    this.#current = next;
    this.#currentSinceMs = nowMs;
    this.#next = undefined;
    this.#nextAtMs = Number.POSITIVE_INFINITY;
    this.#announce();
  }

  #announce(): void {
    if (this.#current === undefined) return;
    const others = [this.#next, this.#previous].flatMap((keyed) => (keyed === undefined ? [] : [keyed.key]));
    this.#onKeyring(new Keyring(this.#current.key, others));
  }
}
