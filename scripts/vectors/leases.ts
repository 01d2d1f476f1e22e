import { encodeLeaseReport } from '#runtime/coordination/lease/lease-record.ts';
import { nameRoster } from '#runtime/coordination/lease/roster.ts';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import { BALLOT_MAX } from '#runtime/core/limits.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { PairKeys } from '#runtime/trust/pair-keys.ts';
import { PairProofs } from '#runtime/trust/pair-proofs.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import type { LeaseAnswer, LeaseAsk, Message } from '#runtime/wire/message.ts';
import { LEASE_MAC_BYTES, leaseContent } from '#runtime/wire/messages/lease.ts';
import { rosterToValue } from '#runtime/wire/roster-codec.ts';
import type { LeaseVectors } from './shape.ts';

const CLUSTER = 'Sonnenhof Süd';
const NODES = [1, 2, 3, 4].map((byte) => identityFromSeed(nobleProvider, new Uint8Array(32).fill(byte)).id);
const FIRST = nameRoster(nobleProvider, { version: 1, voters: NODES.slice(0, 3), previous: [] });
const ASK: LeaseAsk = {
  type: 'lease-ask',
  number: 0x1234_5678,
  operation: 'claim',
  name: 'uplink',
  claim: 'c0c1c2c3c4c5c6c7',
  ballot: 7,
  fence: 5,
  ttlMs: 10_000,
  rosterVersion: FIRST.version,
  rosterMark: FIRST.mark,
  dest: makeVersion(3, 7),
};
const ANSWER: LeaseAnswer = {
  type: 'lease-answer',
  number: 0x1234_5678,
  verdict: 'taken',
  top: 7,
  leftMs: 9_200,
  rosterVersion: 1,
};
const MAC = Uint8Array.from({ length: LEASE_MAC_BYTES }, (_, i) => 0xd0 + i);

/** Messages of section 17, as bodies have them. */
export function leaseMessages(): readonly Message[] {
  return [ASK, ANSWER, { type: 'carry', from: NODES[0], boot: 3, to: NODES[1], message: ASK }];
}

/** What else section 17 defines. */
export function leaseVectors(): LeaseVectors {
  return { rosters: rosters(), reports: reports(), messages: messages(), macs: macs() };
}

function rosters(): LeaseVectors['rosters'] {
  const valid = [
    ['three voters', { version: 1, voters: NODES.slice(0, 3), previous: [] }],
    ['one voter, after three', { version: 2, voters: [NODES[3]], previous: NODES.slice(0, 3) }],
  ] as const;
  const many = Array.from({ length: 8 }, (_, i) => fromHex(toHex(new Uint8Array(16).fill(i + 1))));
  const [first] = many;
  const invalid: [string, AppValue][] = [
    ['version 0', [0, [first], []]],
    ['nobody', [1, [], []]],
    ['eight voters', [1, many, []]],
    ['one voter twice', [1, [first, first], []]],
    ['an id of 15 bytes', [1, [first.slice(1)], []]],
  ];
  return [
    ...valid.map(([name, roster]) => {
      const named = nameRoster(nobleProvider, roster);
      return { name, roster: toHex(encodeValue(rosterToValue(named))), mark: named.mark };
    }),
    ...invalid.map(([name, value]) => ({ name, roster: toHex(encodeValue(value)), mark: null })),
  ];
}

function reports(): LeaseVectors['reports'] {
  const promise = { ...ASK, holder: NODES[0], boot: 3, live: true };
  const whole = encodeLeaseReport(promise, 1) as AppValue[];
  const changed = (at: number, value: AppValue) => whole.map((item, i) => (i === at ? value : item));
  const cases: [string, AppValue, boolean][] = [
    ['a promise that stands', whole, true],
    ['one that has ended', encodeLeaseReport({ ...promise, live: false }, 1), true],
    ['with something behind', [...whole, 'later'], true],
    ['a holder of 15 bytes', changed(0, new Uint8Array(15)), false],
    ['a ballot above 2^52', changed(3, BALLOT_MAX + 1), false],
    ['a time of more than a minute', changed(4, 60_001), false],
    ['neither standing nor not', changed(5, 1), false],
  ];
  return cases.map(([name, value, valid]) => ({ name, value: toHex(encodeValue(value)), valid }));
}

