import { toHex } from '../core/ids.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { type SignedObject, verifySign1 } from './cose-sign1.ts';
import { type Judged, type PkiRefusal, refuse } from './refusal.ts';
import { decodeRoot, type RootStatement } from './root.ts';

/** How many roots count at once: one, and while it is being replaced its successor [P-11.9]. */
export const ROOTS_MAX = 2;

/** The roots that a node accepts, the newest last. Immutable: an endorsement makes a new one. */
export class TrustAnchors {
  readonly cluster: string;
  readonly roots: readonly RootStatement[];
  readonly #provider: CryptoProvider;

  private constructor(provider: CryptoProvider, cluster: string, roots: readonly RootStatement[]) {
    this.#provider = provider;
    this.cluster = cluster;
    this.roots = roots;
  }

  /**
   * What a person has told this node to trust: the statements of a `root.cert`, the first of which is signed by itself and each
   * further one by itself or by one before it.
   */
  static of(
    provider: CryptoProvider,
    cluster: string,
    statements: readonly Uint8Array[],
  ): Judged<TrustAnchors> {
    if (statements.length === 0)
      return refuse('malformed', 'root.cert: expected a root; got none. Copy root.cert from the CA');
    let anchors = new TrustAnchors(provider, cluster, []);
    for (const bytes of statements) {
      const decoded = decodeRoot(provider, bytes);
      if ('refusal' in decoded) return decoded;
      const next = decoded.value.isSelfSigned
        ? anchors.#trust(decoded.value)
        : anchors.#endorse(decoded.value);
      if ('refusal' in next) return next;
      anchors = next.value;
    }
    return { value: anchors };
  }

  /** How new a root is: -1 for one that doesn't count, then from 0 on. */
  rank(kid: Uint8Array): number {
    const wanted = toHex(kid);
    return this.roots.findIndex((root) => toHex(root.kid) === wanted);
  }

  /** The root that a signature names. */
  find(kid: Uint8Array): RootStatement | undefined {
    const wanted = toHex(kid);
    return this.roots.find((root) => toHex(root.kid) === wanted);
  }

  /**
   * Takes in an endorsement that came from anywhere: only the newest root may name its successor; then the two of them count, and
   * an older one no longer does. What was known already changes nothing.
   */
  withEndorsement(bytes: Uint8Array): Judged<TrustAnchors> {
    const decoded = decodeRoot(this.#provider, bytes);
    if ('refusal' in decoded) return decoded;
    const statement = decoded.value;
    // Anybody can make one of those.
    if (statement.isSelfSigned && this.find(statement.kid) === undefined)
      return refuse(
        'unknown-issuer',
        `root ${toHex(statement.kid)}: signed by itself alone; a person has to add it to root.cert`,
      );
    return statement.isSelfSigned ? { value: this } : this.#endorse(statement);
  }

  /** Checks what a root itself must have signed: a revocation, a policy. @returns the refusal, or undefined. */
  refusalOfSignature(signed: SignedObject): PkiRefusal | undefined {
    const root = this.find(signed.kid);
    if (root === undefined) return unknownIssuer(signed.kind, signed.kid, this);
    return verifySign1(this.#provider, signed, root.publicKey)
      ? undefined
      : {
          reason: 'bad-signature',
          text: `${signed.kind}: its signature isn't that of root ${toHex(signed.kid)}; it was changed on its way, or forged`,
        };
  }

  #trust(statement: RootStatement): Judged<TrustAnchors> {
    const foreign = this.#refusalOfCluster(statement);
    return foreign ?? { value: this.#with(statement) };
  }

  #endorse(statement: RootStatement): Judged<TrustAnchors> {
    // Whoever endorsed a root that is known may have ceased to count since.
    if (this.find(statement.kid) !== undefined) return { value: this };
    const refusal = this.refusalOfSignature(statement.signed);
    if (refusal !== undefined) return { refusal };
    const foreign = this.#refusalOfCluster(statement);
    if (foreign !== undefined) return foreign;
    const newest = this.roots.at(-1);
    if (newest === undefined || toHex(newest.kid) !== toHex(statement.signed.kid))
      return refuse(
        'wrong-key-use',
        `root ${toHex(statement.kid)}: endorsed by root ${toHex(statement.signed.kid)}, which has a successor already; expected the newest, ${toHex(newest?.kid ?? NO_KID)}`,
      );
    return { value: this.#with(statement) };
  }

  #with(statement: RootStatement): TrustAnchors {
    const others = this.roots.filter((root) => toHex(root.kid) !== toHex(statement.kid));
    return new TrustAnchors(this.#provider, this.cluster, [...others, statement].slice(-ROOTS_MAX));
  }

  #refusalOfCluster(statement: RootStatement): { readonly refusal: PkiRefusal } | undefined {
    if (statement.cluster === this.cluster) return undefined;
    return refuse(
      'wrong-cluster',
      `root ${toHex(statement.kid)}: expected one of cluster ${JSON.stringify(this.cluster)}; got ${JSON.stringify(statement.cluster)}. Check the cluster's name and root.cert`,
    );
  }
}

/** How a signature by a key that isn't known here is refused. */
export function unknownIssuer(what: string, kid: Uint8Array, anchors: TrustAnchors): PkiRefusal {
  const known = anchors.roots.map((root) => toHex(root.kid)).join(', ');
  return {
    reason: 'unknown-issuer',
    text: `${what}: signed by ${toHex(kid)}; expected a root of this cluster (${known}). If the CA was replaced, copy its root.cert to this node`,
  };
}

const NO_KID = new Uint8Array(0);
