import { isDeepStrictEqual } from 'node:util';
import { problemOfRoster } from '#runtime/core/roster.ts';
import { armor, dearmor } from '#runtime/pki/armor.ts';
import { decodeCertificate } from '#runtime/pki/certificate.ts';
import { encodeClaims, readClaims } from '#runtime/pki/certificate-claims.ts';
import { decodeChain, encodeChain, verifyChain } from '#runtime/pki/chain.ts';
import {
  decodeSign1,
  peekKind,
  SIGNED_BYTES_MAX,
  SIGNED_KINDS,
  type SignedKind,
} from '#runtime/pki/cose-sign1.ts';
import { signPolicy, verifyPolicy } from '#runtime/pki/policy.ts';
import type { Judged } from '#runtime/pki/refusal.ts';
import { verifyRequest } from '#runtime/pki/request.ts';
import { signRevocation, verifyRevocation } from '#runtime/pki/revocation.ts';
import { RevocationSet } from '#runtime/pki/revocation-set.ts';
import { decodeRoot } from '#runtime/pki/root.ts';
import { signRoster, verifySignedRoster } from '#runtime/pki/signed-roster.ts';
import { decodeSignedCbor } from '#runtime/wire/cbor.ts';
import { type FuzzTarget, promise, textOf, utf8 } from '../contract.ts';
import { hexOf } from '../fixtures.ts';
import { joined } from '../mutator.ts';
import {
  anchors,
  CLUSTER,
  claimsOf,
  DEVICE,
  headerOf,
  NEXT_ROOT,
  quick,
  REGISTRAR,
  ROOT,
  rootBytes,
  START,
  signAnything,
} from './pki-fixture.ts';

/** Signed objects as bytes that nobody has signed: taken apart, and refused each for its reason. */
export const signedObject: FuzzTarget = {
  name: 'signed-object',
  about: 'COSE_Sign1 objects of every kind, taken apart',
  shape: 'cbor',
  prefixBytes: 1,
  bytesMax: 4_400,
  weight: 30,
  reaches: ['taken', 'malformed', 'truncated', 'wrong-key-use', 'unknown-critical'],
  seeds: () => {
    const objects = [
      ...hexOf('statements.json', 'object', 'roots'),
      ...hexOf('certificates.json', 'chain', 'revocations', 'roots'),
    ];
    return objects.flatMap((object) => {
      const peeked = peekKind(object);
      const kind = peeked === undefined ? 0 : SIGNED_KINDS.indexOf(peeked);
      return [joined(Uint8Array.of(kind), object), joined(Uint8Array.of(kind + 1), object)];
    });
  },
  prepare: () => (input) => {
    const kind = SIGNED_KINDS[(input[0] ?? 0) % SIGNED_KINDS.length];
    const bytes = input.subarray(1);
    const peeked = peekKind(bytes);
    const decoded = decodeSign1(bytes, kind);
    decodeAll(bytes);
    if ('refusal' in decoded) return refusalOf(decoded);
    const { value } = decoded;
    promise(peeked === kind && value.kind === kind, 'another kind at a first look');
    promise(bytes.length <= SIGNED_BYTES_MAX[kind], 'longer than any of its kind');
    promise(value.signature.length === 64 && value.kid.length === 8, 'a signature of another length');
    promise(isDeepStrictEqual(value.bytes, new Uint8Array(bytes)), 'not passed on as it came');
    return 'taken';
  },
};

/** Whatever the bytes are taken for: never an exception. */
function decodeAll(bytes: Uint8Array): void {
  decodeCertificate(quick, bytes);
  decodeRoot(quick, bytes);
  verifyRequest(quick, bytes);
  decodeChain(bytes);
}

function refusalOf(judged: Judged<unknown>): string {
  if (!('refusal' in judged)) return 'accepted';
  const { reason, text } = judged.refusal;
  promise(text.length > 10 && text.length < 2_000, 'a refusal that helps nobody');
  promise(!/\p{Cc}/u.test(text), 'a refusal that speaks to a terminal');
  return reason;
}