function messages(): LeaseVectors['messages'] {
  const ask = fieldsOf(ASK);
  const answer = fieldsOf(ANSWER);
  const changed = (fields: AppValue[], at: number, value: AppValue) =>
    fields.map((item, i) => (i === at ? value : item));
  const cases: [string, AppValue[], boolean][] = [
    ['a claim', ask, true],
    ['with its MAC', [...ask, MAC], true],
    ['a release without a time', changed(changed(ask, 2, 1), 7, 0), true],
    ['a read', changed(changed(ask, 2, 2), 3, ''), true],
    ['an unknown operation', changed(ask, 2, 3), false],
    ['a name with a slash', changed(ask, 3, 'a/b'), false],
    ['a name in capitals', changed(ask, 3, 'Uplink'), false],
    ['a name of 65', changed(ask, 3, 'a'.repeat(65)), false],
    ['a claim of 7 bytes', changed(ask, 4, new Uint8Array(7)), false],
    ['ballot 0', changed(ask, 5, 0), false],
    ['a ballot above 2^52', changed(ask, 5, BALLOT_MAX + 1), false],
    ['a time below 2 s', changed(ask, 7, 1_999), false],
    ['a time above 60 s', changed(ask, 7, 60_001), false],
    ['a mark of 9 bytes', changed(ask, 9, new Uint8Array(9)), false],
    ['a MAC of 8 bytes', [...ask, new Uint8Array(8)], false],
    ['an answer', answer, true],
    ['an answer with its MAC', [...answer, MAC], true],
    ['a verdict of a later version', changed(answer, 2, 99), true],
    ['an answer that lacks its roster', answer.slice(0, 5), false],
  ];
  return cases.map(([name, fields, valid]) => ({ name, message: toHex(encodeValue(fields)), valid }));
}

function fieldsOf(message: LeaseAsk | LeaseAnswer): AppValue[] {
  if (message.type === 'lease-answer')
    return [14, message.number, 1, message.top, message.leftMs, message.rosterVersion];
  const { number, name, claim, ballot, fence, ttlMs, rosterVersion, rosterMark, dest } = message;
  return [
    13,
    number,
    0,
    name,
    fromHex(claim),
    ballot,
    fence,
    ttlMs,
    rosterVersion,
    fromHex(rosterMark),
    dest,
  ];
}

function macs(): LeaseVectors['macs'] {
  const [asker, voter] = [1, 2].map((byte) => {
    const seed = new Uint8Array(32).fill(byte);
    return { id: identityFromSeed(nobleProvider, seed).id, agreement: agreementKeyOf(nobleProvider, seed) };
  });
  const said = [
    { name: 'a claim', sender: asker, destination: voter, boot: 3, message: ASK },
    { name: 'its answer', sender: voter, destination: asker, boot: 4, message: ANSWER },
  ];
  return said.map(({ name, sender, destination, boot, message }) => {
    const keys = { own: sender.agreement, of: () => destination.agreement.publicKey };
    const pairs = new PairKeys({ provider: nobleProvider, self: sender.id, cluster: CLUSTER, keys });
    const about = {
      peer: destination.id,
      sender: sender.id,
      senderBoot: boot,
      destination: destination.id,
    };
    const content = leaseContent(message);
    const mac = new PairProofs(pairs).proveMessage(about, content, LEASE_MAC_BYTES);
    return {
      name,
      key: toHex(pairs.of(destination.id)?.secret.reveal() ?? new Uint8Array(0)),
      sender: sender.id,
      destination: destination.id,
      boot,
      message: toHex(content),
      mac: toHex(mac ?? new Uint8Array(0)),
    };
  });
}
