import type { NodeId } from '../core/ids.ts';
import type { GroupKey } from '../crypto/keyring.ts';
import { Keyring } from '../crypto/keyring.ts';
import { Sealer, type SealerOptions } from '../wire/sealer.ts';

/** Peers that are sealed to with another key than the writing one, at most; the one noted first is forgotten. */
const EXCEPTIONS_MAX = 4_096;

export interface PeerKeysOptions extends SealerOptions {
  /** Told of each salt that is sealed with: an opener knows its own datagrams by it. */
  readonly onSalt: (salt: Uint8Array) => void;
}

/**
 * Seals with the writing key, and to a peer that is known not to read it with one that it reads, so that nobody who is late with a
 * change of keys is cut off by it [P-10.8]. Each key has a salt of its own [P-2.4].
 */
export class PeerKeys {
  readonly #options: PeerKeysOptions;
  readonly #main: Sealer;
  readonly #others = new Map<GroupKey, Sealer>();
  readonly #exceptions = new Map<NodeId, GroupKey>();
  #keyring: Keyring;

  constructor(options: PeerKeysOptions) {
    this.#options = options;
    this.#keyring = options.keyring;
    this.#main = new Sealer(options);
    options.onSalt(this.#main.salt);
  }

  get writing(): GroupKey {
    return this.#keyring.writing;
  }

  /** How many peers are sealed to with another key. */
  get exceptionCount(): number {
    return this.#exceptions.size;
  }

  sealTo(dest: NodeId, body: Uint8Array): Uint8Array {
    const key = this.#exceptions.size === 0 ? undefined : this.#exceptions.get(dest);
    return (key === undefined ? this.#main : this.#sealerOf(key)).sealTo(dest, body);
  }

  sealToAny(body: Uint8Array): Uint8Array {
    return this.#main.sealToAny(body);
  }

  /** Seals to this peer with this key; undefined or the writing one: as to everybody. */
  note(peer: NodeId, key: GroupKey | undefined): void {
    this.#exceptions.delete(peer);
    if (key === undefined || key === this.writing || !this.#keyring.has(key)) return;
    if (this.#exceptions.size >= EXCEPTIONS_MAX) {
      const [oldest] = this.#exceptions.keys();
      this.#exceptions.delete(oldest);
    }
    this.#exceptions.set(peer, key);
  }

  /** Goes over to another keyring. Exceptions for keys that are gone, or that everybody is sealed to with, end. */
  useKeyring(keyring: Keyring): void {
    const before = this.#main.salt;
    this.#keyring = keyring;
    this.#main.useKeyring(keyring);
    if (this.#main.salt !== before) this.#options.onSalt(this.#main.salt);
    for (const [peer, key] of [...this.#exceptions]) this.note(peer, key);
    // One salt a key: of two that take turns a peer would take one for a twin's [P-6.29].
    for (const key of this.#others.keys())
      if (!keyring.has(key) || key === this.writing) this.#others.delete(key);
  }

  /** A new life begins: every salt is drawn anew. */
  renewSalts(): void {
    this.#others.clear();
    this.#options.onSalt(this.#main.renewSalt());
  }

  #sealerOf(key: GroupKey): Sealer {
    const known = this.#others.get(key);
    if (known !== undefined) return known;
    const sealer = new Sealer({ ...this.#options, keyring: new Keyring(key) });
    this.#others.set(key, sealer);
    this.#options.onSalt(sealer.salt);
    return sealer;
  }
}
