import { fromHex, toHex } from '#runtime/core/ids.ts';
import type { RandomSource } from '#runtime/core/random.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { type Identity, identityFromSeed, SEED_BYTES } from '#runtime/crypto/identity.ts';
import type { CryptoProvider, ScryptCost } from '#runtime/crypto/provider.ts';
import { type Certificate, decodeCertificate, issueCertificate } from '#runtime/pki/certificate.ts';
import { type IssuerClaim, SERIAL_BYTES } from '#runtime/pki/certificate-claims.ts';
import { DEFAULT_POLICY, type PolicyClaims, signPolicy } from '#runtime/pki/policy.ts';
import { formatSeconds } from '#runtime/pki/refusal.ts';
import type { CertificateRequest } from '#runtime/pki/request.ts';
import { type RevocationTarget, signRevocation, targetHex } from '#runtime/pki/revocation.ts';
import { signRoot } from '#runtime/pki/root.ts';
import { signRoster } from '#runtime/pki/signed-roster.ts';
import { encodeBundle } from './bundle.ts';
import { CaDirectory } from './ca-directory.ts';
import { caError } from './ca-error.ts';
import { toBase64 } from './ca-index.ts';
import { activeRoot, type CaState, certificateState, rootStatements } from './ca-state.ts';
import { decodeRootKey, encodeRootKey } from './root-key-file.ts';

/** What every action needs. */
export interface CaWorld {
  readonly provider: CryptoProvider;
  readonly random: RandomSource;
  readonly nowSeconds: number;
  /** For tests: deriving keys at full cost takes a third of a second each. */
  readonly cost?: ScryptCost;
}

/** Makes a CA in a directory. @throws GridvineError. */
export function initCa(
  world: CaWorld,
  ca: {
    readonly path: string;
    readonly cluster: string;
    readonly validSeconds: number;
    readonly passphrase: Uint8Array;
  },
): void {
  const { provider, random, nowSeconds } = world;
  const seed = random.bytes(SEED_BYTES);
  const root = identityFromSeed(provider, seed);
  const { cluster, passphrase } = ca;
  const claims = {
    cluster,
    issuedAt: nowSeconds,
    expires: nowSeconds + ca.validSeconds,
    publicKey: root.publicKey,
  };
  const own = signRoot(provider, root, claims);
  const file = encodeRootKey({ provider, passphrase }, { cluster, seed, ...costOf(world) });
  const kid = provider.sha256(root.publicKey).slice(0, 8);
  CaDirectory.create(
    ca.path,
    { type: 'root', own: toBase64(own), endorsement: null, again: [] },
    { kid, file },
  );
}

/** The key that signs now. @throws GridvineError `E_PASSPHRASE`, `E_CA`. */
export function unlockRoot(world: CaWorld, directory: CaDirectory, passphrase: Uint8Array): Identity {
  const root = activeRoot(directory.state);
  const { provider } = world;
  return decodeRootKey(
    { provider, passphrase },
    { ...directory.readKeyFile(root.kid), publicKey: root.publicKey },
  );
}

/** @throws GridvineError `E_CA` where the root has expired: what it signs now nobody accepts. */
export function checkRootIsValid(state: CaState, nowSeconds: number): void {
  const root = activeRoot(state);
  if (nowSeconds < root.issuedAt)
    throw caError(
      `root ${toHex(root.kid)}: made at ${formatSeconds(root.issuedAt)}, and this machine's clock says ${formatSeconds(nowSeconds)}. Set the clock`,
    );
  if (nowSeconds >= root.expires)
    throw caError(
      `root ${toHex(root.kid)}: expired at ${formatSeconds(root.expires)}. Make its successor: gridvine ca rotate, and bring it to every board`,
    );
}

export interface IssueOptions {
  readonly groups: readonly string[];
  readonly validSeconds: number;
  readonly issuer?: IssuerClaim;
  /** Although a certificate of this name is valid that has another key. */
  readonly again: boolean;
}

