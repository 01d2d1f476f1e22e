import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { agreementKeyFrom } from '#runtime/crypto/agreement-key.ts';
import { clusterTag } from '#runtime/crypto/cluster.ts';
import { FrameCodec } from '#runtime/trust/admission/frame.ts';
import { ADMISSION_LIMITS } from '#runtime/trust/admission/limits.ts';
import { networkOf, SourceBudget } from '#runtime/trust/admission/source-budget.ts';
import { countingProvider, epochOf, Host, stepOf, Wire } from '../../../../support/admission.ts';
import { provider } from '../../../../support/wire.ts';

const codec = new FrameCodec(clusterTag(provider, 'home'));
const NO_COOKIE = new Uint8Array(16);
const ephemeral = agreementKeyFrom(provider, new Uint8Array(32).fill(123)).publicKey;

function endpointOf(address: string, port = 4000): Endpoint {
  return { transport: 'udp', address, port };
}

function target(): { ben: Host; count: () => number } {
  const { provider: counting, count } = countingProvider();
  return { ben: new Host({ byte: 2, epoch: epochOf(5), provider: counting }), count };
}

/** Hellos with the cookie that each connection was given. */
function floodFrom(
  ben: Host,
  from: (i: number) => Endpoint,
  options: { count: number; nowMs?: number },
): void {
  const random = new SeededRandom(7);
  for (let i = 0; i < options.count; i++) {
    const connection = random.bytes(8);
    const nowMs = (options.nowMs ?? 0) + i * 0.1;
    ben.admission.receive(nowMs, codec.hello(connection, { cookie: NO_COOKIE, ephemeral }), from(i));
    const retry = ben.drain()[0];
    if (retry === undefined) continue;
    const cookie = retry.bytes.slice(16);
    ben.admission.receive(nowMs, codec.hello(connection, { cookie, ephemeral }), from(i));
    ben.drain();
  }
}

test('unknown senders cost no asymmetric operation and no memory before their cookie is good', () => {
  const { ben, count } = target();
  const random = new SeededRandom(3);
  const steps = ['hello', 'retry', 'response', 'finish', 'grant', 'denied', 'done'];
  for (let i = 0; i < 5_000; i++) {
    const connection = random.bytes(8);
    const from = endpointOf(`10.1.${i % 250}.${(i >> 3) % 250}`, i);
    const junk = random.bytes(200);
    const datagrams = [
      codec.hello(connection, { cookie: NO_COOKIE, ephemeral }),
      codec.hello(connection, { cookie: random.bytes(16), ephemeral }),
      codec.retry(connection, random.bytes(16)),
      codec.noise('response', connection, junk),
      codec.noise('finish', connection, junk),
      Uint8Array.from([
        ...codec.sealedHeader('grant', connection, { sender: 'initiator', nonce: 0 }),
        ...junk,
      ]),
      Uint8Array.from([
        ...codec.sealedHeader('done', connection, { sender: 'responder', nonce: 0 }),
        ...junk,
      ]),
    ];
    assert.ok(datagrams.length === steps.length);
    for (const bytes of datagrams) ben.admission.receive(i, bytes, from);
  }
  assert.equal(count(), 0);
  assert.deepEqual(ben.admission.gauges, { calls: 0, answers: 0, sources: 0 });
});

test('a call costs no asymmetric operation either before its peer has answered', () => {
  const { ben, count } = target();
  for (let i = 0; i < 20; i++) ben.admission.call(0, endpointOf(`10.1.1.${i}`));
  ben.admission.onTimeout(20_000);
  assert.equal(count(), 0);
});

test('no answer to an unproven address is longer than what it answers, and each is one', () => {
  const { ben } = target();
  const random = new SeededRandom(3);
  for (let i = 0; i < 3_000; i++) {
    const bytes = random.bytes(32 + (i % 1169));
    bytes.set(codec.hello(random.bytes(8), { cookie: NO_COOKIE, ephemeral }).subarray(0, 6));
    bytes[6] = i % 9;
    if (i % 3 !== 0) bytes[7] = 0;
    const datagram = i % 9 === 1 ? bytes.slice(0, 64) : bytes;
    ben.admission.receive(i, datagram, endpointOf('10.1.1.1', i));
    const answers = ben.drain();
    assert.ok(answers.length <= 1);
    for (const answer of answers) assert.ok(answer.bytes.length <= datagram.length);
  }
  assert.ok(ben.admission.counters.cookiesGiven > 0);
});

