import { fromHex, toHex } from '#runtime/core/ids.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { DEFAULT_POLICY, type PolicyClaims, signPolicy, verifyPolicy } from '#runtime/pki/policy.ts';
import type { Judged } from '#runtime/pki/refusal.ts';
import { signRequest, verifyRequest } from '#runtime/pki/request.ts';
import { verifyRevocation } from '#runtime/pki/revocation.ts';
import { RevocationSet } from '#runtime/pki/revocation-set.ts';
import { type RosterClaims, signRoster, verifySignedRoster } from '#runtime/pki/signed-roster.ts';
import { TrustAnchors } from '#runtime/pki/trust-anchors.ts';
import { CborWriter } from '#runtime/wire/cbor-writer.ts';
import {
  CLUSTER,
  changed,
  DEVICE,
  FOREIGN_ROOT,
  handSigned,
  NEXT_ROOT,
  REVOKED_NODE,
  REVOKED_SERIAL,
  ROOT,
  revocationOf,
  rootOf,
  START,
} from './pki-parts.ts';
import type { StatementVector, StatementVectors } from './shape.ts';

const ROOTS = [rootOf(ROOT)];
const AGREEMENT_KEY = agreementKeyOf(nobleProvider, new Uint8Array(32).fill(1)).publicKey;

type Kind = StatementVector['kind'];

/** Revocations, policies, endorsements and requests: valid ones, and those that are refused. */
export function statementVectors(): StatementVectors {
  const anchors = TrustAnchors.of(nobleProvider, CLUSTER, ROOTS);
  if ('refusal' in anchors) throw new Error(anchors.refusal.text);
  const revoked = new RevocationSet();
  const vectors = cases().map(([name, kind, object]): StatementVector => {
    const judged = judge(anchors.value, kind, object, revoked);
    return {
      name,
      kind,
      object: toHex(object),
      verdict: 'refusal' in judged ? judged.refusal.reason : 'accepted',
    };
  });
  return {
    cluster: CLUSTER,
    roots: ROOTS.map(toHex),
    agreementKeys: [1, 2, 255].map((fill) => {
      const seed = new Uint8Array(32).fill(fill);
      return { seed: toHex(seed), publicKey: toHex(agreementKeyOf(nobleProvider, seed).publicKey) };
    }),
    revocationHash: toHex(revoked.hash(nobleProvider)),
    cases: vectors,
  };
}

function judge(
  anchors: TrustAnchors,
  kind: Kind,
  object: Uint8Array,
  revoked: RevocationSet,
): Judged<unknown> {
  if (kind === 'root') return anchors.withEndorsement(object);
  if (kind === 'policy') return verifyPolicy(anchors, object);
  if (kind === 'roster') return verifySignedRoster(anchors, object);
  if (kind === 'request') return verifyRequest(nobleProvider, object);
  const judged = verifyRevocation(anchors, object);
  if ('value' in judged) revoked.add(judged.value);
  return judged;
}