/** Certifies the keys of a request. @returns the certificate. @throws GridvineError `E_CA`. */
export function issueForRequest(
  world: CaWorld,
  ca: { readonly directory: CaDirectory; readonly root: Identity },
  request: CertificateRequest,
  options: IssueOptions,
): Certificate {
  const { state } = ca.directory;
  if (request.cluster !== state.cluster)
    throw caError(
      `request of ${JSON.stringify(request.name)}: expected one for cluster ${JSON.stringify(state.cluster)}; got ${JSON.stringify(request.cluster)}. Make it with that board's configuration, or use that cluster's CA`,
    );
  const gone = state.revoked.findNode(request.id);
  if (gone !== undefined)
    throw caError(
      `request of ${JSON.stringify(request.name)}: its node ${request.id} is revoked (${gone.reason || 'no reason given'}). Give the board a new identity first: gridvine rekey`,
    );
  return issue(world, ca, request, options);
}

/** Makes an identity and certifies it. @returns the certificate, and the bundle as a file's content: a secret. */
export function issueBundle(
  world: CaWorld,
  ca: { readonly directory: CaDirectory; readonly root: Identity },
  name: string,
  options: IssueOptions,
): { readonly certificate: Certificate; readonly bundle: Uint8Array } {
  const { provider, random } = world;
  const seed = random.bytes(SEED_BYTES);
  const { publicKey: signingKey, id } = identityFromSeed(provider, seed);
  const { publicKey: agreementKey } = agreementKeyOf(provider, seed);
  const certificate = issue(world, ca, { id, name, signingKey, agreementKey }, options);
  const { state } = ca.directory;
  const chain = [certificate.signed.bytes];
  return {
    certificate,
    bundle: encodeBundle({ cluster: state.cluster, name, seed, chain, roots: rootStatements(state) }),
  };
}

function issue(
  { provider, random, nowSeconds }: CaWorld,
  { directory, root }: { readonly directory: CaDirectory; readonly root: Identity },
  subject: Pick<Certificate, 'id' | 'name' | 'signingKey' | 'agreementKey'>,
  { groups, validSeconds, issuer, again }: IssueOptions,
): Certificate {
  const { state } = directory;
  checkRootIsValid(state, nowSeconds);
  if (!again) checkNameIsFree(state, subject, nowSeconds);
  const { name, signingKey, agreementKey } = subject;
  const bytes = guarded(() =>
    issueCertificate(provider, root, {
      name,
      cluster: state.cluster,
      serial: random.bytes(SERIAL_BYTES),
      signingKey,
      agreementKey,
      groups: [...new Set(groups)].sort(),
      notBefore: nowSeconds,
      issuedAt: nowSeconds,
      expires: nowSeconds + validSeconds,
      ...(issuer === undefined ? {} : { issuer }),
    }),
  );
  directory.append({ type: 'certificate', chain: [toBase64(bytes)] });
  const judged = decodeCertificate(provider, bytes);
  if ('refusal' in judged) throw new Error(judged.refusal.text);
  return judged.value;
}

/** What a person asked for and can't be signed is told as it is, not as a bug. */
function guarded<T>(sign: () => T): T {
  try {
    return sign();
  } catch (error) {
    if (error instanceof RangeError) throw caError(error.message, error);
    throw error;
  }
}

/** Two boards of one name confuse everybody, and whoever revokes by name. */
function checkNameIsFree(
  state: CaState,
  subject: Pick<Certificate, 'id' | 'name'>,
  nowSeconds: number,
): void {
  const other = state.certificates.find(
    (one) =>
      one.name === subject.name &&
      one.id !== subject.id &&
      ['valid', 'ends-soon', 'not-yet-valid'].includes(certificateState(state, one, nowSeconds)),
  );
  if (other === undefined) return;
  throw caError(
    `${JSON.stringify(subject.name)}: another board, ${other.id}, has a certificate of this name until ${formatSeconds(other.expires)}. Choose another name, revoke that one (gridvine ca revoke ${toHex(other.serial)}), or issue it nonetheless: --again`,
  );
}

/**
 * Finds what to revoke: a serial is one certificate; an id or a name is a node with its key, and all its certificates.
 * @throws GridvineError `E_CA` where nothing, or more than one node, is meant.
 */