test('10,000 hellos with good cookies of one address cost no more than its share', () => {
  const { ben, count } = target();
  floodFrom(ben, () => endpointOf('10.7.7.7'), { count: 10_000 });
  const { addressBurst, addressPerSecond } = ADMISSION_LIMITS;
  const answered = ben.admission.counters.handshakesAnswered;
  assert.ok(answered >= 1 && answered <= addressBurst + addressPerSecond, `${answered} handshakes`);
  assert.equal(count(), 3 * answered);
  assert.ok(ben.admission.gauges.answers <= ADMISSION_LIMITS.openPerAddressMax);
});

test('the budget holds too where the handshakes are ended at once', () => {
  const { addressBurst, addressPerSecond } = ADMISSION_LIMITS;
  const ben = new Host({ byte: 2, limits: { openPerAddressMax: 10_000, openMax: 10_000 } });
  floodFrom(ben, () => endpointOf('10.7.7.7'), { count: 10_000 });
  assert.ok(ben.admission.counters.handshakesAnswered <= addressBurst + addressPerSecond);
  assert.ok(ben.admission.counters.drops['handshake-budget'] > 0);
});

test('while one address floods, another is admitted', () => {
  const { ben } = target();
  const ann = new Host({ byte: 1 });
  const wire = new Wire([ann, ben]);
  floodFrom(ben, () => endpointOf('10.7.7.7'), { count: 2_000 });
  wire.nowMs = 200;
  wire.call(ann, ben);
  wire.run();
  assert.deepEqual(ann.outcomes, ['granted']);
});

test('a whole network that floods, by each of its addresses, keeps no other network out', () => {
  const { ben } = target();
  const ann = new Host({ byte: 1 });
  const wire = new Wire([ann, ben]);
  floodFrom(ben, (i) => endpointOf(`10.7.7.${i % 256}`, 4000 + (i >> 8)), { count: 2_000 });
  assert.ok(ben.admission.gauges.answers <= ADMISSION_LIMITS.openPerNetworkMax);
  wire.nowMs = 200;
  wire.call(ann, ben);
  wire.run();
  assert.deepEqual(ann.outcomes, ['granted']);
});

test('memory is bounded, whatever comes from however many addresses', () => {
  const { ben } = target();
  for (let round = 0; round < 5; round++)
    floodFrom(ben, (i) => endpointOf(`10.${round}.${i % 200}.1`), { count: 3_000, nowMs: round * 20_000 });
  const { answers, sources } = ben.admission.gauges;
  assert.ok(answers <= ADMISSION_LIMITS.openMax, `${answers} answers`);
  assert.ok(sources <= 1024 + 256, `${sources} sources`);
  assert.equal(ben.admission.pollOutput(), undefined);
  ben.admission.onTimeout(1_000_000);
  assert.equal(ben.admission.gauges.answers, 0);
});

test('finished handshakes are bounded too: the oldest can no longer repeat its verdict', () => {
  const limits = { settledMax: 3, addressBurst: 50, networkBurst: 50 };
  const ben = new Host({ byte: 2, epoch: epochOf(5), limits });
  const callers = [10, 11, 12, 13, 14].map((byte) => new Host({ byte }));
  const wire = new Wire([ben, ...callers]);
  for (const caller of callers) {
    wire.call(caller, ben);
    wire.run(wire.nowMs + 10);
  }
  assert.equal(ben.admission.gauges.answers, 3);
  const [oldest] = wire.log.filter(({ bytes }) => stepOf(bytes) === 'finish');
  ben.admission.receive(wire.nowMs, oldest.bytes, oldest.from);
  assert.deepEqual(ben.drain(), []);
});

test('a bucket for each address lies within one for its network and one for all', () => {
  assert.equal(networkOf('192.168.1.20'), networkOf('192.168.1.99'));
  assert.notEqual(networkOf('192.168.1.20'), networkOf('192.168.2.20'));
  assert.equal(networkOf('fd00::1'), networkOf('fd00::2:1'));
  assert.notEqual(networkOf('fd00::1'), networkOf('fd00:0:0:1::1'));
  const budget = new SourceBudget(ADMISSION_LIMITS);
  const taken = (addresses: readonly string[]) =>
    addresses.filter((address) => budget.tryTake(0, address)).length;
  assert.equal(taken(Array<string>(50).fill('10.0.0.1')), ADMISSION_LIMITS.addressBurst);
  const network = Array.from({ length: 250 }, (_, i) => `10.0.0.${i + 2}`);
  assert.equal(taken(network), ADMISSION_LIMITS.networkBurst - ADMISSION_LIMITS.addressBurst);
  const everybody = Array.from({ length: 250 }, (_, i) => `10.0.${i + 1}.1`);
  assert.equal(taken(everybody), ADMISSION_LIMITS.handshakesBurst - ADMISSION_LIMITS.networkBurst);
});
