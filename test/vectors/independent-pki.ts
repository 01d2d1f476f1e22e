import { createPublicKey, verify } from 'node:crypto';
import { encode } from 'cborg';
import { readCbor, sha256 } from './independent.ts';

/** Section 11 as a second, naive program reads it: it shares no code with the runtime. */

type Fields = ReadonlyMap<unknown, unknown>;

interface Signed {
  readonly header: Buffer;
  readonly fields: Fields;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

interface Root {
  readonly key: Buffer;
  readonly expires: number;
  readonly issuedAt: number;
}

export interface ChainCase {
  readonly atSeconds: number;
  readonly revocations: readonly string[];
  readonly chain: readonly string[];
}

const bin = (value: unknown) => Buffer.from(value as Uint8Array);
const kid = (key: Buffer) => sha256(key).toString('hex', 0, 8);
const signer = ({ fields }: Signed) => bin(fields.get(4)).toString('hex');

/** Decodes what must be in its one encoding: whatever comes out otherwise when encoded again isn't. */
function strict(bytes: Buffer): unknown {
  const value = readCbor(bytes)?.value;
  return value !== undefined && Buffer.from(encode(value)).equals(bytes) ? value : undefined;
}

/** [P-11.1], [P-11.2] */
function open(hex: string, type: string, most = 512): Signed | string {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length > most) return 'malformed';
  if (isCut(bytes)) return 'truncated';
  const parts = strict(bytes);
  if (!Array.isArray(parts) || parts.length !== 4) return 'malformed';
  const [header, unprotected, payload, signature] = parts as unknown[];
  if (![header, payload, signature].every((part) => part instanceof Uint8Array)) return 'malformed';
  if (!(unprotected instanceof Map) || unprotected.size > 0) return 'malformed';
  if (bin(signature).length !== 64) return 'malformed';
  const fields = strict(bin(header));
  if (!(fields instanceof Map)) return 'malformed';
  for (const label of (fields.get(2) ?? []) as unknown[])
    if (![1, 2, 4, 16].includes(label as number)) return 'unknown-critical';
  if (fields.get(1) !== -8 || bin(fields.get(4) ?? []).length !== 8) return 'malformed';
  if (fields.get(16) !== `gridvine-${type}`) return 'wrong-key-use';
  return { header: bin(header), fields, payload: bin(payload), signature: bin(signature) };
}

/** Cut: with enough zero bytes behind it the outer array and its byte strings would be complete. */
function isCut(bytes: Buffer): boolean {
  if (bytes.length === 0) return true;
  if (bytes[0] !== 0x84) return false;
  let at = 1;
  for (let part = 0; part < 4; part++) {
    if (at >= bytes.length) return true;
    if (bytes[at] === 0xa0) at++;
    else if (bytes[at] >> 5 !== 2) return false;
    else {
      const short = bytes[at] & 31;
      const width = short < 24 ? 0 : 1 << (short - 24);
      if (at + 1 + width > bytes.length) return true;
      at += 1 + width + (width === 0 ? short : bytes.readUIntBE(at + 1, width));
    }
  }
  return at > bytes.length;
}

/** RFC 9052 section 4.4. */
function isSignedBy(key: Buffer, { header, payload, signature }: Signed): boolean {
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return verify(null, encode(['Signature1', header, new Uint8Array(0), payload]), publicKey, signature);
}

/** Statements of roots that a person has given: trusted as they are, if they name themselves or are endorsed. */
export function readRoots(statements: readonly string[]): ReadonlyMap<string, Root> {
  const roots = new Map<string, Root>();
  for (const hex of statements) {
    const signed = open(hex, 'root');
    if (typeof signed === 'string') throw new Error(signed);
    const [, issuedAt, expires, key] = strict(signed.payload) as [string, number, number, Uint8Array];
    const endorser = signer(signed) === kid(bin(key)) ? bin(key) : roots.get(signer(signed))?.key;
    if (endorser === undefined || !isSignedBy(endorser, signed))
      throw new Error('a root that nobody endorses');
    roots.set(kid(bin(key)), { key: bin(key), issuedAt, expires });
  }
  return roots;
}

/** A statement of [P-11.7], [P-11.9], [P-11.10], [P-11.11] or [P-11.15]. */
export function judgeStatement(
  roots: ReadonlyMap<string, Root>,
  cluster: string,
  { kind, object }: { readonly kind: string; readonly object: string },
): string {
  const signed = open(object, kind, kind === 'policy' ? 4096 : 512);
  if (typeof signed === 'string') return signed;
  const content = strict(signed.payload);
  if (!Array.isArray(content)) return 'malformed';
  if (kind === 'revocation' && content[2] !== 0 && content[2] !== 1) return 'malformed';
  if (kind === 'policy' && !(content[2] >= 1)) return 'malformed';
  if (kind === 'roster' && !isRoster(content[2])) return 'malformed';
  if (kind === 'request') {
    const key = bin(content[2]);
    return signer(signed) === kid(key) && isSignedBy(key, signed) ? 'accepted' : 'bad-signature';
  }
  const root = roots.get(signer(signed));
  if (root === undefined) return 'unknown-issuer';
  if (!isSignedBy(root.key, signed)) return 'bad-signature';
  return content[0] === cluster ? 'accepted' : 'wrong-cluster';
}

