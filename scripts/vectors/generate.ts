import { toHex } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { clusterTag } from '#runtime/crypto/cluster.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { groupKeyOf, Keyring } from '#runtime/crypto/keyring.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { RecordSigningInput } from '#runtime/crypto/record-signature.ts';
import { BodyBuilder } from '#runtime/wire/body.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import { CborWriter } from '#runtime/wire/cbor-writer.ts';
import type { Item, Message } from '#runtime/wire/message.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import { encodeRefusal, REFUSAL_CODES } from '#runtime/wire/refusal.ts';
import { Sealer } from '#runtime/wire/sealer.ts';
import { TOUCH } from '#runtime/wire/touch.ts';
import { admissionVectors } from './admission.ts';
import { chainVectors } from './chains.ts';
import { epochVectors } from './epochs.ts';
import { eventVectors, queryMessages } from './events.ts';
import { httpVectors } from './http.ts';
import { INVALID_CBOR } from './invalid-cbor.ts';
import { keyRotationVectors } from './key-rotation.ts';
import { leaseMessages, leaseVectors } from './leases.ts';
import { presenceChainVectors, proofVectors, provenMessages } from './proofs.ts';
import type {
  BodyVector,
  DatagramVector,
  InvalidCbor,
  KeyVector,
  RecordVector,
  RefusalVector,
  ValidCbor,
} from './shape.ts';
import { sharedDataVectors } from './shared-data.ts';
import { statementVectors } from './statements.ts';
import { BATCH, INVALID_MARKS, LARGE, togetherVectors, VALUE_MESSAGES } from './together.ts';
import { VALID_CBOR } from './valid-cbor.ts';

const CLUSTER = 'Sonnenhof Süd';
const PSK = Uint8Array.from({ length: 32 }, (_, i) => i);
const OTHER_PSK = new Uint8Array(32).fill(0xa5);
const SENDER = identityFromSeed(nobleProvider, new Uint8Array(32).fill(1));
const RECEIVER = identityFromSeed(nobleProvider, new Uint8Array(32).fill(2));
const HASH = Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4);

/** Every file of vectors by its name: the same at each call. */
export function generateVectors(): Readonly<Record<string, unknown>> {
  return {
    'keys.json': keyVectors(),
    'cbor-valid.json': VALID_CBOR satisfies readonly ValidCbor[],
    'cbor-invalid.json': INVALID_CBOR satisfies readonly InvalidCbor[],
    'records.json': recordVectors(),
    'bodies.json': bodyVectors(),
    'datagrams.json': datagramVectors(),
    'refusals.json': refusalVectors(),
    'admission.json': admissionVectors(),
    'epochs.json': epochVectors(),
    'certificates.json': chainVectors(),
    'statements.json': statementVectors(),
    'proofs.json': proofVectors(),
    'presence-chains.json': presenceChainVectors(),
    'key-rotation.json': keyRotationVectors(),
    'shared-data.json': sharedDataVectors(),
    'leases.json': leaseVectors(),
    'events.json': eventVectors(),
    'together.json': togetherVectors(),
    'http.json': httpVectors(),
  };
}

function keyVectors(): KeyVector[] {
  return [CLUSTER, 'a', 'x'.repeat(64)].map((cluster, index) => {
    const psk = index === 1 ? OTHER_PSK : PSK;
    const seed = new Uint8Array(32).fill(index + 1);
    const group = groupKeyOf(nobleProvider, psk, cluster);
    const identity = identityFromSeed(nobleProvider, seed);
    return {
      cluster,
      preSharedKey: toHex(psk),
      groupKey: toHex(group.key.reveal()),
      keyId: group.id,
      clusterTag: toHex(clusterTag(nobleProvider, cluster)),
      seed: toHex(seed),
      publicKey: toHex(identity.publicKey),
      nodeId: identity.id,
    };
  });
}

