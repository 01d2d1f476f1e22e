import { toHex } from '../core/ids.ts';

/**
 * The bytes of values that travel apart from their records, by their hash: one copy, however many records name it, kept for as long as
 * one does. Bounded by what the table lets in: each record counts for the full length of its value.
 */
export class ValueShelf {
  readonly #values = new Map<string, { readonly content: Uint8Array; users: number }>();
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
