import type { NodeId } from '../../core/ids.ts';
import type { Roster } from '../../core/roster.ts';
import type { LeaseReport } from './lease-record.ts';
import { majorityOf, setsOf } from './roster.ts';

/** What the reports of the voters come to. */
export interface Observed {
  readonly state: 'held' | 'free' | 'unsettled';
  /** What most voters say; undefined: nobody says that it is promised. */
  readonly report: LeaseReport | undefined;
  readonly votes: number;
}

/**
 * Looks at leases from outside, by the records of the voters [P-17.9]. It says what was so a moment ago and decides nothing: who acts on a
 * lease asks its own claim, and whoever obeys compares fences.
 */
export class LeaseObserver {
  readonly #byName = new Map<string, Map<NodeId, LeaseReport>>();
  #top = 0;

  /** The highest ballot that was ever heard of. */
  get top(): number {
    return this.#top;
  }

  names(): string[] {
    return [...this.#byName.keys()];
  }

  /** A voter's record came or changed; undefined: it went, or says nothing readable. */
  note(voter: NodeId, name: string, report: LeaseReport | undefined): void {
    const reports = this.#byName.get(name) ?? new Map<NodeId, LeaseReport>();
    if (report === undefined) reports.delete(voter);
    else reports.set(voter, report);
    if (reports.size === 0) this.#byName.delete(name);
    else this.#byName.set(name, reports);
    if (report !== undefined) this.#top = Math.max(this.#top, report.ballot);
  }

  /** @param speaks whether a voter's word counts now: not of one that is down. */
  look(name: string, roster: Roster, speaks: (voter: NodeId) => boolean): Observed {
    const live = [...(this.#byName.get(name) ?? [])].filter(
      ([voter, report]) => report.live && report.rosterVersion <= roster.version && speaks(voter),
    );
    const byClaim = Map.groupBy(live, ([, { holder, boot, fence }]) => `${holder} ${boot} ${fence}`);
    const [best] = [...byClaim.values()].sort((a, b) => b.length - a.length || b[0][1].fence - a[0][1].fence);
    const sets = setsOf(roster);
    const isVoter = (id: NodeId) => sets.some((set) => set.includes(id));
    const voters = (best ?? []).map(([voter]) => voter).filter(isVoter);
    if (best === undefined || voters.length === 0) return { state: 'free', report: undefined, votes: 0 };
    const held = sets.every((set) => set.filter((id) => voters.includes(id)).length >= majorityOf(set));
    return { state: held ? 'held' : 'unsettled', report: best[0][1], votes: voters.length };
  }
}