function recordVectors(): RecordVector[] {
  const base: RecordBody = {
    version: makeVersion(3, 7),
    key: 'battery/soc',
    value: 57.25,
    deleted: false,
    priority: 'normal',
    quality: 'good',
  };
  const valid: [string, RecordBody][] = [
    ['only what is required', base],
    [
      'every optional field',
      {
        ...base,
        ttlMs: 60_000,
        unit: '%',
        priority: 'urgent',
        uptimeMs: 123_456,
        quality: 'stale',
        gcSequence: 6,
      },
    ],
    ['a tombstone', { ...base, value: null, deleted: true }],
    [
      'bytes, nesting, sorted keys',
      { ...base, value: { b: [1, -1, null, true], a: Uint8Array.of(1, 2), ä: 1.1 } },
    ],
    ['the second of three put together', { ...base, batch: BATCH }],
    ['with a value that travels apart', { ...base, value: null, large: LARGE }],
    ['the highest version', { ...base, version: makeVersion(2 ** 20 - 1, 2 ** 32 - 1), key: 'ü'.repeat(64) }],
  ];
  const invalid: [string, AppValue][] = [
    ['boot 0', [7, 'k', 1]],
    ['sequence 0', [makeVersion(3, 0), 'k', 1]],
    ['boot of 2^20', [2 ** 52 + 1, 'k', 1]],
    ['empty key', [base.version, '', 1]],
    ['key of 129 bytes', [base.version, 'k'.repeat(129), 1]],
    ['control character in the key', [base.version, 'a\nb', 1]],
    ['no value', [base.version, 'k']],
    ['meta with a text key', [base.version, 'k', 1, { unit: 'W' }]],
  ];
  return [
    ...valid.map(([name, record]) => ({ name, record: toHex(encodeRecord(record)), valid: true })),
    ...invalid.map(([name, value]) => ({ name, record: toHex(encodeValue(value)), valid: false })),
    { name: 'a version that is a float', record: toHex(recordWithFloatVersion()), valid: false },
    { name: 'meta: not deleted', record: toHex(recordWithMeta([3, false])), valid: false },
    { name: 'meta: gc of 2^32', record: toHex(recordWithMeta([7, 2 ** 32])), valid: false },
    { name: 'meta: ttl 0', record: toHex(recordWithMeta([1, 0])), valid: false },
    ...INVALID_MARKS.map(([name, meta]) => ({
      name: `meta: ${name}`,
      record: toHex(recordWithMeta(meta)),
      valid: false,
    })),
    { name: 'meta: unknown number', record: toHex(recordWithMeta([99, 'later'])), valid: true },
  ];
}

/** [P-4.6] */
function recordWithFloatVersion(): Uint8Array {
  const bytes = Uint8Array.of(0x83, 0xfb, 0, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x6b, 0xf6);
  new DataView(bytes.buffer).setFloat64(2, makeVersion(3, 7));
  return bytes;
}

function recordWithMeta([number, field]: [number, AppValue]): Uint8Array {
  const writer = new CborWriter();
  writer.array(4);
  writer.value(makeVersion(3, 7));
  writer.text('k');
  writer.value(null);
  writer.map(1);
  writer.uint(number);
  writer.value(field);
  return writer.finish();
}

const VERSION = makeVersion(3, 7);
const ITEM: Item = {
  body: encodeRecord({
    version: VERSION,
    key: 'pv/power',
    value: 1_234,
    unit: 'W',
    deleted: false,
    priority: 'normal',
    quality: 'good',
  }),
  ageMs: 1_500,
};

/** A gc line within its boot, and its owner's word for it. */
const STATEMENT: Item = {
  body: encodeRecord({
    version: makeVersion(3, 9),
    key: 'node',
    value: ['roof', 0, 1, [], {}, 1],
    deleted: false,
    priority: 'urgent',
    quality: 'good',
    gcSequence: 8,
  }),
  ageMs: 20,
};

function signatureOf(record: Uint8Array): Uint8Array {
  return SENDER.sign(new RecordSigningInput(CLUSTER).of(SENDER.id, record));
}

const RESET: Message = {
  type: 'blocks',
  blocks: [
    {
      owner: SENDER.id,
      from: 0,
      to: makeVersion(3, 9),
      gc: makeVersion(3, 8),
      items: [],
      proof: { ...STATEMENT, signature: signatureOf(STATEMENT.body) },
    },
  ],
};

const MESSAGES: readonly Message[] = [
  { type: 'ping', seq: 0x1234_5678, destBoot: 4 },
  { type: 'ack', seq: 1 },
  {
    type: 'ping-req',
    seq: 2,
    target: RECEIVER.id,
    targetBoot: 4,
    endpoint: { transport: 'udp', address: '192.168.1.20', port: 18_262 },
  },
  { type: 'nack', seq: 3 },
  { type: 'gone', seq: 4, boot: 5 },
  { type: 'join', seq: 5, padding: 40 },
  { type: 'presence', uptimeMs: 86_400_000, nodeVersion: VERSION, heard: 12, tableHash: HASH, nextMs: 2_000 },
  {
    type: 'blocks',
    blocks: [
      {
        owner: SENDER.id,
        from: 0,
        to: VERSION,
        gc: makeVersion(3, 0),
        items: [ITEM, { ...ITEM, signature: signatureOf(ITEM.body) }],
      },
    ],
  },
  {
    type: 'digest',
    tableHash: HASH,
    lines: [
      { owner: SENDER.id, known: VERSION, gc: makeVersion(3, 0) },
      { owner: RECEIVER.id, known: 0, gc: makeVersion(4, 0) },
    ],
  },
  { type: 'buckets', hashes: Uint8Array.from({ length: 256 }, (_, i) => i) },
  { type: 'have', buckets: [0, 63], lines: [] },
  { type: 'want', lines: [{ owner: RECEIVER.id, known: 0, gc: 0 }] },
  ...leaseMessages(),
  ...queryMessages(),
  { type: 'padding', length: 5 },
];