/** What a root, a registrar or a board signed, whatever they put into it. */
export const signedContent: FuzzTarget = {
  name: 'signed-content',
  about: 'claims, requests, roots, revocations and policies under good signatures',
  shape: 'cbor',
  prefixBytes: 1,
  bytesMax: 4_200,
  weight: 12,
  reaches: [
    'certificate accepted',
    'request accepted',
    'root accepted',
    'revocation accepted',
    'policy accepted',
    'roster accepted',
    'certificate malformed',
    'revocation wrong-cluster',
  ],
  seeds: () => {
    const roots = anchors();
    const payloads = [...hexOf('statements.json', 'object'), ...hexOf('certificates.json', 'chain')].flatMap(
      (object) => {
        const kind = peekKind(object);
        const decoded = kind === undefined ? undefined : decodeSign1(object, kind);
        return kind === undefined || decoded === undefined || 'refusal' in decoded
          ? []
          : [{ kind, payload: decoded.value.payload }];
      },
    );
    const mine = [
      rootBytes(NEXT_ROOT, ROOT),
      signRevocation(quick, ROOT, {
        cluster: CLUSTER,
        revokedAt: START,
        target: { kind: 'node', id: new Uint8Array(16) },
        reason: 'stolen',
      }),
      signPolicy(quick, ROOT, POLICY),
      signRoster(quick, ROOT, ROSTER),
    ];
    for (const object of mine) {
      const kind = peekKind(object) as SignedKind;
      const decoded = decodeSign1(object, kind);
      if ('value' in decoded) payloads.push({ kind, payload: decoded.value.payload });
    }
    promise(roots.roots.length === 1, 'no root');
    const request = signAnythingRequest();
    return [
      ...payloads.map(({ kind, payload }) => joined(Uint8Array.of(SIGNED_KINDS.indexOf(kind)), payload)),
      joined(Uint8Array.of(SIGNED_KINDS.indexOf('certificate')), claimsOf(DEVICE, { isRegistrar: false })),
      joined(Uint8Array.of(SIGNED_KINDS.indexOf('certificate')), claimsOf(REGISTRAR, { isRegistrar: true })),
      joined(Uint8Array.of(SIGNED_KINDS.indexOf('request')), request),
    ];
  },
  prepare: () => {
    const roots = anchors();
    return (input) => {
      const kind = SIGNED_KINDS[(input[0] ?? 0) % SIGNED_KINDS.length];
      const signer = kind === 'request' ? DEVICE : ROOT;
      const object = signAnything(signer, kind, input.subarray(1));
      return `${kind} ${CHECKS[kind](object, roots)}`;
    };
  },
};

const ROSTER = {
  cluster: CLUSTER,
  issuedAt: START,
  roster: { version: 2, voters: ['11'.repeat(16), '22'.repeat(16)], previous: ['33'.repeat(16)] },
} as const;

const POLICY = {
  cluster: CLUSTER,
  number: 3,
  issuedAt: START,
  writes: { '': 'everybody', 'setpoint/': ['controller'] },
  rights: { command: [], mint: ['keymaster'], vote: 'everybody' },
} as const;

function signAnythingRequest(): Uint8Array {
  const claims = decodeSignedCbor(claimsOf(DEVICE, { isRegistrar: false }));
  const agreementKey =
    'value' in claims && claims.value instanceof Map ? claims.value.get(-65_537) : undefined;
  // [ cluster, name, signing key, agreement key ]
  return joined(
    Uint8Array.of(0x84, 0x68),
    utf8(CLUSTER),
    Uint8Array.of(0x64),
    utf8('roof'),
    Uint8Array.of(0x58, 32),
    DEVICE.publicKey,
    Uint8Array.of(0x58, 32),
    agreementKey as Uint8Array,
  );
}

type Check = (object: Uint8Array, roots: ReturnType<typeof anchors>) => string;