/** [P-17.1]: a version from 1, 1 to 7 voters, 0 to 7 before them, as ids in ascending order. */
function isRoster(raw: unknown): boolean {
  if (!Array.isArray(raw) || raw.length !== 3) return false;
  const [version, voters, previous] = raw as [unknown, unknown, unknown];
  const isOrdered = (ids: unknown) =>
    Array.isArray(ids) &&
    ids.length <= 7 &&
    ids.every((id) => id instanceof Uint8Array && id.length === 16) &&
    ids.every((id, i) => i === 0 || Buffer.compare(ids[i - 1], id) < 0);
  return Number(version) >= 1 && isOrdered(voters) && isOrdered(previous) && (voters as []).length >= 1;
}

/** SHA-256 over the payloads, each once, in bytewise order [P-11.7]. */
export function revocationHash(objects: readonly string[]): string {
  const payloads = objects.map((hex) => open(hex, 'revocation') as Signed).map(({ payload }) => payload);
  const distinct = [...new Map(payloads.map((payload) => [payload.toString('hex'), payload])).values()];
  return sha256(Buffer.concat(distinct.sort(Buffer.compare))).toString('hex');
}

interface Claims {
  readonly signed: Signed;
  readonly raw: Fields;
  readonly key: Buffer;
  readonly issuer: readonly [readonly string[], number] | undefined;
}

/** [P-11.6]; `says` is what an accepted certificate holds. */
export function judgeChain(
  roots: ReadonlyMap<string, Root>,
  cluster: string,
  { chain, atSeconds, revocations }: ChainCase,
): { readonly verdict: string; readonly says?: unknown } {
  const decoded: Claims[] = [];
  for (const hex of chain) {
    const claims = readCertificate(hex);
    if (typeof claims === 'string') return { verdict: claims };
    decoded.push(claims);
  }
  const [own, registrar] = decoded as [Claims, Claims?];
  const top = registrar ?? own;
  const root = roots.get(signer(top.signed));
  if (root === undefined) return { verdict: 'unknown-issuer' };
  if (!isSignedBy(root.key, top.signed)) return { verdict: 'bad-signature' };
  if (registrar !== undefined) {
    if (signer(own.signed) !== kid(registrar.key)) return { verdict: 'unknown-issuer' };
    if (!isSignedBy(registrar.key, own.signed)) return { verdict: 'bad-signature' };
  }
  if (decoded.some(({ raw }) => raw.get(3) !== cluster)) return { verdict: 'wrong-cluster' };
  if (registrar !== undefined) {
    if (registrar.issuer === undefined) return { verdict: 'wrong-key-use' };
    if (exceeds(own, registrar, registrar.issuer)) return { verdict: 'registrar-exceeds' };
  }
  const out = new Set(revocations.map((hex) => targetOf(hex)));
  const isOut = ({ raw, key }: Claims) =>
    out.has(`0${bin(raw.get(7)).toString('hex')}`) || out.has(`1${sha256(key).toString('hex', 0, 16)}`);
  if (decoded.some(isOut)) return { verdict: 'revoked' };
  const issued = [root.issuedAt, ...decoded.map(({ raw }) => Number(raw.get(6)))];
  const provenSeconds = Math.max(...issued);
  const at = Math.max(atSeconds, provenSeconds);
  if (at >= root.expires) return { verdict: 'expired' };
  for (const { raw } of [top, own]) {
    if (at < Number(raw.get(5))) return { verdict: 'not-yet-valid' };
    if (at >= Number(raw.get(4))) return { verdict: 'expired' };
  }
  return { verdict: 'accepted', says: saying(own, provenSeconds) };
}

function readCertificate(hex: string): Claims | string {
  const signed = open(hex, 'certificate');
  if (typeof signed === 'string') return signed;
  const raw = strict(signed.payload);
  if (!(raw instanceof Map)) return 'malformed';
  const key = ((raw.get(8) as Fields).get(1) as Fields).get(-2);
  const issuer = raw.get(-65_539) as Claims['issuer'];
  return { signed, raw, key: bin(key), issuer };
}

function exceeds(
  own: Claims,
  registrar: Claims,
  [groups, longest]: readonly [readonly string[], number],
): boolean {
  const [nbf, exp] = [Number(own.raw.get(5)), Number(own.raw.get(4))];
  return (
    own.issuer !== undefined ||
    !(own.raw.get(-65_538) as string[]).every((group) => groups.includes(group)) ||
    exp - nbf > longest ||
    nbf < Number(registrar.raw.get(5)) ||
    exp > Number(registrar.raw.get(4))
  );
}

function targetOf(hex: string): string {
  const [, , kind, target] = strict((open(hex, 'revocation') as Signed).payload) as unknown[];
  return `${kind}${bin(target).toString('hex')}`;
}

function saying({ raw, key }: Claims, provenSeconds: number) {
  return {
    id: sha256(key).toString('hex', 0, 16),
    name: raw.get(2),
    serial: bin(raw.get(7)).toString('hex'),
    agreementKey: bin(raw.get(-65_537)).toString('hex'),
    groups: raw.get(-65_538),
    provenSeconds,
  };
}
