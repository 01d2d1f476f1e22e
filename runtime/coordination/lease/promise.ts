import type { NodeId } from '../../core/ids.ts';

/** Who claims a lease: one attempt of one life of one node. */
export interface Claimant {
  readonly holder: NodeId;
  readonly boot: number;
  /** 8 random bytes as hex digits: two lives under one identity, even of equal boots, aren't taken for one. */
  readonly claim: string;
}

/** What a voter promised of one lease: to nobody else before its time is over, and nothing at or below its ballot ever again. */
export interface LeasePromise extends Claimant {
  readonly name: string;
  readonly ballot: number;
  /** What the holder acts under, or will if it wins. */
  readonly fence: number;
  readonly ttlMs: number;
  /** Whether it stood when it was last written. */
  readonly live: boolean;
}

export function isSameClaim(a: Claimant, b: Claimant): boolean {
  return a.holder === b.holder && a.boot === b.boot && a.claim === b.claim;
}

/** Whether two promises are the same on the medium: a renewal needs no write. */
export function isSamePromise(a: LeasePromise, b: LeasePromise): boolean {
  return (
    isSameClaim(a, b) &&
    a.ballot === b.ballot &&
    a.fence === b.fence &&
    a.ttlMs === b.ttlMs &&
    a.live === b.live
  );
}