function cases(): readonly (readonly [name: string, kind: Kind, object: Uint8Array])[] {
  const byNode = revocationOf(REVOKED_NODE);
  const policy = policyOf({});
  const roster = rosterOf({});
  const endorsement = rootOf(NEXT_ROOT, ROOT);
  const request = requestOf(DEVICE);
  return [
    ['a certificate', 'revocation', revocationOf(REVOKED_SERIAL)],
    ['a node', 'revocation', byNode],
    ['the same again', 'revocation', byNode],
    ['cut', 'revocation', byNode.subarray(0, 40)],
    ['by another root', 'revocation', revocationOf(REVOKED_NODE, FOREIGN_ROOT)],
    ['changed', 'revocation', changed(byNode)],
    ['of another cluster', 'revocation', revocationOf(REVOKED_NODE, ROOT, 'elsewhere')],
    ['a policy for one', 'revocation', policy],
    [
      'an unknown kind of target',
      'revocation',
      handSigned(ROOT, UNKNOWN_TARGET, { typ: 'gridvine-revocation' }),
    ],
    ['one of every grant', 'policy', policy],
    ['number 0', 'policy', handSigned(ROOT, NUMBER_0, { typ: 'gridvine-policy' })],
    ['by a member', 'policy', policyOf({}, DEVICE)],
    ['of another cluster', 'policy', policyOf({ cluster: 'elsewhere' })],
    ['changed', 'policy', changed(policy)],
    ['with voters before', 'roster', roster],
    ['version 0', 'roster', handSigned(ROOT, rosterPayload(0, '11', '22'), { typ: 'gridvine-roster' })],
    ['a voter twice', 'roster', handSigned(ROOT, rosterPayload(1, '11', '11'), { typ: 'gridvine-roster' })],
    [
      'in another order',
      'roster',
      handSigned(ROOT, rosterPayload(1, '22', '11'), { typ: 'gridvine-roster' }),
    ],
    ['by a member', 'roster', rosterOf({}, DEVICE)],
    ['of another cluster', 'roster', rosterOf({ cluster: 'elsewhere' })],
    ['changed', 'roster', changed(roster)],
    ['the next root', 'root', endorsement],
    ['the root that is known', 'root', rootOf(ROOT)],
    ['a root that vouches for itself', 'root', rootOf(FOREIGN_ROOT)],
    ['endorsed by a root that is not known', 'root', rootOf(NEXT_ROOT, FOREIGN_ROOT)],
    ['changed', 'root', changed(endorsement)],
    ['of another cluster', 'root', rootOf(NEXT_ROOT, ROOT, 'elsewhere')],
    ['by the key that it names', 'request', request],
    ['changed', 'request', changed(request)],
    ['by another key', 'request', handSigned(ROOT, payloadOfRequest(request), { typ: 'gridvine-request' })],
    [
      'a critical field',
      'request',
      handSigned(DEVICE, payloadOfRequest(request), { typ: 'gridvine-request', crit: [99], extra: 99 }),
    ],
  ];
}

function policyOf(changes: Partial<PolicyClaims>, by = ROOT): Uint8Array {
  return signPolicy(nobleProvider, by, {
    ...DEFAULT_POLICY,
    cluster: CLUSTER,
    number: 7,
    issuedAt: START,
    writes: {
      '': 'everybody',
      'setpoint/': ['controller'],
      'setpoint/limit': [],
      'a/': ['operator', 'sensor'],
    },
    ...changes,
  });
}

function rosterOf(changes: Partial<RosterClaims>, by = ROOT): Uint8Array {
  const [a, b, c] = ['11', '22', '33'].map((byte) => byte.repeat(16));
  const roster = { version: 3, voters: [a, b, c], previous: [a] };
  return signRoster(nobleProvider, by, { cluster: CLUSTER, issuedAt: START, roster, ...changes });
}

/** `["hillside", 1, [version, [two voters], []]]` */
function rosterPayload(version: number, ...voters: readonly string[]): Uint8Array {
  const writer = new CborWriter();
  writer.array(3);
  writer.text(CLUSTER);
  writer.uint(1);
  writer.value([version, voters.map((byte) => fromHex(byte.repeat(16))), []]);
  return writer.finish();
}

function requestOf(node: typeof DEVICE): Uint8Array {
  const claims = { cluster: CLUSTER, name: 'Dach Süd', agreementKey: AGREEMENT_KEY };
  return signRequest(nobleProvider, node, claims);
}

function payloadOfRequest(request: Uint8Array): Uint8Array {
  const judged = verifyRequest(nobleProvider, request);
  if ('refusal' in judged) throw new Error(judged.refusal.text);
  return judged.value.signed.payload;
}

/** `["x", 1, 2, 16 bytes, ""]`: kinds are 0 and 1. */
const UNKNOWN_TARGET = Uint8Array.of(0x85, 0x61, 0x78, 1, 2, 0x50, ...new Uint8Array(16), 0x60);
/** `["x", 1, 0, {}, {}]` */
const NUMBER_0 = Uint8Array.of(0x85, 0x61, 0x78, 1, 0, 0xa0, 0xa0);
