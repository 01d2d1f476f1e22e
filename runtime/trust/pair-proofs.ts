import { NODE_ID_BYTES, type NodeId, writeHex } from '../core/ids.ts';
import { MAC_BYTES } from '../wire/messages/mac.ts';
import type { PairKeys } from './pair-keys.ts';

/** What one node says to another about its own life [P-6.21]; each has a number, so that none can be taken for another. */
export const STATEMENT_CODES = {
  ping: 1,
  ack: 2,
  'ping-req': 3,
  nack: 4,
  gone: 5,
  challenge: 6,
  answer: 7,
} as const;
export type StatementKind = keyof typeof STATEMENT_CODES;

export interface Statement {
  readonly kind: StatementKind;
  readonly sender: NodeId;
  readonly senderBoot: number;
  readonly destination: NodeId;
  /** The random number that is asked under, or answered. */
  readonly seq: number;
  /**
   * What else it says: the boot that a ping or challenge names, the uptime in an ack or answer, the boot in `gone`; in a ping-req
   * the target's boot * 2^32 + the first 4 bytes of its id; 0 in a nack.
   */
  readonly value: number;
}

/** `unknown`: the other's key isn't known here, so that nothing can be said; it is no proof either. */
export type ProofVerdict = 'valid' | 'wrong' | 'unknown';

/** `code | sender | destination | sender's boot | seq | value`: a single length, so no field runs into another. */
const STATEMENT_BYTES = 1 + 2 * NODE_ID_BYTES + 4 + 4 + 8;
/** Of messages that are covered whole: `code | sender | destination | sender's boot | content`. */
const MESSAGE_CODE = 8;
const MESSAGE_HEAD_BYTES = 1 + 2 * NODE_ID_BYTES + 4;

/** Proves statements to their destination, and checks those of others: nobody else has the key of the pair. */
export class PairProofs {
  readonly #keys: PairKeys;
  readonly #bytes = new Uint8Array(STATEMENT_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);

  constructor(keys: PairKeys) {
    this.#keys = keys;
  }

  /** The MAC of a statement of this node's own; undefined where the destination's key isn't known. */
  prove(statement: Statement): Uint8Array | undefined {
    return this.#mac(statement, statement.destination);
  }

  /** Whether this MAC shows that the sender said so. */
  check(statement: Statement, mac: Uint8Array | undefined): ProofVerdict {
    const expected = this.#mac(statement, statement.sender);
    if (expected === undefined) return 'unknown';
    return mac !== undefined && isSecretly(expected, mac) ? 'valid' : 'wrong';
  }

  /**
   * The MAC of a message of whatever length [P-17.7], `length` bytes; undefined where the key of the pair isn't known. Its code is no
   * statement's, so none can be taken for the other.
   * @param about `peer`: the other one of sender and destination.
   */
  proveMessage(
    about: {
      readonly peer: NodeId;
      readonly sender: NodeId;
      readonly senderBoot: number;
      readonly destination: NodeId;
    },
    content: Uint8Array,
    length: number,
  ): Uint8Array | undefined {
    const key = this.#keys.of(about.peer);
    if (key === undefined) return undefined;
    const bytes = new Uint8Array(MESSAGE_HEAD_BYTES + content.length);
    bytes[0] = MESSAGE_CODE;
    writeHex(about.sender, bytes, 1);
    writeHex(about.destination, bytes, 1 + NODE_ID_BYTES);
    new DataView(bytes.buffer).setUint32(1 + 2 * NODE_ID_BYTES, about.senderBoot);
    bytes.set(content, MESSAGE_HEAD_BYTES);
    return key.hmac.of(bytes).slice(0, length);
  }

  /** Whether this MAC shows that the peer sent the message to this node. */
  checkMessage(
    about: { readonly peer: NodeId; readonly peerBoot: number; readonly destination: NodeId },
    content: Uint8Array,
    mac: Uint8Array | undefined,
    length: number,
  ): ProofVerdict {
    const { peer, peerBoot, destination } = about;
    const said = { peer, sender: peer, senderBoot: peerBoot, destination };
    const expected = this.proveMessage(said, content, length);
    if (expected === undefined) return 'unknown';
    return mac !== undefined && isSecretly(expected, mac) ? 'valid' : 'wrong';
  }

  #mac(statement: Statement, peer: NodeId): Uint8Array | undefined {
    const key = this.#keys.of(peer);
    if (key === undefined) return undefined;
    return key.hmac.of(this.#layOut(statement)).slice(0, MAC_BYTES);
  }

  #layOut({ kind, sender, senderBoot, destination, seq, value }: Statement): Uint8Array {
    this.#bytes[0] = STATEMENT_CODES[kind];
    writeHex(sender, this.#bytes, 1);
    writeHex(destination, this.#bytes, 1 + NODE_ID_BYTES);
    const rest = 1 + 2 * NODE_ID_BYTES;
    this.#view.setUint32(rest, senderBoot);
    this.#view.setUint32(rest + 4, seq);
    this.#view.setBigUint64(rest + 8, BigInt(value));
    return this.#bytes;
  }
}

/** Compares without telling by its time where the two differ. */
function isSecretly(expected: Uint8Array, got: Uint8Array): boolean {
  if (expected.length !== got.length) return false;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) difference |= expected[i] ^ got[i];
  return difference === 0;
}