export function revocationTarget(state: CaState, word: string): RevocationTarget {
  const lower = word.toLowerCase();
  if (/^[0-9a-f]{32}$/.test(lower)) {
    if (state.certificates.some(({ serial }) => toHex(serial) === lower))
      return { kind: 'certificate', serial: fromHex(lower) };
    if (state.certificates.some(({ id }) => id === lower)) return { kind: 'node', id: fromHex(lower) };
    throw caError(
      `${word}: expected a serial or id of a certificate that this CA issued; see: gridvine ca show`,
    );
  }
  const named = state.certificates.filter(({ name }) => name === word);
  if (named.length === 0)
    throw caError(`${JSON.stringify(word)}: no certificate of this name was issued; see: gridvine ca show`);
  const ids = [...new Set(named.map(({ id }) => id))];
  const standing = ids.filter((id) => state.revoked.findNode(id) === undefined);
  const [id, ...others] = standing;
  if (id === undefined) throw caError(`${JSON.stringify(word)}: it is revoked already`);
  if (others.length > 0)
    throw caError(
      `${JSON.stringify(word)}: ${standing.length} boards had this name; say which by its id: ${standing.join(', ')}`,
    );
  return { kind: 'node', id: fromHex(id) };
}

/** Revokes. @throws GridvineError `E_CA` where it is revoked already. */
export function revoke(
  { provider, nowSeconds }: CaWorld,
  { directory, root }: { readonly directory: CaDirectory; readonly root: Identity },
  { target, reason }: { readonly target: RevocationTarget; readonly reason: string },
): Uint8Array {
  const { state } = directory;
  const isKnown = state.revoked.statements.some((one) => targetHex(one.target) === targetHex(target));
  if (isKnown) throw caError(`${targetHex(target)}: it is revoked already; see: gridvine ca show`);
  const claims = { cluster: state.cluster, revokedAt: nowSeconds, target, reason };
  const object = guarded(() => signRevocation(provider, root, claims));
  directory.append({ type: 'revocation', objects: [toBase64(object)] });
  return object;
}

/** The policy that holds: the one signed last, or the default. */
export function presentPolicy({ policy }: CaState): Pick<PolicyClaims, 'number' | 'writes' | 'rights'> {
  return policy ?? DEFAULT_POLICY;
}

/** Signs a policy with the next number. */
export function setPolicy(
  { provider, nowSeconds }: CaWorld,
  { directory, root }: { readonly directory: CaDirectory; readonly root: Identity },
  policy: Pick<PolicyClaims, 'writes' | 'rights'>,
): Uint8Array {
  const { state } = directory;
  checkRootIsValid(state, nowSeconds);
  const number = presentPolicy(state).number + 1;
  const { cluster } = state;
  const { writes, rights } = policy;
  const object = guarded(() =>
    signPolicy(provider, root, { cluster, issuedAt: nowSeconds, number, writes, rights }),
  );
  directory.append({ type: 'policy', object: toBase64(object) });
  return object;
}

/**
 * Makes the next root, endorsed by the present one, and has it say again what is revoked, the policy and the roster: who comes to know only the
 * new root knows those too.
 */
export function rotateRoot(
  world: CaWorld,
  ca: { readonly directory: CaDirectory; readonly root: Identity; readonly passphrase: Uint8Array },
  { validSeconds }: { readonly validSeconds: number },
): void {
  const { provider, random, nowSeconds } = world;
  const { directory, passphrase } = ca;
  const { cluster, revoked, policy, roster } = directory.state;
  const seed = random.bytes(SEED_BYTES);
  const next = identityFromSeed(provider, seed);
  const claims = {
    cluster,
    issuedAt: nowSeconds,
    expires: nowSeconds + validSeconds,
    publicKey: next.publicKey,
  };
  const own = signRoot(provider, next, claims);
  const endorsement = signRoot(provider, ca.root, claims);
  const present = toHex(activeRoot(directory.state).kid);
  const again = revoked.statements
    .filter(({ signed }) => toHex(signed.kid) === present)
    .map(({ revokedAt, target, reason }) =>
      signRevocation(provider, next, { cluster, revokedAt, target, reason }),
    );
  if (policy !== undefined) again.push(signPolicy(provider, next, policy));
  if (roster !== undefined) again.push(signRoster(provider, next, roster));
  directory.addKeyFile(
    provider.sha256(next.publicKey).slice(0, 8),
    encodeRootKey({ provider, passphrase }, { cluster, seed, ...costOf(world) }),
  );
  directory.append({
    type: 'root',
    own: toBase64(own),
    endorsement: toBase64(endorsement),
    again: again.map(toBase64),
  });
}

function costOf({ random, cost }: CaWorld): { readonly random: RandomSource; readonly cost?: ScryptCost } {
  return cost === undefined ? { random } : { random, cost };
}
