import { NODE_ID_BYTES, type NodeId, writeHex } from '../core/ids.ts';
import { CLUSTER_NAME_BYTES_MAX } from '../core/limits.ts';

/** Bytes of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64;

const encoder = new TextEncoder();
const LABEL = encoder.encode('gridvine/1 record');

/**
 * Lays out what an owner signs of a record [P-5.20]: bound to the cluster and to its owner, so that it's worth nothing elsewhere.
 * One for each node: the bytes returned last until the next call.
 */
export class RecordSigningInput {
  readonly #prefixLength: number;
  #buffer: Uint8Array;

  /** @throws RangeError for a cluster name that isn't 1 to 64 bytes. */
  constructor(cluster: string) {
    const name = encoder.encode(cluster);
    if (name.length < 1 || name.length > CLUSTER_NAME_BYTES_MAX)
      throw new RangeError(`cluster name: expected 1 to ${CLUSTER_NAME_BYTES_MAX} bytes; got ${name.length}`);
    this.#prefixLength = LABEL.length + 1 + name.length;
    this.#buffer = new Uint8Array(this.#prefixLength + NODE_ID_BYTES + 1_024);
    this.#buffer.set(LABEL);
    this.#buffer[LABEL.length] = name.length;
    this.#buffer.set(name, LABEL.length + 1);
  }

  /** `"gridvine/1 record" | uint8 length | cluster name | owner id | record`. */
  of(owner: NodeId, record: Uint8Array): Uint8Array {
    const start = this.#prefixLength + NODE_ID_BYTES;
    if (start + record.length > this.#buffer.length) {
      const larger = new Uint8Array(start + record.length);
      larger.set(this.#buffer.subarray(0, this.#prefixLength));
      this.#buffer = larger;
    }
    writeHex(owner, this.#buffer, this.#prefixLength);
    this.#buffer.set(record, start);
    return this.#buffer.subarray(0, start + record.length);
  }
}
