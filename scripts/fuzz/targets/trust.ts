import { isDeepStrictEqual } from 'node:util';
import type { AppValue } from '#runtime/core/value.ts';
import { agreementKeyFrom } from '#runtime/crypto/agreement-key.ts';
import { encodeChain } from '#runtime/pki/chain.ts';
import { signPolicy } from '#runtime/pki/policy.ts';
import { signRevocation } from '#runtime/pki/revocation.ts';
import { decodeCertificateRecord, encodeCertificateRecord } from '#runtime/trust/certificate-record.ts';
import { type Epoch, epochOf } from '#runtime/trust/epoch.ts';
import {
  decodeNotice,
  encodeNotice,
  encodeShares,
  recipientOf,
  sharesFor,
} from '#runtime/trust/epoch-records.ts';
import { openShare, sealShare } from '#runtime/trust/epoch-share.ts';
import { judgeWarrant, signEpoch, warrantOf } from '#runtime/trust/epoch-warrant.ts';
import { FleetLaw } from '#runtime/trust/fleet-law.ts';
import { decodeAnchor, encodeAnchor } from '#runtime/trust/presence-chain.ts';
import { decodeCbor, encodeValue, toAppValue } from '#runtime/wire/cbor.ts';
import { type FuzzTarget, promise } from '../contract.ts';
import { PEER, provider, SELF } from '../fixtures.ts';
import { joined } from '../mutator.ts';
import {
  anchors,
  CLUSTER,
  claimsOf,
  DEVICE,
  NEXT_ROOT,
  quick,
  REGISTRAR,
  ROOT,
  rootBytes,
  START,
  signAnything,
} from './pki-fixture.ts';

const OWN = agreementKeyFrom(provider, new Uint8Array(32).fill(3));
const THEIR = agreementKeyFrom(provider, new Uint8Array(32).fill(4));
const NAME = { number: 7, id: new Uint8Array(8).fill(7) };
const ROUTE = { epoch: NAME, minter: PEER, recipient: SELF };

function share(): Uint8Array {
  const sealed = sealShare(provider, new Uint8Array(32).fill(9), {
    own: THEIR,
    theirKey: OWN.publicKey,
    route: ROUTE,
  });
  if (sealed === undefined) throw new Error('no share');
  return sealed;
}

/** Values of the records of certificate mode, as any member may write them. */
export const trustValues: FuzzTarget = {
  name: 'trust-values',
  about: 'values of sys/epoch, sys/epoch/N, sys/cert and sys/presence',
  shape: 'cbor',
  bytesMax: 1_000,
  weight: 25,
  reaches: ['none', 'notice', 'shares', 'certificate', 'presence'],
  seeds: () => {
    const notice = { ...NAME, revocations: new Uint8Array(12), signature: new Uint8Array(64) };
    const anchor = { startMs: 1_000, slotMs: 750, length: 2_048, anchor: new Uint8Array(16) };
    return [
      encodeNotice(notice),
      encodeShares(NAME, [
        { recipient: recipientOf(SELF), sealed: share() },
        { recipient: recipientOf(PEER), sealed: share() },
      ]),
      encodeCertificateRecord([new Uint8Array(40), new Uint8Array(50)]),
      encodeAnchor(anchor),
    ].map(encodeValue);
  },
  prepare: () => (input) => {
    const decoded = decodeCbor(input);
    const value = 'value' in decoded ? toAppValue(decoded.value) : undefined;
    if (value === undefined) return 'no value';
    const outcomes = [readNotice(value), readShares(value), readChain(value), readAnchor(value)];
    return outcomes.find((outcome) => outcome !== undefined) ?? 'none';
  },
};

function readNotice(value: AppValue): string | undefined {
  const notice = decodeNotice(value);
  if (notice === undefined) return undefined;
  promise(notice.number >= 1 && notice.number < 2 ** 32, 'an epoch out of range');
  promise(
    isDeepStrictEqual(decodeNotice(encodeNotice(notice)), notice),
    'another notice on a second reading',
  );
  return 'notice';
}

function readShares(value: AppValue): string | undefined {
  const shares = sharesFor(SELF, value);
  if (shares === undefined) return undefined;
  for (const sealed of shares.sealed)
    openShare(provider, sealed, {
      own: OWN,
      theirKey: THEIR.publicKey,
      route: { ...ROUTE, epoch: shares.epoch },
    });
  return shares.sealed.length > 0 ? 'shares' : 'shares for others';
}

function readChain(value: AppValue): string | undefined {
  const chain = decodeCertificateRecord(value);
  if (chain === undefined) return undefined;
  promise(chain.length >= 1 && chain.length <= 2, 'a chain of another length');
  return 'certificate';
}

function readAnchor(value: AppValue): string | undefined {
  const anchor = decodeAnchor(value);
  if (anchor === undefined) return undefined;
  promise(anchor.length <= 4_096 && anchor.slotMs >= 1, 'a chain that costs more than it may');
  promise(
    isDeepStrictEqual(decodeAnchor(encodeAnchor(anchor)), anchor),
    'another anchor on a second reading',
  );
  return 'presence';
}

