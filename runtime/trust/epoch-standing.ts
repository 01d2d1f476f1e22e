import type { CryptoProvider } from '../crypto/provider.ts';
import type { Epoch } from './epoch.ts';
import { judgeWarrant } from './epoch-warrant.ts';
import type { FleetLaw } from './fleet-law.ts';

/**
 * What an epoch's warrant is worth by now [P-14.11]. `lapsed`: its minter's certificate has ended, or its root or its right to mint: who
 * isn't in yet takes it from nobody. `revoked`: its minter was put out, has the secret, and nothing that the epoch says counts.
 */
export type EpochStanding = 'stands' | 'lapsed' | 'revoked';

/** Judges epochs by the law as it is: each once, and again when the law has changed. */
export class EpochStandings {
  readonly #provider: CryptoProvider;
  readonly #law: FleetLaw;
  #judged = new WeakMap<Epoch, EpochStanding>();
  #judgedBy: readonly unknown[] = [];

  constructor(provider: CryptoProvider, law: FleetLaw) {
    this.#provider = provider;
    this.#law = law;
  }

  of(epoch: Epoch): EpochStanding {
    const { revocations, anchors, policy, floorSeconds } = this.#law;
    const by = [revocations.size, anchors, policy, floorSeconds];
    if (by.some((part, i) => part !== this.#judgedBy[i])) this.#judged = new WeakMap();
    this.#judgedBy = by;
    const before = this.#judged.get(epoch);
    if (before !== undefined) return before;
    const standing = this.#judge(epoch);
    this.#judged.set(epoch, standing);
    return standing;
  }

  #judge(epoch: Epoch): EpochStanding {
    const judged = judgeWarrant(this.#provider, { law: this.#law, epoch });
    if ('value' in judged) return 'stands';
    return judged.refusal.reason === 'revoked' ? 'revoked' : 'lapsed';
  }
}
