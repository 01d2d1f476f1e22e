import type { CborWriter } from '../cbor-writer.ts';
import type { Message } from '../message.ts';

/** How one message stands in CBOR: an array that begins with the code. */
export interface MessageCodec<M extends Message> {
  readonly type: M['type'];
  readonly code: number;
  /** Writes the whole array. @throws RangeError where a field is out of its range: the sender's own bug. */
  encode(writer: CborWriter, message: M): void;
  /**
   * @param fields the decoded array, its code first; further elements are ignored [P-4.2].
   * @returns undefined where a field is missing or out of its range.
   */
  decode(fields: readonly unknown[]): M | undefined;
}
