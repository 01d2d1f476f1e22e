import type { NodeId } from '#runtime/core/ids.ts';
import { type AgreementKey, agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import type { Identity } from '#runtime/crypto/identity.ts';
import type { RecordGuard } from '#runtime/data/record-guard.ts';
import { type AgreementKeys, PairKeys } from '#runtime/trust/pair-keys.ts';
import { PairProofs } from '#runtime/trust/pair-proofs.ts';
import type { NodeChoices } from './engine-pump.ts';
import { SigningGuard, testIdentity } from './signing-guard.ts';
import { CLUSTER, provider } from './wire.ts';

interface Card {
  readonly identity: Identity;
  readonly agreement: AgreementKey;
}

/** Some nodes whose certificates everybody knows: who they are, what they sign, and their agreement keys. */
export class TrustedGroup {
  readonly #cards: readonly Card[];
  /** Ids whose certificates nobody knows yet. */
  readonly unknown = new Set<NodeId>();

  constructor(count: number) {
    this.#cards = Array.from({ length: count }, (_, index) => ({
      identity: testIdentity(index + 1),
      agreement: agreementKeyOf(provider, new Uint8Array(32).fill(index + 1)),
    }));
  }

  id(index: number): NodeId {
    return this.#cards[index].identity.id;
  }

  /** What engine `index` is made with; without proofs owners still sign. */
  choices(index: number, { proofs }: { proofs: boolean }): NodeChoices {
    const guard = this.guard(index);
    return { id: this.id(index), trust: proofs ? { guard, proofs: { keys: this.keys(index) } } : { guard } };
  }

  guard(index: number): RecordGuard {
    const known = this.#cards.map(({ identity }) => identity);
    return new SigningGuard({ known, self: this.#cards[index].identity });
  }

  keys(index: number): AgreementKeys {
    return {
      own: this.#cards[index].agreement,
      of: (peer) =>
        this.unknown.has(peer)
          ? undefined
          : this.#cards.find(({ identity }) => identity.id === peer)?.agreement.publicKey,
    };
  }

  /** What node `index` can prove in its own name. */
  proofs(index: number): PairProofs {
    const keys = new PairKeys({ provider, self: this.id(index), cluster: CLUSTER, keys: this.keys(index) });
    return new PairProofs(keys);
  }
}
