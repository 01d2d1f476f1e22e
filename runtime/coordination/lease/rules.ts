import type { NodeId } from '../../core/ids.ts';
import { LEASE_TTL_MS_MAX } from '../../core/limits.ts';
import type { Roster } from '../../core/roster.ts';
import { majorityOf, type NamedRoster, setsOf } from './roster.ts';

/** The share of a lease's time for which its holder acts: with clocks 5 % apart each way it ends before the voters' does [P-17.8]. */
export const HOLD_SHARE = 0.9;

/**
 * All on which it hangs that there is one holder, and that fences grow, in one place: the machines ask here. Tests spoil these rules one
 * at a time and see that it shows.
 */
export interface LeaseRules {
  /** Until when a holder may act by its own clock, after a majority answered at `answeredMs` what was sent at `sentMs`. */
  heldUntilMs(times: {
    readonly sentMs: number;
    readonly answeredMs: number;
    readonly ttlMs: number;
  }): number;
  /** Whether the holder's time is over. Asked with the clock as it is, not as it was when a timer was set. */
  isOver(times: { readonly nowMs: number; readonly untilMs: number }): boolean;
  /** Until when a voter promises by its own clock. */
  promisedUntilMs(times: { readonly receivedMs: number; readonly ttlMs: number }): number;
  /** Whether these voters are enough. */
  isQuorum(roster: Roster, granted: ReadonlySet<NodeId>): boolean;
  /** How a voter's roster stands to that of who asks. */
  compareRosters(
    own: NamedRoster,
    asked: { readonly version: number; readonly mark: string },
  ): 'same' | 'old' | 'unknown';
  /** Whether a ballot is above all that a voter must have above. */
  isNewBallot(ballot: number, known: { readonly floor: number; readonly promised: number }): boolean;
  /** Whether an answer waits until what it says is on the medium. */
  readonly answersWhenKept: boolean;
  /** Until when a promise of an earlier life stands, in a life that began at `startedMs`: nobody knows how long the node was away. */
  restoredUntilMs(times: { readonly startedMs: number; readonly ttlMs: number }): number;
  /** For how long a voter that may have forgotten promises abstains. */
  readonly abstainMs: number;
}

export const LEASE_RULES: LeaseRules = {
  heldUntilMs: ({ sentMs, ttlMs }) => sentMs + Math.floor(ttlMs * HOLD_SHARE),
  isOver: ({ nowMs, untilMs }) => nowMs >= untilMs,
  promisedUntilMs: ({ receivedMs, ttlMs }) => receivedMs + ttlMs,
  isQuorum: (roster, granted) =>
    setsOf(roster).every((set) => set.filter((id) => granted.has(id)).length >= majorityOf(set)),
  compareRosters(own, { version, mark }) {
    if (version < own.version) return 'old';
    return version === own.version && mark === own.mark ? 'same' : 'unknown';
  },
  isNewBallot: (ballot, { floor, promised }) => ballot > Math.max(floor, promised),
  answersWhenKept: true,
  restoredUntilMs: ({ startedMs, ttlMs }) => startedMs + ttlMs,
  abstainMs: LEASE_TTL_MS_MAX,
};
