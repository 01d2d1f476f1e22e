import { toHex } from '../core/ids.ts';
import type { LargeMark } from '../wire/record.ts';
import { MissingValues } from './missing-values.ts';

/**
 * The bytes of values that travel apart from their records: one copy, however many records name it, kept for as long as one does; and
 * which are missing. Bounded by the table, which counts each value once, when it is here.
 */
export class ValueShelf {
  readonly #values = new Map<string, { readonly content: Uint8Array; users: number }>();
  readonly missing = new MissingValues();
  #bytes = 0;

  /** Values held. */
  get size(): number {
    return this.#values.size;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  find(hash: Uint8Array): Uint8Array | undefined {
    return this.#values.get(toHex(hash))?.content;
  }

  /** The value, if it is as long as it is said to be. */
  findWhole({ hash, length }: LargeMark): Uint8Array | undefined {
    const content = this.find(hash);
    return content?.length === length ? content : undefined;
  }

  /** A record names this value. @returns the copy that is kept. */
  take(hash: Uint8Array, content: Uint8Array): Uint8Array {
    const name = toHex(hash);
    const present = this.#values.get(name);
    if (present !== undefined) {
      present.users++;
      return present.content;
    }
    this.#values.set(name, { content, users: 1 });
    this.#bytes += content.length;
    return content;
  }

  /** A record that named it is gone. */
  give(hash: Uint8Array): void {
    const name = toHex(hash);
    const present = this.#values.get(name);
    if (present === undefined) return;
    present.users--;
    if (present.users > 0) return;
    this.#values.delete(name);
    this.#bytes -= present.content.length;
  }
}
