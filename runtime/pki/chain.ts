import { toHex } from '../core/ids.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { decodeSignedCbor } from '../wire/cbor.ts';
import { CborWriter } from '../wire/cbor-writer.ts';
import { asBytes, readAll } from '../wire/schema.ts';
import { type Certificate, decodeCertificate, nameOfCertificate } from './certificate.ts';
import { malformed, verifySign1 } from './cose-sign1.ts';
import { formatSeconds, type Judged, type PkiRefusal, refuse } from './refusal.ts';
import type { RevocationSet } from './revocation-set.ts';
import type { RootStatement } from './root.ts';
import { type TrustAnchors, unknownIssuer } from './trust-anchors.ts';

/** A device's certificate, and before the root at most a registrar's [P-11.5]. */
export const CHAIN_LENGTH_MAX = 2;

export interface ChainOptions {
  readonly roots: TrustAnchors;
  /** The node's own certificate first, then that of the registrar who issued it, if one did. */
  readonly chain: readonly Uint8Array[];
  /** The fleet's time floor [P-11.8], or a better clock: seconds since 1970. */
  readonly atSeconds: number;
  readonly revoked: RevocationSet;
}

/** A certificate that counts now. */
export interface VerifiedChain {
  readonly certificate: Certificate;
  /** Who issued it, where that wasn't the root. */
  readonly registrar: Certificate | undefined;
  readonly root: RootStatement;
  /** It is at least this late: root and registrar said so. For `TimeFloor.observe`. */
  readonly provenSeconds: number;
}

/**
 * Judges a certificate by all of [P-11.6], in its order. A certificate's own time of issue counts as time that has passed: a board
 * without a clock would take every new certificate for one of the future otherwise. Never throws.
 */
export function verifyChain(provider: CryptoProvider, options: ChainOptions): Judged<VerifiedChain> {
  const decoded = decodeAll(provider, options.chain);
  if ('refusal' in decoded) return decoded;
  const [certificate, registrar] = decoded.value;
  const { roots } = options;
  const top = registrar ?? certificate;
  const root = roots.find(top.signed.kid);
  if (root === undefined) return { refusal: unknownIssuer(nameOfCertificate(top), top.signed.kid, roots) };
  const unfit =
    signatureFault(provider, { certificate, registrar, root }) ??
    clusterFault(roots.cluster, [top, certificate]) ??
    issuerFault(certificate, registrar) ??
    revocationFault(options.revoked, [top, certificate]);
  if (unfit !== undefined) return { refusal: unfit };
  const provenSeconds = Math.max(root.issuedAt, top.issuedAt, certificate.issuedAt);
  const at = Math.max(options.atSeconds, provenSeconds);
  const untimely = rootTimeFault(root, at) ?? timeFault(top, at) ?? timeFault(certificate, at);
  if (untimely !== undefined) return { refusal: untimely };
  return { value: { certificate, registrar, root, provenSeconds } };
}

/** A chain as one CBOR array of byte strings, as it travels [P-11.5]. */
export function encodeChain(chain: readonly Uint8Array[]): Uint8Array {
  const writer = new CborWriter(1_100);
  writer.array(chain.length);
  for (const bytes of chain) writer.bytes(bytes);
  return writer.finish();
}

/** @returns the certificates' bytes, which `verifyChain` has to judge. */
export function decodeChain(bytes: Uint8Array): Judged<readonly Uint8Array[]> {
  const decoded = decodeSignedCbor(bytes);
  if ('refusal' in decoded) {
    return decoded.refusal === 'truncated'
      ? refuse('truncated', `certificates: they end after ${bytes.length} bytes, before their end`)
      : malformed('certificate', `a list of certificates (${decoded.refusal})`);
  }
  const chain = Array.isArray(decoded.value) ? readAll(decoded.value, 0, (item) => asBytes(item)) : undefined;
  return chain === undefined || chain.length === 0 || chain.length > CHAIN_LENGTH_MAX
    ? malformed('certificate', `a list of 1 to ${CHAIN_LENGTH_MAX} certificates`)
    : { value: chain };
}

function decodeAll(
  provider: CryptoProvider,
  chain: readonly Uint8Array[],
): Judged<readonly [Certificate, Certificate | undefined]> {
  const [own, issuers] = chain;
  if (own === undefined || chain.length > CHAIN_LENGTH_MAX)
    return malformed('certificate', `1 to ${CHAIN_LENGTH_MAX} certificates in a chain`);
  const certificate = decodeCertificate(provider, own);
  if ('refusal' in certificate) return certificate;
  if (issuers === undefined) return { value: [certificate.value, undefined] };
  const registrar = decodeCertificate(provider, issuers);
  return 'refusal' in registrar ? registrar : { value: [certificate.value, registrar.value] };
}

interface Links {
  readonly certificate: Certificate;
  readonly registrar: Certificate | undefined;
  readonly root: RootStatement;
}

