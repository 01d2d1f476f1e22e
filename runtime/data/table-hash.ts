import { fromHex, type NodeId } from '../core/ids.ts';
import { DIGEST_BUCKETS } from '../core/limits.ts';
import type { Version } from '../core/version.ts';

type Sha256 = (data: Uint8Array) => Uint8Array;

/** Eight bytes as two numbers: an array of bytes would take four times the memory, an owner each. */
interface Hash {
  readonly high: number;
  readonly low: number;
}

/**
 * The hash over all owners' lines [P-7.1], kept up to date by exclusive-or: a change costs one SHA-256, and only when somebody
 * asks for the hash.
 */
export class TableHash {
  readonly #sha256: Sha256;
  readonly #hashes = new Map<NodeId, Hash>();
  readonly #stale = new Map<NodeId, { readonly known: Version; readonly gc: Version }>();
  readonly #input = new Uint8Array(32);
  #total: Hash = { high: 0, low: 0 };

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
    this.#total = xor(this.#total, this.#hashes.get(owner));
    this.#hashes.delete(owner);
  }

  /** The hash over all owners except these: 8 bytes. */
  totalWithout(owners: Iterable<NodeId>): Uint8Array {
    this.#refresh();
    let total = this.#total;
    for (const owner of new Set(owners)) total = xor(total, this.#hashes.get(owner));
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setInt32(0, total.high);
    view.setInt32(4, total.low);
    return bytes;
  }

  /** 64 bucket hashes of 4 bytes each. */
  buckets(): Uint8Array {
    this.#refresh();
    const totals = new Int32Array(DIGEST_BUCKETS);
    for (const [owner, { high }] of this.#hashes) totals[bucketOf(owner)] ^= high;
    const buckets = new Uint8Array(4 * DIGEST_BUCKETS);
    const view = new DataView(buckets.buffer);
    for (const [bucket, total] of totals.entries()) view.setInt32(4 * bucket, total);
    return buckets;
  }

  #refresh(): void {
    for (const [owner, lines] of this.#stale) {
      const hash = this.#hashLine(owner, lines.known, lines.gc);
      this.#total = xor(xor(this.#total, this.#hashes.get(owner)), hash);
      this.#hashes.set(owner, hash);
    }
    this.#stale.clear();
  }

  #hashLine(owner: NodeId, known: Version, gc: Version): Hash {
    this.#input.set(fromHex(owner));
    const view = new DataView(this.#input.buffer);
    view.setBigUint64(16, BigInt(known));
    view.setBigUint64(24, BigInt(gc));
    const hash = this.#sha256(this.#input);
    const result = new DataView(hash.buffer, hash.byteOffset, 8);
    return { high: result.getInt32(0), low: result.getInt32(4) };
  }
}

function xor(a: Hash, b: Hash | undefined): Hash {
  return b === undefined ? a : { high: a.high ^ b.high, low: a.low ^ b.low };
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
