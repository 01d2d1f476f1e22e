import { toHex } from '#runtime/core/ids.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { decodeCertificate } from '#runtime/pki/certificate.ts';
import { type CertificateClaims, encodeClaims } from '#runtime/pki/certificate-claims.ts';
import { verifyChain } from '#runtime/pki/chain.ts';
import { verifyRevocation } from '#runtime/pki/revocation.ts';
import { RevocationSet } from '#runtime/pki/revocation-set.ts';
import { TrustAnchors } from '#runtime/pki/trust-anchors.ts';
import {
  assemble,
  CLUSTER,
  certificateOf,
  changed,
  claimsOf,
  DEVICE,
  FOREIGN_ROOT,
  handSigned,
  NEXT_ROOT,
  REGISTRAR,
  REVOKED_NODE,
  REVOKED_SERIAL,
  ROOT,
  registrarOf,
  revocationOf,
  rootOf,
  START,
  YEAR,
} from './pki-parts.ts';
import type { ChainVector, ChainVectors } from './shape.ts';

const TYP = 'gridvine-certificate';
const ROOTS = [rootOf(ROOT), rootOf(NEXT_ROOT, ROOT)];

interface Case {
  readonly name: string;
  readonly chain: readonly Uint8Array[];
  readonly atSeconds?: number;
  readonly revocations?: readonly Uint8Array[];
}

/** Chains that count, and one or more for each refusal of [P-11.6]. */
export function chainVectors(): ChainVectors {
  return { cluster: CLUSTER, roots: ROOTS.map(toHex), cases: cases().map(judged) };
}