function bodyVectors(): BodyVector[] {
  return [
    { name: 'no message', types: [], body: toHex(bodyWith([])) },
    ...MESSAGES.map((message) => ({
      name: message.type,
      types: [message.type],
      body: toHex(bodyWith([message])),
    })),
    ...provenMessages(RECEIVER.id).map((message, index) => ({
      name: `${message.type}, with what proofs add (${index + 1})`,
      types: [message.type],
      body: toHex(bodyWith([message])),
    })),
    ...VALUE_MESSAGES.map((message) => ({
      name: message.type,
      types: [message.type],
      body: toHex(bodyWith([message])),
    })),
    { name: 'blocks: a reset with its proof', types: ['blocks'], body: toHex(bodyWith([RESET])) },
    {
      name: '25 messages: the outer array has a header of two bytes',
      types: [...Array<string>(24).fill('ack'), 'ping'],
      body: toHex(bodyWith([...Array<Message>(24).fill(MESSAGES[1]), MESSAGES[0]])),
    },
  ];
}

function bodyWith(messages: readonly Message[]): Uint8Array {
  const builder = new BodyBuilder(SENDER.id, 3);
  for (const message of messages) {
    if (!builder.tryAdd(message)) throw new Error(`${message.type} does not fit`);
  }
  return builder.finish().slice();
}

function datagramVectors(): DatagramVector[] {
  const cluster = CLUSTER;
  const preSharedKey = toHex(PSK);
  const seal = (body: Uint8Array, to: 'one' | 'any', sentBefore = 0, psk = PSK, name = CLUSTER) => {
    const keyring = new Keyring(groupKeyOf(nobleProvider, psk, name));
    const sealer = new Sealer({
      provider: nobleProvider,
      cluster: name,
      keyring,
      random: new SeededRandom(7),
    });
    for (let i = 0; i < sentBefore; i++) sealer.sealToAny(body);
    return to === 'one' ? sealer.sealTo(RECEIVER.id, body) : sealer.sealToAny(body);
  };
  const common = { cluster, preSharedKey, destination: RECEIVER.id };
  const valid = [
    { name: 'ping, sealed to one', body: bodyWith([MESSAGES[0]]), to: 'one' as const },
    { name: 'presence, sealed to any', body: bodyWith([MESSAGES[6]]), to: 'any' as const },
    {
      name: 'block, third datagram under its salt',
      body: bodyWith([MESSAGES[7]]),
      to: 'one' as const,
      sentBefore: 2,
    },
    { name: 'as long as can be', body: longestBody(), to: 'any' as const },
  ].map(({ name, body, to, sentBefore }) => ({
    ...common,
    name,
    datagram: toHex(seal(body, to, sentBefore)),
    body: toHex(body),
    drop: null,
  }));
  const ping = bodyWith([MESSAGES[0]]);
  const toAny = seal(ping, 'any');
  const invalid: [string, string, Uint8Array][] = [
    ['a touch', 'touch', TOUCH],
    ['a touch and a byte more', 'size', Uint8Array.from([...TOUCH, 0])],
    ['a touch of another version', 'size', withByte(TOUCH, 1, 0x24)],
    ['shorter than any', 'size', toAny.slice(0, 48)],
    ['longer than any', 'size', Uint8Array.from([...seal(longestBody(), 'any'), 0])],
    ['another magic', 'version', withByte(toAny, 0, 0x48)],
    ['protocol version 2', 'version', withByte(toAny, 1, 0x22)],
    ['unknown kind', 'kind', withByte(toAny, 1, 0x14)],
    ['another cluster', 'wrong-cluster', seal(ping, 'any', 0, PSK, 'Nordhof')],
    ['another key', 'unknown-key', seal(ping, 'any', 0, OTHER_PSK)],
    ['counter 0', 'replay', withByte(toAny, 31, 0)],
    ['a changed header byte', 'forged', withByte(toAny, 31, 9)],
    ['a changed ciphertext byte', 'forged', withByte(toAny, 40, toAny[40] ^ 1)],
    ['sealed to one, said to be sealed to any', 'forged', withByte(seal(ping, 'one'), 1, 0x12)],
    ['not CBOR', 'malformed', seal(Uint8Array.of(0xff), 'any')],
    ['CBOR, but no body', 'malformed', seal(encodeValue({ a: 1 }), 'any')],
  ];
  return [
    ...valid,
    ...invalid.map(([name, drop, datagram]) => ({
      ...common,
      name,
      datagram: toHex(datagram),
      body: null,
      drop,
    })),
  ];
}

function longestBody(): Uint8Array {
  const builder = new BodyBuilder(SENDER.id, 3);
  builder.tryAdd({ type: 'join', seq: 5, padding: builder.room - 6 });
  return builder.finish().slice();
}

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

function refusalVectors(): RefusalVector[] {
  const answered = Uint8Array.from({ length: 120 }, (_, i) => i);
  return REFUSAL_CODES.map((code) => {
    const options = { code, cluster: CLUSTER, clusterTag: clusterTag(nobleProvider, CLUSTER) };
    const refusal = encodeRefusal(answered, options);
    if (refusal === undefined) throw new Error('refusal too long');
    return { code, cluster: CLUSTER, answered: toHex(answered), refusal: toHex(refusal) };
  });
}
