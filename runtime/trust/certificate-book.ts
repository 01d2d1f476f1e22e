import { equalBytes } from '../core/bytes.ts';
import type { NodeId } from '../core/ids.ts';
import type { Certificate } from '../pki/certificate.ts';
import { type Judged, refuse } from '../pki/refusal.ts';
import type { FleetLaw } from './fleet-law.ts';

/** The most certificates that are kept; the least recently learned go first. */
export const CERTIFICATES_MAX = 8_192;

/** A member's certificate that was judged and stood, with the bytes it came as. */
export interface KnownCertificate extends Certificate {
  /** Own certificate first, then its registrar's. */
  readonly chain: readonly Uint8Array[];
}

/** The certificates of those who are known, judged once each and again when the law changes. */
export class CertificateBook {
  readonly #law: FleetLaw;
  readonly #byId = new Map<NodeId, KnownCertificate>();

  constructor(law: FleetLaw) {
    this.#law = law;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** The certificate of a node; undefined where none is known that counts. */
  get(id: NodeId): KnownCertificate | undefined {
    return this.#byId.get(id);
  }

  values(): IterableIterator<KnownCertificate> {
    return this.#byId.values();
  }

  /**
   * Judges a chain and keeps it, unless a later one of that node is known. Only a root may name another X25519 key for a known node
   * [P-11.14]: else a registrar could prove lives in the names of others.
   */
  learn(chain: readonly Uint8Array[]): Judged<KnownCertificate> {
    const judged = this.#law.judge(chain);
    if ('refusal' in judged) return judged;
    const { certificate } = judged.value;
    const present = this.#byId.get(certificate.id);
    if (present !== undefined) {
      const byRegistrar = chain.length > 1;
      const isSameKey = equalBytes(present.agreementKey, certificate.agreementKey);
      if (!isSameKey && byRegistrar) return otherKey(certificate);
      const yields = isSameKey || present.chain.length === 1;
      if (yields && present.issuedAt > certificate.issuedAt) return { value: present };
    }
    const known = { ...certificate, chain: chain.map((bytes) => bytes.slice()) };
    this.#byId.delete(certificate.id);
    this.#byId.set(certificate.id, known);
    if (this.#byId.size > CERTIFICATES_MAX) this.#dropOldest();
    return { value: known };
  }

  /** The law changed: those who no longer stand are struck. @returns them. */
  review(): NodeId[] {
    const struck: NodeId[] = [];
    for (const [id, { chain }] of this.#byId) if ('refusal' in this.#law.judge(chain)) struck.push(id);
    for (const id of struck) this.#byId.delete(id);
    return struck;
  }

  #dropOldest(): void {
    for (const id of this.#byId.keys()) {
      this.#byId.delete(id);
      return;
    }
  }
}

function otherKey({ id, name }: Certificate): Judged<never> {
  return refuse(
    'registrar-exceeds',
    `${name} (${id}): expected the X25519 key that is known of it; a registrar certified another. Look at that registrar; where the board really has another, let the CA certify it.`,
  );
}
