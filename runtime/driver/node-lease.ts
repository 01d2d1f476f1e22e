import { GridvineError } from '../core/errors.ts';
import type { LeaseEnd } from '../core/lease-views.ts';

/**
 * A lease that this node holds. It is renewed by itself until it is released or lost. `signal` tells of the loss as soon as the program
 * runs; whoever is about to act asks `held`, which looks at the clock: after a pause of the process the signal comes a moment later than
 * the end. A paused virtual machine stops all its clocks, so what obeys must compare fences.
 */
export interface NodeLease extends AsyncDisposable {
  readonly name: string;
  /** Above all fences under which it was ever held: sent along with each command, so that what obeys can refuse lower ones. */
  readonly fence: number;
  /** Whether it is held at this very moment. */
  readonly held: boolean;
  /** How long it may still act if nothing renews it; 0: not at all. */
  readonly leftMs: number;
  /** Aborts when the lease is over; its reason is a GridvineError `E_LEASE_UNAVAILABLE`. */
  readonly signal: AbortSignal;
  /** Lets others have it at once. Stop acting on it before. Idempotent. */
  release(): void;
}

const WHY: Readonly<Record<LeaseEnd, string>> = {
  released: 'it was released',
  lapsed: 'no majority of the voters renewed it in time',
  taken: 'somebody else holds it',
  'no-majority': 'no majority of the voters answered or could vote; see gridvine lease list',
  roster: 'the voters follow another roster than this node; see gridvine lease list',
  twin: 'another device lives under this identity',
};

/** The end of a lease as an error. */
export function leaseError(name: string, end: LeaseEnd): GridvineError {
  return new GridvineError('E_LEASE_UNAVAILABLE', `lease ${name}: ${WHY[end]}`);
}