function cases(): readonly Case[] {
  const device = certificateOf(ROOT, DEVICE);
  const viaRegistrar = (own: Partial<CertificateClaims> = {}, registrar: Partial<CertificateClaims> = {}) => [
    certificateOf(REGISTRAR, DEVICE, { groups: ['sensor'], expires: START + YEAR, ...own }),
    registrarOf(registrar),
  ];
  const claims = encodeClaims(claimsOf(DEVICE));
  return [
    { name: 'by the root', chain: [device] },
    { name: 'by the root that succeeds', chain: [certificateOf(NEXT_ROOT, DEVICE)] },
    { name: 'by a registrar', chain: viaRegistrar() },
    { name: 'the registrar itself', chain: [registrarOf()] },
    { name: 'judged by a node that knows no time', chain: [device], atSeconds: 0 },
    { name: 'no groups', chain: [certificateOf(ROOT, DEVICE, { groups: [] })] },
    { name: 'a header field of a later version', chain: [handSigned(ROOT, claims, { typ: TYP, extra: 99 })] },
    { name: 'truncated', chain: [device.subarray(0, device.length - 1)] },
    { name: 'empty', chain: [new Uint8Array(0)] },
    { name: 'bytes after the end', chain: [Uint8Array.of(...device, 0)] },
    { name: 'tagged', chain: [Uint8Array.of(0xd2, ...device)] },
    { name: 'longer than 512 bytes', chain: [new Uint8Array(513).fill(0x80)] },
    { name: 'something unprotected', chain: [withUnprotected(device)] },
    { name: 'another algorithm', chain: [handSigned(ROOT, claims, { typ: TYP, alg: -7 })] },
    { name: 'claims that are no map', chain: [handSigned(ROOT, Uint8Array.of(0x80), { typ: TYP })] },
    {
      name: 'a critical field of a later version',
      chain: [handSigned(ROOT, claims, { typ: TYP, crit: [99], extra: 99 })],
    },
    { name: 'another type', chain: [handSigned(ROOT, claims, { typ: 'gridvine-policy' })] },
    { name: 'by a root that is not known', chain: [certificateOf(FOREIGN_ROOT, DEVICE)] },
    { name: 'by a registrar that did not come along', chain: viaRegistrar().slice(0, 1) },
    {
      name: 'with a registrar who did not sign it',
      chain: [viaRegistrar()[0]!, certificateOf(ROOT, NEXT_ROOT)],
    },
    { name: 'a changed signature', chain: [changed(device)] },
    { name: 'a changed claim', chain: [changed(device, 80)] },
    { name: 'a changed signature of the registrar', chain: [changed(viaRegistrar()[0]!), registrarOf()] },
    { name: 'of another cluster', chain: [certificateOf(ROOT, DEVICE, { cluster: 'elsewhere' })] },
    { name: 'by a registrar of another cluster', chain: viaRegistrar({}, { cluster: 'elsewhere' }) },
    { name: 'by a device', chain: [certificateOf(DEVICE, REGISTRAR), device] },
    { name: 'a group that the registrar may not give', chain: viaRegistrar({ groups: ['controller'] }) },
    { name: 'longer than the registrar may give', chain: viaRegistrar({ expires: START + YEAR + 1 }) },
    {
      name: 'beginning before the registrar',
      chain: viaRegistrar({ notBefore: START - 1, expires: START + 90 }),
    },
    { name: 'outliving the registrar', chain: viaRegistrar({}, { expires: START + YEAR - 1 }) },
    {
      name: 'a registrar by a registrar',
      chain: viaRegistrar({ issuer: { groups: [], validitySecondsMax: 1 } }),
    },
    { name: 'revoked by serial', chain: [device], revocations: [revocationOf(REVOKED_SERIAL)] },
    {
      name: 'revoked as a node, by a certificate made later',
      chain: [certificateOf(ROOT, DEVICE, { serial: new Uint8Array(16) })],
      revocations: [revocationOf(REVOKED_NODE)],
    },
    {
      name: 'by a revoked registrar',
      chain: viaRegistrar(),
      revocations: [revocationOf({ kind: 'certificate', serial: claimsOf(REGISTRAR).serial })],
    },
    {
      name: 'of the future',
      chain: [certificateOf(ROOT, DEVICE, { notBefore: START + 600 })],
      atSeconds: START + 599,
    },
    { name: 'in its last second', chain: [device], atSeconds: START + 2 * YEAR - 1 },
    { name: 'expired', chain: [device], atSeconds: START + 2 * YEAR },
    {
      name: 'under an expired root',
      chain: [certificateOf(ROOT, DEVICE, { expires: START + 30 * YEAR })],
      atSeconds: START + 20 * YEAR,
    },
  ];
}

function withUnprotected(certificate: Uint8Array): Uint8Array {
  const decoded = decodeCertificate(nobleProvider, certificate);
  if ('refusal' in decoded) throw new Error(decoded.refusal.text);
  const { header, payload, signature } = decoded.value.signed;
  return assemble(header, payload, signature, { unprotected: true });
}

function judged({ name, chain, atSeconds = START + 3_600, revocations = [] }: Case): ChainVector {
  const anchors = TrustAnchors.of(nobleProvider, CLUSTER, ROOTS);
  if ('refusal' in anchors) throw new Error(anchors.refusal.text);
  const revoked = new RevocationSet();
  for (const bytes of revocations) {
    const revocation = verifyRevocation(anchors.value, bytes);
    if ('refusal' in revocation) throw new Error(revocation.refusal.text);
    revoked.add(revocation.value);
  }
  const result = verifyChain(nobleProvider, { roots: anchors.value, chain, atSeconds, revoked });
  const vector = { name, atSeconds, revocations: revocations.map(toHex), chain: chain.map(toHex) };
  if ('refusal' in result) return { ...vector, verdict: result.refusal.reason };
  const { certificate, provenSeconds } = result.value;
  const { id, groups } = certificate;
  return {
    ...vector,
    verdict: 'accepted',
    says: {
      id,
      name: certificate.name,
      serial: toHex(certificate.serial),
      agreementKey: toHex(certificate.agreementKey),
      groups,
      provenSeconds,
    },
  };
}
