import { problemOfClusterName } from '../crypto/cluster.ts';
import { isAcceptablePublicKey, PUBLIC_KEY_BYTES } from '../crypto/signature-rules.ts';
import { CborWriter } from '../wire/cbor-writer.ts';
import { asBytes, asUint } from '../wire/schema.ts';
import { asGroups, canonicalGroups } from './group-names.ts';

/** Length of a certificate's serial, in bytes: random, so that it needs no counter and tells nothing. */
export const SERIAL_BYTES = 16;
/** The longest validity that anybody may give, in seconds: about 50 years. */
export const VALIDITY_SECONDS_MAX = 50 * 366 * 86_400;

/** What a registrar may issue. */
export interface IssuerClaim {
  /** Groups that its certificates may name; ascending. */
  readonly groups: readonly string[];
  /** The longest validity it may give, in seconds. */
  readonly validitySecondsMax: number;
}

/** What a certificate says (CWT, RFC 8392). Times are whole seconds since 1970. */
export interface CertificateClaims {
  /** `sub`, 1 to 64 bytes: the node's name, for people. */
  readonly name: string;
  /** `aud`: the one cluster that it counts in. */
  readonly cluster: string;
  /** `cti`, 16 random bytes. */
  readonly serial: Uint8Array;
  /** `cnf` (RFC 8747): the node's Ed25519 key, raw. */
  readonly signingKey: Uint8Array;
  /** The node's X25519 key, raw. */
  readonly agreementKey: Uint8Array;
  /** What it authorises; ascending. */
  readonly groups: readonly string[];
  readonly notBefore: number;
  readonly issuedAt: number;
  readonly expires: number;
  /** There for a registrar, absent for a device. */
  readonly issuer?: IssuerClaim;
}

/** Claim keys: registered ones (RFC 8392 section 4, RFC 8747 section 3.1), and private ones below -65536. */
const SUB = 2;
const AUD = 3;
const EXP = 4;
const NBF = 5;
const IAT = 6;
const CTI = 7;
const CNF = 8;
const AGREEMENT_KEY = -65_537;
const GROUPS = -65_538;
const ISSUER = -65_539;

/** A COSE_Key for Ed25519 within `cnf` (RFC 9052 section 7, RFC 9053 section 7.2). */
const CNF_COSE_KEY = 1;
const KEY_KTY = 1;
const KTY_OKP = 1;
const KEY_CRV = -1;
const CRV_ED25519 = 6;
const KEY_X = -2;

/** @throws RangeError where a claim is out of its range: what is issued must be what everybody accepts. */
export function encodeClaims(claims: CertificateClaims): Uint8Array {
  const problem = problemOfClaims(claims);
  if (problem !== undefined) throw new RangeError(problem);
  const { issuer } = claims;
  const writer = new CborWriter(512);
  writer.map(issuer === undefined ? 9 : 10);
  writer.uint(SUB);
  writer.text(claims.name);
  writer.uint(AUD);
  writer.text(claims.cluster);
  for (const [key, seconds] of [
    [EXP, claims.expires],
    [NBF, claims.notBefore],
    [IAT, claims.issuedAt],
  ] as const) {
    writer.uint(key);
    writer.uint(seconds);
  }
  writer.uint(CTI);
  writer.bytes(claims.serial);
  writer.uint(CNF);
  writeSigningKey(writer, claims.signingKey);
  writer.int(AGREEMENT_KEY);
  writer.bytes(claims.agreementKey);
  writer.int(GROUPS);
  writeGroups(writer, claims.groups);
  if (issuer !== undefined) {
    writer.int(ISSUER);
    writer.array(2);
    writeGroups(writer, issuer.groups);
    writer.uint(issuer.validitySecondsMax);
  }
  return writer.finish();
}