/** Shares that anybody may leave for this node. */
export const epochShare: FuzzTarget = {
  name: 'epoch-share',
  about: 'sealed secrets of epochs, under whatever key',
  shape: 'bytes',
  prefixBytes: 1,
  bytesMax: 120,
  weight: 4,
  reaches: ['opened', 'not opened'],
  seeds: () => [
    joined(Uint8Array.of(0), share(), THEIR.publicKey),
    joined(Uint8Array.of(1), share(), new Uint8Array(32)),
    joined(Uint8Array.of(0), share()),
  ],
  prepare: () => {
    const original = share();
    return (input) => {
      const sealed = input.subarray(1, 49);
      const given = input.subarray(49);
      const theirKey = given.length > 0 ? given : THEIR.publicKey;
      const route = (input[0] ?? 0) % 2 === 0 ? ROUTE : { ...ROUTE, minter: SELF };
      const secret = openShare(provider, sealed, { own: OWN, theirKey, route });
      if (secret === undefined) return 'not opened';
      promise(
        isDeepStrictEqual(new Uint8Array(sealed), original) && route === ROUTE,
        'a share that nobody sealed opens',
      );
      return 'opened';
    };
  },
};

/** A minter's word for an epoch, as who grants it shows it. */
export const warrant: FuzzTarget = {
  name: 'warrant',
  about: 'warrants of epochs: chain and signature of who minted it',
  shape: 'bytes',
  prefixBytes: 1,
  bytesMax: 1_300,
  weight: 20,
  reaches: ['minted', 'wrong-key-use', 'bad-signature', 'malformed'],
  seeds: () => {
    const epoch = epochFor(0);
    const good = signAnything(ROOT, 'certificate', mintersClaims());
    const other = signAnything(ROOT, 'certificate', claimsOf(REGISTRAR, { isRegistrar: true }));
    const signature = signEpoch(DEVICE, CLUSTER, epoch);
    return [
      ...[0, 1].map((which) => joined(Uint8Array.of(which), warrantOf(signature, encodeChain([good])))),
      joined(Uint8Array.of(0), warrantOf(signature, encodeChain([other]))),
      Uint8Array.of(0, 1, 2),
    ];
  },
  prepare: () => {
    const law = new FleetLaw(quick, anchors());
    return (input) => {
      const epoch = { ...epochFor((input[0] ?? 0) % 2), warrant: input.subarray(1) };
      const judged = judgeWarrant(quick, { law, epoch });
      if ('refusal' in judged) return judged.refusal.reason;
      promise(judged.value === DEVICE.id && epoch.number === 1, 'an epoch stands that nobody minted');
      return 'minted';
    };
  },
};

function epochFor(which: number): Epoch {
  const number = 1 + which;
  const secret = new Uint8Array(32).fill(1);
  return epochOf(quick, { number, secret, revocations: new Uint8Array(12), warrant: new Uint8Array(0) });
}

function mintersClaims(): Uint8Array {
  // `sensor` becomes `keymaster`: a longer text in the same place.
  const claims = claimsOf(DEVICE, { isRegistrar: false });
  const at = indexOf(claims, Uint8Array.of(0x66, 0x73, 0x65, 0x6e));
  return joined(
    claims.subarray(0, at),
    Uint8Array.of(0x69),
    new TextEncoder().encode('keymaster'),
    claims.subarray(at + 7),
  );
}

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  return Buffer.from(bytes).indexOf(part);
}

/** Everything that a root may have signed, thrown at one node's law in whatever order. */
export const fleetLaw: FuzzTarget = {
  name: 'fleet-law',
  about: 'revocations, policies and endorsements in any order: the law only grows',
  shape: 'cbor',
  bytesMax: 3_000,
  weight: 8,
  reaches: ['taken', 'nothing new', 'refused'],
  seeds: () => {
    const objects = lawObjects();
    return [[0, 1, 2], [2, 0], [1, 1, 0], [0, 0], [0]].map((order) =>
      encodeChainOf(order.map((i) => objects[i])),
    );
  },
  prepare: () => {
    const roots = anchors();
    return (input) => {
      const law = new FleetLaw(quick, roots);
      const decoded = decodeCbor(input);
      const list =
        'value' in decoded && Array.isArray(decoded.value) ? (decoded.value as unknown[]) : [input];
      let outcome = 'refused';
      for (const item of list.slice(0, 8)) {
        if (!(item instanceof Uint8Array)) continue;
        const before = { size: law.revocations.size, floor: law.floorSeconds, number: law.policy.number };
        const taken = law.take(item);
        promise(
          law.revocations.size >= before.size &&
            law.floorSeconds >= before.floor &&
            law.policy.number >= before.number,
          'the law shrinks',
        );
        promise(law.anchors.roots.length <= 2, 'more than two roots');
        if ('value' in taken) outcome = taken.value.isNew ? 'taken' : 'nothing new';
        else
          promise(
            law.floorSeconds === before.floor && law.revocations.size === before.size,
            'what is refused changes the law',
          );
      }
      const { state } = law;
      const again = new FleetLaw(quick, roots, state);
      promise(isDeepStrictEqual(again.state, state), 'another law after a restart');
      return outcome;
    };
  },
};

function lawObjects(): Uint8Array[] {
  const rights = { command: [], mint: ['keymaster'], vote: 'everybody' } as const;
  return [
    signRevocation(quick, ROOT, {
      cluster: CLUSTER,
      revokedAt: START + 5,
      target: { kind: 'node', id: new Uint8Array(16) },
      reason: 'stolen',
    }),
    signPolicy(quick, ROOT, {
      cluster: CLUSTER,
      number: 2,
      issuedAt: START,
      writes: { '': 'everybody' },
      rights,
    }),
    rootBytes(NEXT_ROOT, ROOT),
  ];
}

function encodeChainOf(objects: readonly Uint8Array[]): Uint8Array {
  return encodeValue([...objects]);
}
