import { toHex } from '#runtime/core/ids.ts';
import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { type ArmoredObject, dearmor } from '#runtime/pki/armor.ts';
import { decodeCertificate } from '#runtime/pki/certificate.ts';
import { decodeSign1 } from '#runtime/pki/cose-sign1.ts';
import type { PkiRefusal } from '#runtime/pki/refusal.ts';
import { verifyRequest } from '#runtime/pki/request.ts';
import { decodeRoot } from '#runtime/pki/root.ts';
import { decodeBundle } from './bundle.ts';
import { caError } from './ca-error.ts';
import { type CertificateJson, viewCertificate } from './ca-view.ts';

/** What a file of signed objects holds: facts for people and programs, never a secret. */
export type ObjectJson =
  | { readonly kind: 'certificate'; readonly certificate: CertificateJson }
  | {
      readonly kind: 'root';
      readonly id: string;
      readonly cluster: string;
      readonly issuedAtMs: number;
      readonly expiresMs: number;
      readonly endorsedBy: string | null;
    }
  | { readonly kind: 'request'; readonly id: string; readonly name: string; readonly cluster: string }
  | { readonly kind: 'revocation' | 'policy' | 'roster'; readonly signedBy: string };

/** Reads the objects of a file: blocks of text, or a provisioning bundle. @throws GridvineError `E_CA`. */
export function objectsOfFile(path: string, bytes: Uint8Array): readonly ArmoredObject[] {
  const bundle = decodeBundle(bytes);
  if (bundle !== undefined) {
    return [
      ...bundle.chain.map((object) => ({ kind: 'certificate', bytes: object }) as const),
      ...bundle.roots.map((object) => ({ kind: 'root', bytes: object }) as const),
    ];
  }
  const read = dearmor(new TextDecoder().decode(bytes));
  if ('problem' in read) throw caError(`${path}: ${read.problem}. Copy it again, whole`);
  if (read.objects.length === 0)
    throw caError(`${path}: expected certificates, requests, roots or a bundle of gridvine's; got none`);
  return read.objects;
}

/** @throws GridvineError `E_CA` for an object that isn't whole or is forged. */
export function viewObject(
  provider: CryptoProvider,
  path: string,
  { kind, bytes }: ArmoredObject,
): ObjectJson {
  const wrong = ({ text }: PkiRefusal) => caError(`${path}: ${text}`);
  if (kind === 'certificate') {
    const judged = decodeCertificate(provider, bytes);
    if ('refusal' in judged) throw wrong(judged.refusal);
    return { kind, certificate: viewCertificate(judged.value) };
  }
  if (kind === 'root') {
    const judged = decodeRoot(provider, bytes);
    if ('refusal' in judged) throw wrong(judged.refusal);
    const { cluster, issuedAt, expires, isSelfSigned, signed } = judged.value;
    const endorsedBy = isSelfSigned ? null : toHex(signed.kid);
    const times = { issuedAtMs: issuedAt * 1_000, expiresMs: expires * 1_000 };
    return { kind, id: toHex(judged.value.kid), cluster, ...times, endorsedBy };
  }
  if (kind === 'request') {
    const judged = verifyRequest(provider, bytes);
    if ('refusal' in judged) throw wrong(judged.refusal);
    const { id, name, cluster } = judged.value;
    return { kind, id, name, cluster };
  }
  const judged = decodeSign1(bytes, kind);
  if ('refusal' in judged) throw wrong(judged.refusal);
  return { kind, signedBy: toHex(judged.value.kid) };
}
