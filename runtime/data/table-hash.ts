import { fromHex, type NodeId } from '../core/ids.ts';
import { DIGEST_BUCKETS } from '../core/limits.ts';
import type { Version } from '../core/version.ts';

type Sha256 = (data: Uint8Array) => Uint8Array;

/**
 * The hash over all owners' lines [P-7.1], kept up to date by exclusive-or: a change costs one SHA-256, and only when somebody
 * asks for the hash.
 */
export class TableHash {
  readonly #sha256: Sha256;
  readonly #hashes = new Map<NodeId, Uint8Array>();
  readonly #stale = new Map<NodeId, { known: Version; gc: Version }>();
  readonly #total = new Uint8Array(8);

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  /** An owner's lines moved; the object is read when the hash is next asked for. */
  touch(owner: NodeId, lines: { readonly known: Version; readonly gc: Version }): void {
    this.#stale.set(owner, lines);
  }

  /** The owner is gone from the table. */
  remove(owner: NodeId): void {
    this.#stale.delete(owner);
    const hash = this.#hashes.get(owner);
    if (hash !== undefined) xorInto(this.#total, hash);
    this.#hashes.delete(owner);
  }

  /** The hash over all owners except these. */
  totalWithout(owners: Iterable<NodeId>): Uint8Array {
    this.#refresh();
    const total = this.#total.slice();
    for (const owner of new Set(owners)) {
      const hash = this.#hashes.get(owner);
      if (hash !== undefined) xorInto(total, hash);
    }
    return total;
  }

  /** 64 bucket hashes of 4 bytes each. */
  buckets(): Uint8Array {
    this.#refresh();
    const buckets = new Uint8Array(4 * DIGEST_BUCKETS);
    for (const [owner, hash] of this.#hashes) {
      const at = 4 * bucketOf(owner);
      for (let i = 0; i < 4; i++) buckets[at + i] ^= hash[i];
    }
    return buckets;
  }

  #refresh(): void {
    for (const [owner, lines] of this.#stale) {
      const before = this.#hashes.get(owner);
      if (before !== undefined) xorInto(this.#total, before);
      const hash = this.#hashLine(owner, lines.known, lines.gc);
      xorInto(this.#total, hash);
      this.#hashes.set(owner, hash);
    }
    this.#stale.clear();
  }

  #hashLine(owner: NodeId, known: Version, gc: Version): Uint8Array {
    const input = new Uint8Array(32);
    input.set(fromHex(owner));
    const view = new DataView(input.buffer);
    view.setBigUint64(16, BigInt(known));
    view.setBigUint64(24, BigInt(gc));
    return this.#sha256(input).slice(0, 8);
  }
}

/** The bucket of an owner: its first id byte modulo 64. */
export function bucketOf(owner: NodeId): number {
  return Number.parseInt(owner.slice(0, 2), 16) % DIGEST_BUCKETS;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function xorInto(target: Uint8Array, source: Uint8Array): void {
  for (let i = 0; i < target.length; i++) target[i] ^= source[i];
}
