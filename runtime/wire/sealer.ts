import { shortLivedBytes } from '../core/byte-pool.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { NODE_ID_BYTES, type NodeId, writeHex } from '../core/ids.ts';
import { BODY_BYTES_MAX, DATAGRAM_HEADER_BYTES, SEAL_TAG_BYTES } from '../core/limits.ts';
import type { RandomSource } from '../core/random.ts';
import { clusterTag } from '../crypto/cluster.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { CryptoProvider, SealKey } from '../crypto/provider.ts';
import {
  aadPrefix,
  copyHeader,
  KIND_SEALED_TO_ANY,
  KIND_SEALED_TO_ONE,
  OFFSET_COUNTER,
  readUint32,
  SALT_BYTES,
  writeHeader,
} from './header.ts';

export interface SealerOptions {
  readonly provider: CryptoProvider;
  readonly cluster: string;
  readonly keyring: Keyring;
  /** Salts are drawn here: cryptographic on a board. */
  readonly random: Pick<RandomSource, 'bytes'>;
  /** By what its datagrams travel; default UDP. */
  readonly transport?: Endpoint['transport'];
}

/** Makes a sender's datagrams on one transport: one salt, a counter from 1 [P-2.4]. */
export class Sealer {
  readonly #provider: CryptoProvider;
  readonly #random: Pick<RandomSource, 'bytes'>;
  readonly #clusterTag: number;
  readonly #prefixLength: number;
  /** Associated data, with and without a destination; the header is copied in for each datagram. */
  readonly #aadToOne: Uint8Array;
  readonly #aadToAny: Uint8Array;
  #keyring: Keyring;
  #salt: Uint8Array;
  #sealKey: SealKey;
  #counter = 0;

  constructor(options: SealerOptions) {
    this.#provider = options.provider;
    this.#random = options.random;
    this.#clusterTag = readUint32(clusterTag(options.provider, options.cluster), 0);
    const prefix = aadPrefix(options.cluster, options.transport);
    this.#prefixLength = prefix.length;
    this.#aadToOne = new Uint8Array(prefix.length + DATAGRAM_HEADER_BYTES + NODE_ID_BYTES);
    this.#aadToAny = new Uint8Array(prefix.length + DATAGRAM_HEADER_BYTES);
    this.#aadToOne.set(prefix);
    this.#aadToAny.set(prefix);
    this.#keyring = options.keyring;
    this.#salt = this.#drawSalt();
    this.#sealKey = this.#deriveKey();
  }

  /** The salt in use: tell it to this node's openers (`ownSalt`), so that looped multicast is known as its own. */
  get salt(): Uint8Array {
    return this.#salt;
  }

  /** Datagrams sealed under the salt in use; the last one carries this counter. */
  get counter(): number {
    return this.#counter;
  }

  /** Draws a new salt and counts from 1 again: a new life begins. @returns the salt. */
  renewSalt(): Uint8Array {
    this.#salt = this.#drawSalt();
    this.#counter = 0;
    this.#sealKey = this.#deriveKey();
    return this.#salt;
  }

  /** From now on seals with this keyring's writing key, under a new salt where it is another key [P-2.4]. */
  useKeyring(keyring: Keyring): void {
    const isSame = keyring.writing.key.equals(this.#keyring.writing.key);
    this.#keyring = keyring;
    if (!isSame) this.renewSalt();
  }

  /** Kind 1: only the node with this id opens it. @throws RangeError where the body is too long or empty. */
  sealTo(dest: NodeId, body: Uint8Array): Uint8Array {
    if (dest.length !== 2 * NODE_ID_BYTES)
      throw new RangeError(`expected a node id of 32 hex digits; got ${dest}`);
    writeHex(dest, this.#aadToOne, this.#prefixLength + DATAGRAM_HEADER_BYTES);
    return this.#seal(KIND_SEALED_TO_ONE, this.#aadToOne, body);
  }

  /** Kind 2: every member opens it. @throws RangeError where the body is too long or empty. */
  sealToAny(body: Uint8Array): Uint8Array {
    return this.#seal(KIND_SEALED_TO_ANY, this.#aadToAny, body);
  }

  #seal(kind: number, aad: Uint8Array, body: Uint8Array): Uint8Array {
    if (body.length < 1 || body.length > BODY_BYTES_MAX)
      throw new RangeError(`body: expected 1 to ${BODY_BYTES_MAX} bytes; got ${body.length}`);
    const datagram = shortLivedBytes(DATAGRAM_HEADER_BYTES + body.length + SEAL_TAG_BYTES);
    writeHeader(datagram, {
      kind,
      clusterTag: this.#clusterTag,
      keyId: this.#keyring.writing.id,
      salt: this.#salt,
      counter: ++this.#counter,
    });
    copyHeader(datagram, aad, this.#prefixLength);
    const target = datagram.subarray(DATAGRAM_HEADER_BYTES);
    const sealed = this.#sealKey.seal(
      datagram.subarray(OFFSET_COUNTER, DATAGRAM_HEADER_BYTES),
      aad,
      body,
      target,
    );
    if (sealed !== target) target.set(sealed);
    return datagram;
  }

  #drawSalt(): Uint8Array {
    return new Uint8Array(this.#random.bytes(SALT_BYTES));
  }

  #deriveKey(): SealKey {
    return this.#provider.sealKey(this.#keyring.writing.key.reveal(), this.#salt);
  }
}
