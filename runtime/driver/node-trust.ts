import { GridvineError } from '../core/errors.ts';
import { agreementKeyOf } from '../crypto/agreement-key.ts';
import { type Identity, identityFromSeed } from '../crypto/identity.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { type Certificate, decodeCertificate } from '../pki/certificate.ts';
import type { PkiReason } from '../pki/refusal.ts';
import { TrustAnchors } from '../pki/trust-anchors.ts';
import { FleetLaw } from '../trust/fleet-law.ts';
import { decodeKeptTrust, encodeKeptTrust } from '../trust/kept-trust.ts';
import type { TrustOptions, TrustState } from '../trust/trust.ts';
import type { LogSink } from './log.ts';
import type { CertificateOptions } from './node-options.ts';
import type { NodeStorage } from './node-storage.ts';

/** What time, or the root, makes of a certificate: the node runs and says so. All else is a mistake of whoever installed it. */
const PASSING: ReadonlySet<PkiReason> = new Set(['expired', 'not-yet-valid', 'revoked']);

export interface NodeTrust {
  readonly options: TrustOptions;
  /** Puts it on the medium. Rejects with the platform's error. */
  readonly persist: (state: TrustState) => Promise<void>;
}

/**
 * Takes up what a node in a cluster of certificates was given and what it kept.
 * @throws GridvineError `E_CERTIFICATE` where certificate, roots and identity don't fit together; `E_TRUST_FILE`.
 */
export async function openNodeTrust(
  { chain, roots, registrar: _, ...settings }: CertificateOptions,
  parts: {
    readonly cluster: string;
    readonly storage: NodeStorage;
    readonly provider: CryptoProvider;
    readonly log: LogSink;
  },
): Promise<NodeTrust> {
  const { cluster, storage, provider, log } = parts;
  const identity = identityFromSeed(provider, storage.seed);
  const agreementKey = agreementKeyOf(provider, storage.seed);
  const anchors = anchorsOf(provider, cluster, roots);
  const saved = await loadState(provider, anchors, { storage, log });
  const law = new FleetLaw(provider, anchors, saved?.law);
  checkCertificate(provider, { chain, law, identity, agreementKey: agreementKey.publicKey });
  return {
    options: { identity, agreementKey, chain, anchors, ...(saved !== undefined && { saved }), ...settings },
    persist: async (state) => {
      const kept = encodeKeptTrust(provider, anchors, state);
      try {
        await storage.trust.save(kept.reveal());
      } finally {
        kept.reveal().fill(0);
      }
    },
  };
}

function anchorsOf(provider: CryptoProvider, cluster: string, roots: readonly Uint8Array[]): TrustAnchors {
  const anchors = TrustAnchors.of(provider, cluster, roots);
  if ('refusal' in anchors) throw new GridvineError('E_CERTIFICATE', `roots: ${anchors.refusal.text}`);
  return anchors.value;
}

async function loadState(
  provider: CryptoProvider,
  anchors: TrustAnchors,
  { storage, log }: { readonly storage: NodeStorage; readonly log: LogSink },
): Promise<TrustState | undefined> {
  const { kept, notice } = await storage.trust.load();
  if (notice !== undefined) storage.notify(notice);
  if (kept === undefined) return undefined;
  const decoded = decodeKeptTrust(provider, anchors, kept);
  kept.fill(0);
  if (decoded === 'foreign') {
    log('warn', 'trust-foreign', {
      text: 'what was kept is of another cluster or another CA: it is not used, and replaced once this node is let in',
    });
    return undefined;
  }
  if (decoded !== 'damaged') return decoded.state;
  storage.notify(await storage.trust.setAside());
  return undefined;
}

/**
 * Judges whether a certificate is this node's, and by a root that it trusts.
 * @returns it. @throws GridvineError `E_CERTIFICATE`.
 */
export function checkCertificate(
  provider: CryptoProvider,
  given: {
    readonly chain: readonly Uint8Array[];
    readonly law: FleetLaw;
    readonly identity: Pick<Identity, 'id'>;
    /** Raw X25519 key of this node. */
    readonly agreementKey: Uint8Array;
  },
): Certificate {
  const { chain, law, identity, agreementKey } = given;
  const decoded = decodeCertificate(provider, chain[0] ?? new Uint8Array(0));
  if ('refusal' in decoded) throw new GridvineError('E_CERTIFICATE', decoded.refusal.text);
  const certificate = decoded.value;
  const { id, name } = certificate;
  if (id !== identity.id)
    throw new GridvineError(
      'E_CERTIFICATE',
      `certificate of ${JSON.stringify(name)}: expected one for this node, ${identity.id}; got one for ${id}. Either it is another board's, or this data directory is: make a request with this one (gridvine identity request), and have the CA issue that`,
    );
  if (!Buffer.from(certificate.agreementKey).equals(agreementKey))
    throw new GridvineError(
      'E_CERTIFICATE',
      `certificate of ${JSON.stringify(name)}: expected it to name this node's X25519 key; it names another. Make the request anew on this board (gridvine identity request), and have the CA issue that`,
    );
  const judged = law.judge(chain);
  if ('refusal' in judged && !PASSING.has(judged.refusal.reason))
    throw new GridvineError('E_CERTIFICATE', judged.refusal.text);
  return certificate;
}