const CHECKS: Readonly<Record<SignedKind, Check>> = {
  certificate(object) {
    const judged = decodeCertificate(quick, object);
    if ('refusal' in judged) return refusalOf(judged);
    const claims = readClaims(valueOfCbor(encodeClaims(judged.value)));
    const { id: _, signed: __, ...said } = judged.value;
    promise(isDeepStrictEqual(claims, said), 'other claims on a second reading');
    return 'accepted';
  },
  request: (object) => refusalOf(verifyRequest(quick, object)),
  root(object) {
    const judged = decodeRoot(quick, object);
    if ('refusal' in judged) return refusalOf(judged);
    promise(judged.value.expires > judged.value.issuedAt, 'a root that ends before it begins');
    return 'accepted';
  },
  revocation(object, roots) {
    const judged = verifyRevocation(roots, object);
    if ('refusal' in judged) return refusalOf(judged);
    const again = verifyRevocation(roots, signRevocation(quick, ROOT, judged.value));
    promise(
      'value' in again && isDeepStrictEqual(again.value.target, judged.value.target),
      'another target on a second reading',
    );
    const set = new RevocationSet();
    promise(
      set.add(judged.value) === 'added' && set.add(judged.value) === 'known',
      'a revocation counts twice',
    );
    return 'accepted';
  },
  policy(object, roots) {
    const judged = verifyPolicy(roots, object);
    if ('refusal' in judged) return refusalOf(judged);
    const { signed, provenSeconds: _, ...said } = judged.value;
    const again = verifyPolicy(roots, signPolicy(quick, ROOT, said));
    if ('refusal' in again) throw new Error(`not readable when written again: ${again.refusal.text}`);
    promise(
      isDeepStrictEqual(
        { writes: again.value.writes, rights: again.value.rights },
        { writes: said.writes, rights: said.rights },
      ),
      'another policy on a second reading',
    );
    promise(signed.bytes.length > 0, 'no bytes');
    return 'accepted';
  },
  roster(object, roots) {
    const judged = verifySignedRoster(roots, object);
    if ('refusal' in judged) return refusalOf(judged);
    const { roster } = judged.value;
    promise(problemOfRoster(roster) === undefined, 'a roster that is none');
    const again = verifySignedRoster(roots, signRoster(quick, ROOT, judged.value));
    promise(
      'value' in again && isDeepStrictEqual(again.value.roster, roster),
      'another roster on a second reading',
    );
    return 'accepted';
  },
};

function valueOfCbor(bytes: Uint8Array): unknown {
  const decoded = decodeSignedCbor(bytes);
  return 'value' in decoded ? decoded.value : undefined;
}

/** Chains: claims of a device and of a registrar, signed by whom they should be, judged at a time. */
export const chain: FuzzTarget = {
  name: 'chain',
  about: 'chains of certificates, judged: whatever stands does so by every rule',
  shape: 'cbor',
  prefixBytes: 1,
  bytesMax: 1_200,
  weight: 12,
  reaches: [
    'accepted',
    'registrar-exceeds',
    'wrong-cluster',
    'expired',
    'not-yet-valid',
    'malformed',
    'wrong-key-use',
  ],
  seeds: () => {
    const device = claimsOf(DEVICE, { isRegistrar: false });
    const registrar = claimsOf(REGISTRAR, { isRegistrar: true });
    const both = encodeChain([device, registrar]);
    const wrong = [
      [claimsOf(DEVICE, { isRegistrar: false, groups: ['controller'] }), registrar],
      [device, claimsOf(REGISTRAR, { isRegistrar: false })],
      [claimsOf(DEVICE, { isRegistrar: false, cluster: 'elsewhere' })],
      [claimsOf(DEVICE, { isRegistrar: false, notBefore: START + 5 * 86_400 })],
    ].map(encodeChain);
    return [
      encodeChain([device]),
      both,
      encodeChain([registrar]),
      encodeChain([device, device]),
      ...wrong,
    ].flatMap((each) => [0, 1, 2, 3].map((time) => joined(Uint8Array.of(time), each)));
  },
  prepare: () => {
    const roots = anchors();
    const times = [START, START + 400 * 86_400, 0, START + 86_400];
    return (input) => {
      const payloads = decodeChain(input.subarray(1));
      if ('refusal' in payloads) return 'no chain';
      const [own, issuers] = payloads.value;
      const signed =
        issuers === undefined
          ? [signAnything(ROOT, 'certificate', own)]
          : [signAnything(REGISTRAR, 'certificate', own), signAnything(ROOT, 'certificate', issuers)];
      const atSeconds = times[(input[0] ?? 0) % times.length];
      const judged = verifyChain(quick, { roots, chain: signed, atSeconds, revoked: new RevocationSet() });
      if ('refusal' in judged) return refusalOf(judged);
      const { certificate, registrar, provenSeconds } = judged.value;
      const at = Math.max(atSeconds, provenSeconds);
      promise(
        certificate.cluster === CLUSTER && (registrar?.cluster ?? CLUSTER) === CLUSTER,
        'of another cluster',
      );
      promise(at >= certificate.notBefore && at < certificate.expires, 'outside of its time');
      if (registrar === undefined) return 'accepted';
      const { issuer } = registrar;
      promise(issuer !== undefined && certificate.issuer === undefined, 'issued by who may not');
      promise(
        certificate.groups.every((group) => issuer.groups.includes(group)),
        'a group beyond the registrar',
      );
      promise(
        certificate.expires <= registrar.expires && certificate.notBefore >= registrar.notBefore,
        'outlives its registrar',
      );
      return 'accepted by a registrar';
    };
  },
};

