import { type NodeId, toHex } from '../core/ids.ts';
import type { LargeMark } from '../wire/record.ts';

/** A value that records name and that isn't here. */
export interface MissingValue {
  readonly large: LargeMark;
  /** Whose record named it first. */
  readonly owner: NodeId;
  /** Records that name it. */
  users: number;
}

/**
 * The bytes of values that travel apart from their records: one copy, however many records name it, kept for as long as one does; and
 * which are missing. Bounded by what the table lets in: each record counts for the full length of its value.
 */
export class ValueShelf {
  readonly #values = new Map<string, { readonly content: Uint8Array; users: number }>();
  readonly #missing = new Map<string, MissingValue>();
  #bytes = 0;

  /** Values held. */
  get size(): number {
    return this.#values.size;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What is missing, by `nameOfValue`. */
  get missing(): ReadonlyMap<string, MissingValue> {
    return this.#missing;
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

  /** A record names a value that isn't here. */
  miss(large: LargeMark, owner: NodeId): void {
    const name = nameOfValue(large);
    const present = this.#missing.get(name);
    if (present === undefined) this.#missing.set(name, { large, owner, users: 1 });
    else present.users++;
  }

  /** It has come, or nothing waits for it any more. */
  missNoMore(large: LargeMark): void {
    const name = nameOfValue(large);
    const present = this.#missing.get(name);
    if (present === undefined) return;
    present.users--;
    if (present.users === 0) this.#missing.delete(name);
  }
}

/** What tells one value from another: a hash with another length is a lie, and must not stand in the way of the truth. */
export function nameOfValue({ hash, length }: LargeMark): string {
  return `${toHex(hash)}/${length}`;
}
