import { type NodeId, writeHex } from '../core/ids.ts';
import { DIGEST_BUCKETS } from '../core/limits.ts';
import type { Version } from '../core/version.ts';
import { readInt32, writeUint32 } from '../wire/header.ts';

type Sha256 = (data: Uint8Array) => Uint8Array;

/** An owner's lines with the hash over them: eight bytes as two numbers, in the owner's own object, because there may be thousands. */
export interface HashedLines {
  readonly owner: NodeId;
  /** `bucketOf(owner)`. */
  readonly bucket: number;
  readonly known: Version;
  readonly gc: Version;
  hashHigh: number;
  hashLow: number;
  hashStale: boolean;
}

/**
 * The hash over all owners' lines [P-7.1], kept up to date by exclusive-or: a change costs one SHA-256, and only when somebody
 * asks for the hash.
 */
export class TableHash {
  readonly #sha256: Sha256;
  readonly #stale: HashedLines[] = [];
  readonly #input = new Uint8Array(32);
  /** Of each bucket, the exclusive-or of its owners' first halves. */
  readonly #buckets = new Int32Array(DIGEST_BUCKETS);
  #high = 0;
  #low = 0;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  /** An owner's lines moved; they are read when the hash is next asked for. */
  touch(lines: HashedLines): void {
    if (lines.hashStale) return;
    lines.hashStale = true;
    this.#stale.push(lines);
  }

  /** The owner is gone from the table. */
  remove(lines: HashedLines): void {
    this.#refresh();
    this.#flip(lines);
    lines.hashHigh = 0;
    lines.hashLow = 0;
  }

  /** The hash over all owners except these: 8 bytes. One that is named twice counts once; undefined is passed over. */
  totalWithout(owners: readonly (HashedLines | undefined)[]): Uint8Array {
    this.#refresh();
    let high = this.#high;
    let low = this.#low;
    for (const lines of owners.length < 2 ? owners : new Set(owners)) {
      high ^= lines?.hashHigh ?? 0;
      low ^= lines?.hashLow ?? 0;
    }
    const bytes = new Uint8Array(8);
    writeUint32(bytes, 0, high);
    writeUint32(bytes, 4, low);
    return bytes;
  }

  /** 64 bucket hashes of 4 bytes each. */
  buckets(): Uint8Array {
    this.#refresh();
    const buckets = new Uint8Array(4 * DIGEST_BUCKETS);
    for (const [bucket, total] of this.#buckets.entries()) writeUint32(buckets, 4 * bucket, total);
    return buckets;
  }

  #refresh(): void {
    for (const lines of this.#stale) {
      this.#flip(lines);
      this.#hash(lines);
      this.#flip(lines);
    }
    this.#stale.length = 0;
  }

  #flip({ bucket, hashHigh, hashLow }: HashedLines): void {
    this.#buckets[bucket] ^= hashHigh;
    this.#high ^= hashHigh;
    this.#low ^= hashLow;
  }

  #hash(lines: HashedLines): void {
    writeHex(lines.owner, this.#input, 0);
    writeUint64(this.#input, 16, lines.known);
    writeUint64(this.#input, 24, lines.gc);
    const hash = this.#sha256(this.#input);
    lines.hashHigh = readInt32(hash, 0);
    lines.hashLow = readInt32(hash, 4);
    lines.hashStale = false;
  }
}

function writeUint64(target: Uint8Array, at: number, value: number): void {
  writeUint32(target, at, Math.floor(value / 0x1_0000_0000));
  writeUint32(target, at + 4, value % 0x1_0000_0000);
}

/** The bucket of an owner: its first id byte modulo 64. */
export function bucketOf(owner: NodeId): number {
  return Number.parseInt(owner.slice(0, 2), 16) % DIGEST_BUCKETS;
}