function signatureFault(
  provider: CryptoProvider,
  { certificate, registrar, root }: Links,
): PkiRefusal | undefined {
  const top = registrar ?? certificate;
  if (!verifySign1(provider, top.signed, root.publicKey)) return badSignature(top, `root ${toHex(root.kid)}`);
  if (registrar === undefined) return undefined;
  const kid = toHex(provider.sha256(registrar.signingKey).subarray(0, certificate.signed.kid.length));
  if (toHex(certificate.signed.kid) !== kid)
    return {
      reason: 'unknown-issuer',
      text: `${nameOfCertificate(certificate)}: signed by ${toHex(certificate.signed.kid)}; expected the registrar it came with, ${JSON.stringify(registrar.name)} (${kid})`,
    };
  return verifySign1(provider, certificate.signed, registrar.signingKey)
    ? undefined
    : badSignature(certificate, `registrar ${JSON.stringify(registrar.name)}`);
}

function badSignature(certificate: Certificate, signer: string): PkiRefusal {
  return {
    reason: 'bad-signature',
    text: `${nameOfCertificate(certificate)}: its signature isn't that of ${signer}; it was changed on its way, or forged`,
  };
}

function clusterFault(expected: string, certificates: readonly Certificate[]): PkiRefusal | undefined {
  const foreign = certificates.find(({ cluster }) => cluster !== expected);
  if (foreign === undefined) return undefined;
  return {
    reason: 'wrong-cluster',
    text: `${nameOfCertificate(foreign)}: expected one for cluster ${JSON.stringify(expected)}; got ${JSON.stringify(foreign.cluster)}. Check the cluster's name, or issue a certificate for this one`,
  };
}

function issuerFault(certificate: Certificate, registrar: Certificate | undefined): PkiRefusal | undefined {
  if (registrar === undefined) return undefined;
  const { issuer } = registrar;
  if (issuer === undefined)
    return {
      reason: 'wrong-key-use',
      text: `${nameOfCertificate(certificate)}: signed by ${JSON.stringify(registrar.name)}, whose certificate is that of a device and doesn't let it issue any`,
    };
  const excess = excessOf(certificate, registrar, issuer);
  if (excess === undefined) return undefined;
  return {
    reason: 'registrar-exceeds',
    text: `${nameOfCertificate(certificate)}: registrar ${JSON.stringify(registrar.name)} may not issue it: ${excess}. Have the CA issue it`,
  };
}

/** What a registrar did that it may not [P-11.5]. */
function excessOf(
  certificate: Certificate,
  registrar: Certificate,
  issuer: NonNullable<Certificate['issuer']>,
): string | undefined {
  if (certificate.issuer !== undefined) return 'a registrar makes no registrars';
  const group = certificate.groups.find((name) => !issuer.groups.includes(name));
  if (group !== undefined) return `group ${group} is none of its (${issuer.groups.join(', ') || 'none'})`;
  const seconds = certificate.expires - certificate.notBefore;
  if (seconds > issuer.validitySecondsMax)
    return `${seconds} s are longer than its ${issuer.validitySecondsMax} s`;
  if (certificate.notBefore < registrar.notBefore) return 'it begins before the registrar does';
  if (certificate.expires > registrar.expires) return 'it would outlive the registrar';
  return undefined;
}

function revocationFault(
  revoked: RevocationSet,
  certificates: readonly Certificate[],
): PkiRefusal | undefined {
  for (const certificate of certificates) {
    const revocation = revoked.find(certificate.serial, certificate.id);
    if (revocation === undefined) continue;
    return {
      reason: 'revoked',
      text: `${nameOfCertificate(certificate)}: revoked at ${formatSeconds(revocation.revokedAt)}: ${revocation.reason || 'no reason given'}. To let it in again: gridvine rekey on that node, then issue it a new certificate`,
    };
  }
  return undefined;
}

function rootTimeFault(root: RootStatement, at: number): PkiRefusal | undefined {
  if (at < root.expires) return undefined;
  return {
    reason: 'expired',
    text: `root ${toHex(root.kid)}: expired at ${formatSeconds(root.expires)}; it is at least ${formatSeconds(at)}. Its successor comes by: gridvine ca rotate`,
  };
}

function timeFault(certificate: Certificate, at: number): PkiRefusal | undefined {
  const name = nameOfCertificate(certificate);
  if (at < certificate.notBefore)
    return {
      reason: 'not-yet-valid',
      text: `${name}: valid from ${formatSeconds(certificate.notBefore)}; as far as this node knows it is ${formatSeconds(at)}. Wait, or check the CA's clock`,
    };
  if (at >= certificate.expires)
    return {
      reason: 'expired',
      text: `${name}: expired at ${formatSeconds(certificate.expires)}; it is at least ${formatSeconds(at)}. Issue it a new one: gridvine ca issue`,
    };
  return undefined;
}