/** Reads the decoded claims; claims that this version doesn't know are passed over. @returns undefined where one is wrong or missing. */
export function readClaims(decoded: unknown): CertificateClaims | undefined {
  if (!(decoded instanceof Map)) return undefined;
  const raw: ReadonlyMap<unknown, unknown> = decoded;
  const name = raw.get(SUB);
  const cluster = raw.get(AUD);
  const [expires, notBefore, issuedAt] = [EXP, NBF, IAT].map((key) => asUint(raw.get(key)));
  const serial = asBytes(raw.get(CTI), SERIAL_BYTES);
  const signingKey = readSigningKey(raw.get(CNF));
  const agreementKey = asBytes(raw.get(AGREEMENT_KEY), PUBLIC_KEY_BYTES);
  const groups = asGroups(raw.get(GROUPS));
  const issuer = raw.has(ISSUER) ? readIssuer(raw.get(ISSUER)) : null;
  if (typeof name !== 'string' || typeof cluster !== 'string') return undefined;
  if (expires === undefined || notBefore === undefined || issuedAt === undefined) return undefined;
  if (serial === undefined || signingKey === undefined || agreementKey === undefined) return undefined;
  if (groups === undefined || issuer === undefined) return undefined;
  const fields = { name, cluster, serial, signingKey, agreementKey, groups, notBefore, issuedAt, expires };
  const claims: CertificateClaims = issuer === null ? fields : { ...fields, issuer };
  return problemOfClaims(claims) === undefined ? claims : undefined;
}

/** What is wrong with claims, or undefined. */
export function problemOfClaims(claims: CertificateClaims): string | undefined {
  const name = problemOfClusterName(claims.name);
  if (name !== undefined) return `name: ${name}`;
  const cluster = problemOfClusterName(claims.cluster);
  if (cluster !== undefined) return `cluster: ${cluster}`;
  if (claims.serial.length !== SERIAL_BYTES)
    return `serial: expected ${SERIAL_BYTES} bytes; got ${claims.serial.length}`;
  if (!isAcceptablePublicKey(claims.signingKey)) return 'signing key: expected an Ed25519 public key';
  if (claims.agreementKey.length !== PUBLIC_KEY_BYTES) return 'agreement key: expected 32 bytes';
  const { notBefore, issuedAt, expires } = claims;
  for (const seconds of [notBefore, issuedAt, expires])
    if (!(Number.isSafeInteger(seconds) && seconds >= 0)) return 'times: expected whole seconds from 0';
  if (expires <= notBefore || expires <= issuedAt || expires - notBefore > VALIDITY_SECONDS_MAX)
    return `validity: expected 1 to ${VALIDITY_SECONDS_MAX} s, ending after it was issued; got ${expires - notBefore}`;
  const { issuer } = claims;
  if (
    issuer !== undefined &&
    !(issuer.validitySecondsMax >= 1 && issuer.validitySecondsMax <= VALIDITY_SECONDS_MAX)
  )
    return `issuer: expected a longest validity of 1 to ${VALIDITY_SECONDS_MAX} s; got ${issuer.validitySecondsMax}`;
  return undefined;
}

function writeSigningKey(writer: CborWriter, key: Uint8Array): void {
  writer.map(1);
  writer.uint(CNF_COSE_KEY);
  writer.map(3);
  writer.uint(KEY_KTY);
  writer.uint(KTY_OKP);
  writer.int(KEY_CRV);
  writer.uint(CRV_ED25519);
  writer.int(KEY_X);
  writer.bytes(key);
}

function readSigningKey(cnf: unknown): Uint8Array | undefined {
  const key: unknown = cnf instanceof Map ? cnf.get(CNF_COSE_KEY) : undefined;
  if (!(key instanceof Map)) return undefined;
  if (key.get(KEY_KTY) !== KTY_OKP || key.get(KEY_CRV) !== CRV_ED25519) return undefined;
  return asBytes(key.get(KEY_X), PUBLIC_KEY_BYTES);
}

function writeGroups(writer: CborWriter, groups: readonly string[]): void {
  const names = canonicalGroups(groups);
  writer.array(names.length);
  for (const name of names) writer.text(name);
}

function readIssuer(raw: unknown): IssuerClaim | undefined {
  if (!Array.isArray(raw)) return undefined;
  const groups = asGroups(raw[0]);
  const validitySecondsMax = asUint(raw[1], VALIDITY_SECONDS_MAX);
  return groups === undefined || validitySecondsMax === undefined
    ? undefined
    : { groups, validitySecondsMax };
}
