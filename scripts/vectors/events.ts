import { type EventRecord, encodeEvent } from '#runtime/coordination/events/event-record.ts';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { PairKeys } from '#runtime/trust/pair-keys.ts';
import { PairProofs } from '#runtime/trust/pair-proofs.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import type { Message, QueryGot, QueryReply } from '#runtime/wire/message.ts';
import { REPLY_MAC_BYTES, replyContent } from '#runtime/wire/messages/query.ts';
import type { EventVectors } from './shape.ts';

const CLUSTER = 'Sonnenhof Süd';
const [ASKER, ANSWERER] = [1, 2].map((byte) => {
  const seed = new Uint8Array(32).fill(byte);
  return { id: identityFromSeed(nobleProvider, seed).id, agreement: agreementKeyOf(nobleProvider, seed) };
});
const VERSION = makeVersion(3, 9);
const EVENT: EventRecord = {
  number: makeVersion(3, 2),
  life: 0x1234_5678,
  told: 1,
  before: makeVersion(3, 1),
  windowMs: 60_000,
  name: 'deploy/config',
  payload: { version: 7 },
  question: undefined,
};
const QUESTION = {
  ack: true,
  nodes: ['roof-*'],
  tags: [['role', 'inverter']],
  groups: ['controller'],
} as const;
const REPLY: QueryReply = {
  type: 'query-reply',
  asker: ASKER.id,
  number: EVENT.number,
  from: ANSWERER.id,
  verdict: 'answer',
  value: 'up 3 days',
  cutFrom: 0,
};
const GOT: QueryGot = {
  type: 'query-got',
  asker: ASKER.id,
  number: EVENT.number,
  from: ANSWERER.id,
  verdict: 'answer',
};

/** Messages of section 18, as bodies have them. */
export function queryMessages(): readonly Message[] {
  return [REPLY, GOT];
}

/** What else section 18 defines. */
export function eventVectors(): EventVectors {
  return { version: VERSION, events: events(), messages: messages(), patterns: PATTERNS, macs: macs() };
}

function events(): EventVectors['events'] {
  const whole = encodeEvent({ ...EVENT, question: QUESTION }) as AppValue[];
  const changed = (at: number, value: AppValue) => whole.map((item, i) => (i === at ? value : item));
  const question = (at: number, value: AppValue) =>
    changed(
      7,
      (whole[7] as AppValue[]).map((item, i) => (i === at ? value : item)),
    );
  const many = (count: number) => Array.from({ length: count }, () => 'a');
  const cases: [string, AppValue, boolean][] = [
    ['an event', encodeEvent(EVENT), true],
    ['a query', whole, true],
    ['with something behind', [...whole, 'later'], true],
    [
      'the first one of a sender',
      encodeEvent({ ...EVENT, number: makeVersion(1, 1), told: 0, before: 0 }),
      true,
    ],
    ['an event with a null in the place of a question', changed(7, null), true],
    ['number 0', changed(0, 0), false],
    ['count 0', changed(0, makeVersion(3, 0)), false],
    ['a boot above that of the record', changed(0, makeVersion(4, 1)), false],
    ['one before that is not before', changed(3, EVENT.number), false],
    ['a life of 33 bits', changed(1, 2 ** 32), false],
    ['more events before it than its count', changed(2, 2), false],
    ['a window of 99 ms', changed(4, 99), false],
    ['a window of more than an hour', changed(4, 3_600_001), false],
    ['an empty name', changed(5, ''), false],
    ['a name with a space', changed(5, 'a b'), false],
    ['a name that begins with a slash', changed(5, '/a'), false],
    ['a name of 65', changed(5, 'a'.repeat(65)), false],
    ['no payload', whole.slice(0, 6), false],
    ['a question that is text', changed(7, 'who'), false],
    ['neither acknowledged nor not', question(0, 1), false],
    ['17 nodes', question(1, many(17)), false],
    ['16 nodes', question(1, many(16)), true],
    ['a pattern of 129', question(1, ['a'.repeat(129)]), false],
    ['a tag without a pattern', question(2, [['role']]), false],
    ['a group that is a number', question(3, [7]), false],
  ];
  return cases.map(([name, value, valid]) => ({ name, value: toHex(encodeValue(value)), valid }));
}

function messages(): EventVectors['messages'] {
  const reply = [16, fromHex(REPLY.asker), REPLY.number, fromHex(REPLY.from), 1, REPLY.value, 0];
  const got = [17, fromHex(GOT.asker), GOT.number, fromHex(GOT.from), 1];
  const mac = Uint8Array.from({ length: REPLY_MAC_BYTES }, (_, i) => 0xd0 + i);
  const changed = (fields: AppValue[], at: number, value: AppValue) =>
    fields.map((item, i) => (i === at ? value : item));
  const cases: [string, AppValue[], boolean][] = [
    ['an answer', reply, true],
    ['with its MAC', [...reply, mac], true],
    ['an acknowledgement', changed(changed(reply, 4, 0), 5, null), true],
    ['a verdict of a later version', changed(reply, 4, 99), true],
    ['an answer that was cut', changed(reply, 6, 70_000), true],
    ['an asker of 15 bytes', changed(reply, 1, new Uint8Array(15)), false],
    ['a number that is text', changed(reply, 2, 'x'), false],
    ['no size', reply.slice(0, 6), false],
    ['a MAC of 8 bytes', [...reply, new Uint8Array(8)], false],
    ['a receipt', got, true],
    ['a receipt with its MAC', [...got, mac], true],
    ['a receipt of nobody', changed(got, 3, new Uint8Array(0)), false],
    ['a receipt without a verdict', got.slice(0, 4), false],
  ];
  return cases.map(([name, fields, valid]) => ({ name, message: toHex(encodeValue(fields)), valid }));
}

const PATTERNS: EventVectors['patterns'] = [
  { pattern: 'roof-*', text: 'roof-1', fits: true },
  { pattern: 'roof-*', text: 'roof-', fits: true },
  { pattern: 'roof-*', text: 'Roof-1', fits: false },
  { pattern: 'b?rn', text: 'barn', fits: true },
  { pattern: 'b?rn', text: 'brn', fits: false },
  { pattern: '*', text: '', fits: true },
  { pattern: '', text: '', fits: true },
  { pattern: '', text: 'a', fits: false },
  { pattern: 'a*b*c', text: 'axbxbxc', fits: true },
  { pattern: 'a*b*c', text: 'axbxbx', fits: false },
  { pattern: '**a', text: 'bca', fits: true },
  { pattern: '.', text: 'a', fits: false },
];

function macs(): EventVectors['macs'] {
  const said = [
    { name: 'an answer', maker: ANSWERER, destination: ASKER, message: REPLY },
    { name: 'its receipt', maker: ASKER, destination: ANSWERER, message: GOT },
  ];
  return said.map(({ name, maker, destination, message }) => {
    const keys = { own: maker.agreement, of: () => destination.agreement.publicKey };
    const pairs = new PairKeys({ provider: nobleProvider, self: maker.id, cluster: CLUSTER, keys });
    const about = { peer: destination.id, sender: maker.id, senderBoot: 3, destination: destination.id };
    const content = replyContent(message);
    const mac = new PairProofs(pairs).proveMessage(about, content, REPLY_MAC_BYTES);
    return {
      name,
      key: toHex(pairs.of(destination.id)?.secret.reveal() ?? new Uint8Array(0)),
      sender: maker.id,
      destination: destination.id,
      boot: 3,
      message: toHex(content),
      mac: toHex(mac ?? new Uint8Array(0)),
    };
  });
}