/** Headers that somebody signed: critical labels, other algorithms, other types. */
export const signedHeader: FuzzTarget = {
  name: 'signed-header',
  about: 'protected headers under good signatures',
  shape: 'cbor',
  bytesMax: 200,
  weight: 12,
  reaches: ['accepted', 'unknown-critical', 'malformed', 'wrong-key-use'],
  words: ['gridvine-certificate', 'gridvine-policy'],
  seeds: () => [
    headerOf(ROOT, 'certificate'),
    headerOf(ROOT, 'policy'),
    ...hexOf('certificates.json', 'chain').flatMap((object) => {
      const decoded = decodeSignedCbor(object);
      const header: unknown =
        'value' in decoded && Array.isArray(decoded.value) ? decoded.value[0] : undefined;
      return header instanceof Uint8Array ? [header.slice()] : [];
    }),
    joined(
      Uint8Array.of(0xa4, 1, 0x27, 2, 0x81, 0x18, 0x63),
      headerOf(ROOT, 'certificate').subarray(3),
      Uint8Array.of(0x18, 0x63, 1),
    ),
  ],
  prepare: () => {
    const claims = claimsOf(DEVICE, { isRegistrar: false });
    return (input) => {
      const object = signAnything(ROOT, 'certificate', claims, input);
      const judged = decodeCertificate(quick, object);
      if ('value' in judged) promise(peekKind(object) === 'certificate', 'accepted, but of another kind');
      return refusalOf(judged);
    };
  },
};

/** Text that people paste. */
export const armoredText: FuzzTarget = {
  name: 'armor',
  about: 'signed objects as text between BEGIN and END lines',
  shape: 'text',
  bytesMax: 6_000,
  weight: 30,
  words: [
    '-----BEGIN GRIDVINE CERTIFICATE-----\n',
    '-----END GRIDVINE CERTIFICATE-----\n',
    '-----BEGIN GRIDVINE ROOT-----\n',
    'AAAA',
    '=',
  ],
  reaches: ['nothing', 'objects', 'problem'],
  seeds: () => [
    utf8(armor({ kind: 'root', bytes: rootBytes() })),
    utf8(
      `a note\n${armor({ kind: 'root', bytes: rootBytes() })}\r\n${armor({ kind: 'policy', bytes: new Uint8Array(50) })}`,
    ),
    utf8('nothing'),
  ],
  prepare: () => (input) => {
    const read = dearmor(textOf(input));
    if ('problem' in read) {
      promise(/^(line \d+: |expected at most )/.test(read.problem), 'a problem without its line');
      return 'problem';
    }
    const again = dearmor(read.objects.map(armor).join(''));
    promise(
      'objects' in again && isDeepStrictEqual(again.objects, read.objects),
      'other objects on a second reading',
    );
    return read.objects.length > 0 ? 'objects' : 'nothing';
  },
};
