import type { CryptoProvider } from '../crypto/provider.ts';
import type { Epoch } from './epoch.ts';
import { judgeWarrant } from './epoch-warrant.ts';
import type { FleetLaw } from './fleet-law.ts';

/**
 * Tells epochs whose minter was revoked since [P-14.11]: the minter has their secrets, and nothing that they say of themselves counts
 * any more. Each is judged once, and again when something else was revoked.
 */
export class DisownedEpochs {
  readonly #provider: CryptoProvider;
  readonly #law: FleetLaw;
  readonly #judged = new WeakMap<Epoch, { readonly revocations: number; readonly isDisowned: boolean }>();

  constructor(provider: CryptoProvider, law: FleetLaw) {
    this.#provider = provider;
    this.#law = law;
  }

  has(epoch: Epoch): boolean {
    const revocations = this.#law.revocations.size;
    if (revocations === 0) return false;
    const before = this.#judged.get(epoch);
    if (before?.revocations === revocations) return before.isDisowned;
    const judged = judgeWarrant(this.#provider, { law: this.#law, epoch });
    const isDisowned = 'refusal' in judged && judged.refusal.reason === 'revoked';
    this.#judged.set(epoch, { revocations, isDisowned });
    return isDisowned;
  }
}
