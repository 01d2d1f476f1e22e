import { LEASE_RULES, type LeaseRules } from '#runtime/coordination/lease/rules.ts';
import {
  decodeVoterState,
  encodeVoterState,
  type VoterState,
} from '#runtime/coordination/lease/voter-state.ts';
import type { EngineOptions } from '#runtime/engine/contract.ts';
import { Engine } from '#runtime/engine/engine.ts';
import type { WorldParts } from '#runtime/simulator/world.ts';
import type { LeaseStoryName } from './lease-stories.ts';

type Kept = Uint8Array | 'fresh' | 'lost';

/** A fault that voters or holders could have, and which checker must object. */
export interface LeaseFault {
  /** What is wrong, as the end of "leases whose ...". */
  readonly name: string;
  readonly checker: 'one-holder' | 'fence-grows';
  /** Where it shows. */
  readonly story: LeaseStoryName;
  /** Rules that it spoils. */
  readonly rules?: Partial<LeaseRules>;
  /** What an engine finds on its medium instead of what it put there. */
  readonly kept?: (kept: Kept) => Kept;
}

export const LEASE_FAULTS: readonly LeaseFault[] = [
  {
    name: 'voters keep nothing on their medium',
    story: 'a voter restarts',
    checker: 'one-holder',
    kept: (kept) => (kept === 'lost' ? kept : 'fresh'),
  },
  {
    name: 'voters answer before their medium holds the promise',
    story: 'a voter can not write',
    checker: 'one-holder',
    rules: { answersWhenKept: false },
  },
  {
    name: 'voters that lost their storage vote at once',
    story: 'a voter loses its storage',
    checker: 'one-holder',
    kept: (kept) => (kept === 'lost' ? 'fresh' : kept),
  },
  {
    name: 'voters that lost their storage do not wait for what they may have promised',
    story: 'a voter loses its storage',
    checker: 'one-holder',
    rules: { abstainMs: 0 },
  },
  {
    name: 'voters take the promises of an earlier life for over',
    story: 'a voter restarts',
    checker: 'one-holder',
    rules: { restoredUntilMs: ({ startedMs }) => startedMs },
  },
  {
    name: 'holders count their time from the answer instead of the question',
    story: 'a holder hears its answers late',
    checker: 'one-holder',
    rules: { heldUntilMs: ({ answeredMs, ttlMs }) => answeredMs + Math.floor(ttlMs * 0.9) },
  },
  {
    name: 'holders leave no margin for clocks that drift',
    story: 'a holder is cut off',
    checker: 'one-holder',
    rules: { heldUntilMs: ({ sentMs, ttlMs }) => sentMs + ttlMs },
  },
  {
    name: 'holders do not look at the clock after a pause',
    story: 'a holder stands still',
    checker: 'one-holder',
    rules: { isOver: () => false },
  },
  {
    name: 'claims are won by a minority',
    story: 'voters are parted',
    checker: 'one-holder',
    rules: { isQuorum: (_roster, granted) => granted.size >= 1 },
  },
  {
    name: 'claims forget the voters of the roster before',
    story: 'other voters are named',
    checker: 'one-holder',
    rules: {
      isQuorum: (roster, granted) => LEASE_RULES.isQuorum({ ...roster, previous: [] }, granted),
    },
  },
  {
    name: 'voters serve whatever roster they are asked under',
    story: 'voters were dismissed',
    checker: 'one-holder',
    rules: { compareRosters: () => 'same' },
  },
  {
    name: 'voters end a promise before its time',
    story: 'a holder is cut off',
    checker: 'one-holder',
    rules: { promisedUntilMs: ({ receivedMs, ttlMs }) => receivedMs + ttlMs / 2 },
  },
  {
    name: 'fences begin anew when a voter restarts',
    story: 'all nodes restart',
    checker: 'fence-grows',
    kept: (kept) => change(kept, (state) => ({ ...state, floor: 0, promises: [] })),
  },
  {
    name: 'voters take ballots that were used before',
    story: 'a rival is late',
    checker: 'fence-grows',
    rules: { isNewBallot: () => true },
  },
];

function change(kept: Kept, how: (state: VoterState) => VoterState): Kept {
  const state = typeof kept === 'string' ? undefined : decodeVoterState(kept);
  return state === undefined ? kept : encodeVoterState(how(state));
}

/** The parts of a world whose nodes all have the fault. */
export function plantLeaseFault(fault: LeaseFault, parts: WorldParts): WorldParts {
  const rules = { ...LEASE_RULES, ...fault.rules };
  return {
    ...parts,
    createEngine: (options: EngineOptions) => {
      const { leases } = options;
      if (leases === undefined) return new Engine(options);
      const kept = fault.kept?.(leases.kept ?? 'fresh') ?? leases.kept ?? 'fresh';
      return new Engine({ ...options, leases: { ...leases, kept, rules } });
    },
  };
}
