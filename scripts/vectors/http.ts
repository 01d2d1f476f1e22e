import { toHex } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { groupKeyOf, Keyring } from '#runtime/crypto/keyring.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { encodeNodeFacts, NODE_KEY } from '#runtime/membership/node-facts.ts';
import { encodeFrames } from '#runtime/transport/http/frames.ts';
import { BodyBuilder } from '#runtime/wire/body.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import { Sealer } from '#runtime/wire/sealer.ts';
import type { HttpVectors } from './shape.ts';

const PING = Uint8Array.from({ length: 49 }, (_, i) => i);
const LONGEST = new Uint8Array(1_200).fill(0x5a);

/** Bodies of requests and answers [P-19.3], a `node` record that names relays [P-19.11], and what is sealed for HTTP [P-19.14]. */
export function httpVectors(): HttpVectors {
  const valid = [
    { name: 'nothing', datagrams: [] },
    { name: 'one datagram', datagrams: [PING] },
    { name: 'as short as can be', datagrams: [PING.subarray(0, 32)] },
    { name: 'two, one of them as long as can be', datagrams: [PING, LONGEST] },
  ];
  const one = encodeFrames([PING]);
  const invalid = [
    { name: 'half a length', body: one.subarray(0, 1) },
    { name: 'a datagram that is cut off', body: one.subarray(0, one.length - 1) },
    { name: 'a byte too much', body: Uint8Array.from([...one, 0]) },
    { name: 'an empty datagram', body: Uint8Array.of(0, 0) },
    { name: 'one that is too short', body: encodeFrames([new Uint8Array(31)]) },
    { name: 'too many', body: encodeFrames(Array.from({ length: 257 }, () => PING)) },
    { name: 'one that is too long', body: encodeFrames([new Uint8Array(1_201)]) },
  ];
  const relays = ['0123456789abcdef0123456789abcdef', 'fedcba9876543210fedcba9876543210'];
  const endpoints = [{ transport: 'http', address: '10.0.0.7', port: 18_262 }] as const;
  const value = encodeNodeFacts({
    name: 'hill',
    incarnation: 2,
    state: 'alive',
    endpoints,
    relays,
    tags: {},
    protocol: 1,
  });
  const record = encodeRecord({
    version: makeVersion(3, 1),
    key: NODE_KEY,
    value,
    deleted: false,
    priority: 'urgent',
    quality: 'good',
  });
  return {
    bodies: [
      ...valid.map(({ name, datagrams }) => ({
        name,
        body: toHex(encodeFrames(datagrams)),
        datagrams: datagrams.map(toHex),
      })),
      ...invalid.map(({ name, body }) => ({ name, body: toHex(body), datagrams: null })),
    ],
    sealed: sealedVectors(),
    relayed: { record: toHex(record), endpoints, relays },
  };
}

function sealedVectors(): HttpVectors['sealed'] {
  const cluster = 'Hof';
  const psk = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
  const destination = 'be'.repeat(16);
  const keyring = new Keyring(groupKeyOf(nobleProvider, psk, cluster));
  const random = new SeededRandom(19);
  const sealer = new Sealer({ provider: nobleProvider, cluster, keyring, random, transport: 'http' });
  const builder = new BodyBuilder('aa'.repeat(16), 3);
  builder.tryAdd({ type: 'ping', seq: 7, destBoot: 0 });
  const body = builder.finish().slice();
  return (['one', 'any'] as const).map((to) => ({
    name: `sealed to ${to} for HTTP`,
    cluster,
    preSharedKey: toHex(psk),
    destination,
    datagram: toHex(to === 'one' ? sealer.sealTo(destination, body) : sealer.sealToAny(body)),
    body: toHex(body),
  }));
}
