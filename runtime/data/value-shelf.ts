import { type NodeId, toHex } from '../core/ids.ts';
import type { LargeMark } from '../wire/record.ts';

/** A value that records name and that isn't here. */
export interface MissingValue {
  readonly large: LargeMark;
  readonly name: string;
  /** Whose records name it. */
  readonly owner: NodeId;
  /** Records of this owner that name it. */
  users: number;
  /** For how long it rested last, after nobody had it; and until when it does. */
  restMs: number;
  untilMs: number;
}

/**
 * The bytes of values that travel apart from their records: one copy, however many records name it, kept for as long as one does; and
 * which are missing. Bounded by what the table lets in: each record counts for the full length of its value.
 */
export class ValueShelf {
  readonly #values = new Map<string, { readonly content: Uint8Array; users: number }>();
  /** Of each owner by itself: what one names is no business of another's. */
  readonly #missing = new Map<NodeId, Map<string, MissingValue>>();
  #missingCount = 0;
  #bytes = 0;

  /** Values held. */
  get size(): number {
    return this.#values.size;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Values that are missing, counted for each owner that names them. */
  get missingCount(): number {
    return this.#missingCount;
  }

  /** What is missing, by owner and `nameOfValue`. */
  get missing(): ReadonlyMap<NodeId, ReadonlyMap<string, MissingValue>> {
    return this.#missing;
  }

  isMissing(name: string): boolean {
    for (const values of this.#missing.values()) if (values.has(name)) return true;
    return false;
  }

  /** Up to so many of the owners that miss something, each with as many of its values: whoever was looked at comes last the next time. */
  *inTurn(most: number): IterableIterator<readonly MissingValue[]> {
    const owners = firstOf(this.#missing, most);
    for (const [owner, values] of owners) {
      this.#missing.delete(owner);
      this.#missing.set(owner, values);
      const some = firstOf(values, most);
      for (const [name, value] of some) {
        values.delete(name);
        values.set(name, value);
      }
      yield some.map(([, value]) => value);
    }
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

  /** A record names a value that isn't here. */
  miss(large: LargeMark, owner: NodeId): void {
    const name = nameOfValue(large);
    let values = this.#missing.get(owner);
    if (values === undefined) {
      values = new Map();
      this.#missing.set(owner, values);
    }
    const present = values.get(name);
    if (present !== undefined) {
      present.users++;
      return;
    }
    values.set(name, { large, name, owner, users: 1, restMs: 0, untilMs: 0 });
    this.#missingCount++;
  }

  /** It has come, or nothing of this owner waits for it any more. */
  missNoMore(large: LargeMark, owner: NodeId): void {
    const name = nameOfValue(large);
    const values = this.#missing.get(owner);
    const present = values?.get(name);
    if (values === undefined || present === undefined) return;
    present.users--;
    if (present.users > 0) return;
    values.delete(name);
    this.#missingCount--;
    if (values.size === 0) this.#missing.delete(owner);
  }
}

function firstOf<K, V>(map: ReadonlyMap<K, V>, most: number): [K, V][] {
  const first: [K, V][] = [];
  for (const entry of map) {
    if (first.length >= most) break;
    first.push(entry);
  }
  return first;
}

/** What tells one value from another: a hash with another length is a lie, and must not stand in the way of the truth. */
export function nameOfValue({ hash, length }: LargeMark): string {
  return `${toHex(hash)}/${length}`;
}
