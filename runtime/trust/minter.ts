import type { NodeId } from '../core/ids.ts';
import { type Epoch, revocationCount } from './epoch.ts';
import type { EpochStanding } from './epoch-standing.ts';

/** Why a new epoch is due. */
export type MintReason = 'none' | 'revoked' | 'age';

/** What a minter sees when it decides. */
export interface MintView {
  readonly self: NodeId;
  /** Members of the group `keymaster` that live, this node too where it is one; in any order. */
  readonly keymasters: readonly NodeId[];
  readonly highest: Epoch | undefined;
  /** Since when this node lives by the highest epoch; for the first, since it was started. */
  readonly sinceMs: number;
  /** Whether there is a number left for the next one. */
  readonly hasNumber: boolean;
  /** What the warrant of the highest is worth by now; where its minter was revoked its mark says nothing [P-14.11]. */
  readonly standing: EpochStanding;
  /** How many revocations this node knows. */
  readonly revocations: number;
}

export interface MintSettings {
  /** An epoch's life, in milliseconds. */
  readonly epochMs: number;
  /** How long a keymaster that finds no cluster waits before it begins one. */
  readonly foundingMs: number;
}

/** The next in line steps in so much later: where the first is gone, or hasn't heard. */
const STEP_REVOKED_MS = 1_000;
const STEP_AGE_MS = 30_000;
/** An epoch that no newcomer takes any more lasts so long at least: what is wrong with its warrant may be wrong with the next one. */
const LAPSED_MS = 10_000;

/** Says when this node has to mint the next epoch: the live keymaster with the lowest id does at once, the others after a pause each. */
export class Minter {
  readonly #settings: MintSettings;
  #revokedSince: { readonly count: number; readonly atMs: number } | undefined;

  constructor(settings: MintSettings) {
    this.#settings = settings;
  }

  /** @returns when, and why; `atMs` may lie in the past. undefined: not this node's business at present. */
  due(view: MintView, nowMs: number): { readonly reason: MintReason; readonly atMs: number } | undefined {
    const rank = view.keymasters.filter((id) => id < view.self).length;
    if (!view.keymasters.includes(view.self)) return undefined;
    const { highest } = view;
    if (highest === undefined) return { reason: 'none', atMs: view.sinceMs + this.#settings.foundingMs };
    if (!view.hasNumber) return undefined;
    // The set only grows: knowing fewer than the epoch's minter did means that the news is still on its way.
    if (view.standing === 'revoked' || view.revocations > revocationCount(highest.revocations)) {
      if (this.#revokedSince?.count !== view.revocations)
        this.#revokedSince = { count: view.revocations, atMs: nowMs };
      return { reason: 'revoked', atMs: this.#revokedSince.atMs + rank * STEP_REVOKED_MS };
    }
    this.#revokedSince = undefined;
    const { epochMs } = this.#settings;
    const lifeMs = view.standing === 'lapsed' ? Math.min(epochMs, LAPSED_MS) : epochMs;
    return { reason: 'age', atMs: view.sinceMs + lifeMs + rank * STEP_AGE_MS };
  }
}
