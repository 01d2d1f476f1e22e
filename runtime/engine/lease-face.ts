import type { LeaseOptions, LeasesView, OwnLease } from '../core/lease-views.ts';
import type { Roster } from '../core/roster.ts';
import type { EngineContext } from './context.ts';
import { leasesView } from './leases-view.ts';

/** What can be done with leases on an engine. Methods that change something are mutations: drain after each. */
export interface LeaseFace {
  /**
   * Asks for a lease; the event `lease` says what comes of it. @returns the name of this claim. @throws GridvineError `E_LEASE` (no roster,
   * a bad name or time, or this node asks for it or holds it already), `E_QUOTA`; the state is unchanged then.
   */
  acquire(nowMs: number, name: string, options?: LeaseOptions): string;
  /** Lets a lease go, asked for or held; whoever acts on it must have stopped. @throws GridvineError `E_NOT_FOUND`. */
  release(nowMs: number, name: string): void;
  /** What this node has of a lease at exactly this moment; undefined: it asks for none. Changes nothing. */
  own(nowMs: number, name: string): OwnLease | undefined;
  /** All leases that this node knows of, who votes, and its own vote. */
  view(nowMs: number): LeasesView;
  /** Another roster: followed where the one before allows it. @throws GridvineError `E_LEASE` where it is none. */
  setRoster(nowMs: number, roster: Roster): void;
  /** An operator answers for what this voter has forgotten: fences up to this one are spent. @throws GridvineError `E_LEASE`. */
  recover(nowMs: number, fenceAbove: number): void;
  /** After the output `keep-leases`: what it holds is on the medium, or could not be put there. */
  kept(nowMs: number, ticket: number, outcome: 'kept' | 'failed'): void;
}

/** The face of an engine's desk. @param mutate runs one mutation. */
export function leaseFaceOf(ctx: EngineContext, mutate: <T>(nowMs: number, change: () => T) => T): LeaseFace {
  const { leases } = ctx;
  return {
    acquire: (nowMs, name, options = {}) => mutate(nowMs, () => leases.acquire(name, options, nowMs)),
    release: (nowMs, name) => mutate(nowMs, () => leases.release(name)),
    own: (nowMs, name) => leases.own(name, nowMs),
    view: (nowMs) => leasesView(ctx, leases, nowMs),
    setRoster: (nowMs, roster) => mutate(nowMs, () => leases.setRoster(roster, nowMs)),
    recover: (nowMs, fenceAbove) => mutate(nowMs, () => leases.recover(fenceAbove, nowMs)),
    kept: (nowMs, ticket, outcome) => mutate(nowMs, () => leases.kept(ticket, outcome, nowMs)),
  };
}
