import type { Endpoint } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import type { GroupKey } from '../crypto/keyring.ts';
import { Keyring } from '../crypto/keyring.ts';
import { Sealer, type SealerOptions } from '../wire/sealer.ts';

/** Peers that are sealed to with another key than the writing one, at most; the one noted first is forgotten. */
const EXCEPTIONS_MAX = 4_096;

export interface PeerKeysOptions extends Omit<SealerOptions, 'transport'> {
  /** Told of each salt that is sealed with: an opener knows its own datagrams by it. */
  readonly onSalt: (salt: Uint8Array) => void;
}

/** By what datagrams travel; each has salts of its own [P-2.4]. */
type Transport = Endpoint['transport'];

type SealersOptions = PeerKeysOptions & { readonly transport: Transport };

/** The sealers of one transport: that of the writing key, and of each other key that some peer needs. */
class Sealers {
  readonly #options: SealersOptions;
  readonly #main: Sealer;
  readonly #others = new Map<GroupKey, Sealer>();

  constructor(options: SealersOptions, keyring: Keyring) {
    this.#options = options;
    this.#main = new Sealer({ ...options, keyring });
    options.onSalt(this.#main.salt);
  }

  /** @param key undefined: the writing one. */
  of(key: GroupKey | undefined): Sealer {
    if (key === undefined) return this.#main;
    const known = this.#others.get(key);
    if (known !== undefined) return known;
    const sealer = new Sealer({ ...this.#options, keyring: new Keyring(key) });
    this.#others.set(key, sealer);
    this.#options.onSalt(sealer.salt);
    return sealer;
  }

  useKeyring(keyring: Keyring): void {
    const before = this.#main.salt;
    this.#main.useKeyring(keyring);
    if (this.#main.salt !== before) this.#options.onSalt(this.#main.salt);
    // One salt a key: of two that take turns a peer would take one for a twin's [P-6.29].
    for (const key of this.#others.keys())
      if (!keyring.has(key) || key === keyring.writing) this.#others.delete(key);
  }

  renewSalts(): void {
    this.#others.clear();
    this.#options.onSalt(this.#main.renewSalt());
  }
}

/**
 * Seals with the writing key, and to a peer that is known not to read it with one that it reads, so that nobody who is late with a
 * change of keys is cut off by it [P-10.8]. Each key has a salt of its own on each transport [P-2.4].
 */
export class PeerKeys {
  readonly #options: PeerKeysOptions;
  readonly #udp: Sealers;
  /** Made when something first goes by HTTP. */
  #http: Sealers | undefined;
  readonly #exceptions = new Map<NodeId, GroupKey>();
  #keyring: Keyring;

  constructor(options: PeerKeysOptions) {
    this.#options = options;
    this.#keyring = options.keyring;
    this.#udp = new Sealers({ ...options, transport: 'udp' }, options.keyring);
  }

  get writing(): GroupKey {
    return this.#keyring.writing;
  }

  /** How many peers are sealed to with another key. */
  get exceptionCount(): number {
    return this.#exceptions.size;
  }

  sealTo(dest: NodeId, body: Uint8Array, transport: Transport = 'udp'): Uint8Array {
    const key = this.#exceptions.size === 0 ? undefined : this.#exceptions.get(dest);
    return this.#sealers(transport).of(key).sealTo(dest, body);
  }

  sealToAny(body: Uint8Array, transport: Transport = 'udp'): Uint8Array {
    return this.#sealers(transport).of(undefined).sealToAny(body);
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
    this.#keyring = keyring;
    this.#udp.useKeyring(keyring);
    this.#http?.useKeyring(keyring);
    for (const [peer, key] of [...this.#exceptions]) this.note(peer, key);
  }

  /** A new life begins: every salt is drawn anew. */
  renewSalts(): void {
    this.#udp.renewSalts();
    this.#http?.renewSalts();
  }

  #sealers(transport: Transport): Sealers {
    if (transport === 'udp') return this.#udp;
    this.#http ??= new Sealers({ ...this.#options, transport: 'http' }, this.#keyring);
    return this.#http;
  }
}
