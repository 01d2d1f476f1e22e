import { type Fingerprint, KEYS_MAX } from '../core/key-views.ts';
import { type NamedKey, nameKey } from './fingerprint.ts';
import { KeyState } from './key-state.ts';
import { Keyring } from './keyring.ts';
import type { CryptoProvider } from './provider.ts';

/** The keys of one node: what operators said, and which keys it holds and writes with. Immutable. */
export class KeySet {
  readonly state: KeyState;
  readonly writing: NamedKey;
  /** All that it reads with, the writing one first. */
  readonly held: readonly NamedKey[];

  private constructor(state: KeyState, writing: NamedKey, held: readonly NamedKey[]) {
    this.state = state;
    this.writing = writing;
    this.held = held;
  }

  /** Keys that nobody has operated on: one writes, all read. */
  static of(writing: NamedKey, others: readonly NamedKey[] = []): KeySet {
    return KeySet.settle(KeyState.empty, writing, [writing, ...others]);
  }

  /** The keys of a keyring, on which nobody has operated. */
  static ofKeyring(provider: CryptoProvider, { keys }: Keyring): KeySet {
    const [writing, ...others] = keys.map((key) => nameKey(provider, key));
    return KeySet.of(writing, others);
  }

  /**
   * What the state makes of these keys [P-10.5]: writes with the key that it names, where that is held, else goes on as before; drops
   * the removed ones, but never the one that it writes with.
   */
  static settle(state: KeyState, writing: NamedKey, held: readonly NamedKey[]): KeySet {
    const named = held.find(({ fingerprint }) => fingerprint === state.use?.fingerprint) ?? writing;
    const others = held.filter(
      ({ fingerprint }, i) =>
        fingerprint !== named.fingerprint &&
        state.wants(fingerprint) &&
        held.findIndex((other) => other.fingerprint === fingerprint) === i,
    );
    return new KeySet(state, named, [named, ...others]);
  }

  /** Whether there is nothing to tell others: one key, and no operation. */
  get isPlain(): boolean {
    return this.state.isEmpty && this.held.length === 1;
  }

  get isFull(): boolean {
    return this.held.length >= KEYS_MAX;
  }

  get fingerprints(): Fingerprint[] {
    return this.held.map(({ fingerprint }) => fingerprint);
  }

  find(fingerprint: Fingerprint): NamedKey | undefined {
    return this.held.find((key) => key.fingerprint === fingerprint);
  }

  withState(state: KeyState): KeySet {
    return state === this.state ? this : KeySet.settle(state, this.writing, this.held);
  }

  /** With another key; the caller has seen that there is room. */
  withKey(key: NamedKey): KeySet {
    if (this.find(key.fingerprint) !== undefined) return this;
    return KeySet.settle(this.state, this.writing, [...this.held, key]);
  }

  keyring(): Keyring {
    return new Keyring(
      this.writing.key,
      this.held.slice(1).map(({ key }) => key),
    );
  }
}
