import type { DropReason } from '../core/counters.ts';
import type { NodeId } from '../core/ids.ts';

/** A record as it is put before a guard. */
export interface GuardedRecord {
  readonly key: string;
  /** The owner's bytes: what a signature covers. */
  readonly body: Uint8Array;
  readonly signature: Uint8Array | undefined;
}

/** Why a guard doesn't let a record in. */
export type GuardRefusal = Extract<
  DropReason,
  'unsigned' | 'bad-signature' | 'no-certificate' | 'revoked' | 'not-allowed'
>;

/**
 * Says whose word a record is. Asked once for each version that would be taken from a peer, in ascending order of versions, so that
 * what one record brings (a certificate) serves for those behind it.
 */
export interface RecordGuard {
  /** Whether owners sign what they say: lines of others are believed as far as their owners signed, and no further [P-5.21]. */
  readonly signs: boolean;
  /** The signature for a record of this node's own; undefined where it needs none. */
  sign(key: string, body: Uint8Array): Uint8Array | undefined;
  /**
   * Why the record isn't taken; undefined: it is. After `not-allowed` the owner did say so, and isn't entitled to: the record is passed
   * over, and those behind it are taken.
   */
  refusal(owner: NodeId, record: GuardedRecord): GuardRefusal | undefined;
}

/** Everybody with the group's key is believed: what pre-shared keys give. */
export const OPEN_GUARD: RecordGuard = {
  signs: false,
  sign: () => undefined,
  refusal: () => undefined,
};
