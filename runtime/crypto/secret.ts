const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const REDACTED = '[redacted]';

/** Key material that no log, JSON or debugger view prints: only `reveal()` gives the bytes. */
export class Secret {
  readonly #bytes: Uint8Array;

  /** Keeps a copy of the bytes. */
  constructor(bytes: Uint8Array) {
    this.#bytes = new Uint8Array(bytes);
  }

  /** The bytes themselves; don't keep or print them. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  /** Compares without telling by its time where two secrets differ. */
  equals(other: Secret): boolean {
    const theirs = other.#bytes;
    if (this.#bytes.length !== theirs.length) return false;
    let difference = 0;
    for (let i = 0; i < theirs.length; i++) difference |= this.#bytes[i] ^ theirs[i];
    return difference === 0;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [INSPECT](): string {
    return REDACTED;
  }
}
