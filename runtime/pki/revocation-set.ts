import { type NodeId, toHex } from '../core/ids.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { type Revocation, targetHex } from './revocation.ts';

/** The most revocations that a node keeps: what a root can sign is bounded by nothing else. */
export const REVOCATIONS_MAX = 16_384;

/** What became of a statement that was added. */
export type RevocationAdded = 'added' | 'known' | 'full';

/**
 * All that is revoked: it only grows, so that two sets merge in any order to the same. Two statements of one content, such as those
 * of an old and a new root, count once; both are kept, for readers who know only one of the roots.
 */
export class RevocationSet {
  /** By serial or node id: 16 bytes of either don't meet by chance. */
  readonly #byTarget = new Map<string, Revocation>();
  /** Payload -> key id of the signer -> statement. */
  readonly #statements = new Map<string, Map<string, Revocation>>();
  #hash: Uint8Array | undefined;

  /** How many different revocations there are. */
  get size(): number {
    return this.#statements.size;
  }

  /** Every statement, to be told to others. */
  get statements(): readonly Revocation[] {
    return [...this.#statements.values()].flatMap((bySigner) => [...bySigner.values()]);
  }

  /** Adds a verified statement; `full` means that it is not in the set, which a person must be told of. */
  add(revocation: Revocation): RevocationAdded {
    const content = toHex(revocation.signed.payload);
    const signer = toHex(revocation.signed.kid);
    const present = this.#statements.get(content);
    if (present?.has(signer)) return 'known';
    if (present === undefined) {
      if (this.#statements.size >= REVOCATIONS_MAX) return 'full';
      this.#statements.set(content, new Map([[signer, revocation]]));
      this.#hash = undefined;
    } else {
      present.set(signer, revocation);
    }
    this.#noteTarget(revocation);
    return 'added';
  }

  /** Adds all of another set. @returns whether anything was new. */
  merge(other: RevocationSet): boolean {
    let isNew = false;
    for (const revocation of other.statements) isNew = this.add(revocation) === 'added' || isNew;
    return isNew;
  }

  /** The earliest revocation of this certificate or of its node, if there is one. */
  find(serial: Uint8Array, id: NodeId): Revocation | undefined {
    return this.#byTarget.get(`certificate ${toHex(serial)}`) ?? this.findNode(id);
  }

  /** The revocation of a node as a whole. */
  findNode(id: NodeId): Revocation | undefined {
    return this.#byTarget.get(`node ${id}`);
  }

  contains(serial: Uint8Array, id: NodeId): boolean {
    return this.find(serial, id) !== undefined;
  }

  /**
   * SHA-256 over the payloads of all revocations, each once, in bytewise order [P-11.7]: equal where equal things are revoked,
   * whichever root signed.
   */
  hash(provider: CryptoProvider): Uint8Array {
    this.#hash ??= provider.sha256(concatenated(this.#sortedPayloads()));
    return this.#hash.slice();
  }

  #sortedPayloads(): readonly Uint8Array[] {
    // Hex sorts as its bytes do.
    return [...this.#statements.keys()].sort().map((content) => payloadOf(this.#statements.get(content)));
  }

  #noteTarget(revocation: Revocation): void {
    const name = `${revocation.target.kind} ${targetHex(revocation.target)}`;
    const present = this.#byTarget.get(name);
    if (present === undefined || revocation.revokedAt < present.revokedAt)
      this.#byTarget.set(name, revocation);
  }
}

function payloadOf(bySigner: ReadonlyMap<string, Revocation> | undefined): Uint8Array {
  for (const revocation of bySigner?.values() ?? []) return revocation.signed.payload;
  throw new Error('a revocation without a statement');
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
