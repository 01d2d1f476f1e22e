import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '#runtime/crypto/secret.ts';
import { type Frame, FrameCodec, HELLO_BYTES, RETRY_BYTES, STEPS } from '#runtime/trust/admission/frame.ts';
import {
  decodeDenied,
  decodeDone,
  decodeGrant,
  decodeIntroduction,
  encodeDenied,
  encodeDone,
  encodeGrant,
  encodeIntroduction,
} from '#runtime/trust/admission/payload.ts';
import { DENIAL_REASONS, reasonOfCode } from '#runtime/trust/admission/reasons.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import { epochOf } from '../../../../support/admission.ts';
import { provider } from '../../../../support/wire.ts';

const codec = new FrameCodec(Uint8Array.of(1, 2, 3, 4));
const connection = Uint8Array.from({ length: 8 }, (_, i) => 0x80 + i);
const cookie = new Uint8Array(16).fill(7);
const ephemeral = new Uint8Array(32).fill(9);

const DATAGRAMS: readonly Uint8Array[] = [
  codec.hello(connection, { cookie, ephemeral }),
  codec.retry(connection, cookie),
  codec.noise('response', connection, new Uint8Array(300)),
  codec.noise('finish', connection, new Uint8Array(300)),
  ...(['grant', 'denied', 'done'] as const).map((step) =>
    Uint8Array.from([
      ...codec.sealedHeader(step, connection, { sender: 'responder', nonce: 5 }),
      ...new Uint8Array(40),
    ]),
  ),
];

test('[P-13.2] every step is read as it was written', () => {
  const frames = DATAGRAMS.map((bytes) => codec.decode(bytes) as Frame);
  assert.deepEqual(
    frames.map(({ step }) => step),
    STEPS,
  );
  for (const frame of frames) assert.deepEqual(frame.connection, connection);
  const [hello, retry, response, , grant] = frames;
  assert.ok(hello.step === 'hello' && retry.step === 'retry' && response.step === 'response');
  assert.deepEqual([hello.cookie, hello.ephemeral, retry.cookie], [cookie, ephemeral, cookie]);
  assert.equal(response.message.length, 300);
  assert.ok(grant.step === 'grant');
  assert.deepEqual([grant.sender, grant.nonce, grant.sealed.length], ['responder', 5, 40]);
});

test('[P-13.4] a hello is twice as long as the only answer that an unproven address may get', () => {
  assert.deepEqual([HELLO_BYTES, RETRY_BYTES], [64, 32]);
});

test('what is cut, too long, or of another magic, version, kind, cluster or step is refused', () => {
  for (const bytes of DATAGRAMS) {
    const faultOf = (changed: Uint8Array) => {
      const frame = codec.decode(changed);
      return 'fault' in frame ? frame.fault : frame.step;
    };
    assert.equal(faultOf(bytes.slice(0, 31)), 'size');
    assert.equal(faultOf(new Uint8Array(1201).fill(0x47)), 'size');
    assert.equal(faultOf(bytes.with(0, 0x48)), 'version');
    assert.equal(faultOf(bytes.with(1, 0x25)), 'version');
    assert.equal(faultOf(bytes.with(1, 0x14)), 'version');
    assert.equal(faultOf(bytes.with(5, 5)), 'wrong-cluster');
    for (const step of [0, 8, 255]) assert.equal(faultOf(bytes.with(6, step)), 'malformed');
  }
  for (const bytes of DATAGRAMS.slice(0, 4))
    assert.deepEqual(codec.decode(bytes.with(7, 1)), { fault: 'malformed' });
  for (const bytes of DATAGRAMS.slice(0, 2))
    assert.deepEqual(codec.decode(Uint8Array.from([...bytes, 0])), { fault: 'malformed' });
  assert.deepEqual(codec.decode(DATAGRAMS[0].slice(0, 63)), { fault: 'malformed' });
  assert.deepEqual(codec.decode(DATAGRAMS[2].slice(0, 16 + 95)), { fault: 'malformed' });
  assert.deepEqual(codec.decode(DATAGRAMS[3].slice(0, 16 + 63)), { fault: 'malformed' });
});

test('a datagram longer than 1200 bytes is never made', () => {
  assert.throws(
    () => codec.noise('response', connection, new Uint8Array(1185)),
    /at most 1200 bytes; got 1201/,
  );
});

test('[P-13.6] introductions, grants, denials and acknowledgements survive encoding and decoding', () => {
  const { number, id } = epochOf(9);
  const credential = new Uint8Array(1040).fill(3);
  for (const epoch of [undefined, { number, id }]) {
    const response = { credential, epoch };
    assert.deepEqual(decodeIntroduction(encodeIntroduction(response, 'response'), 'response'), response);
    assert.deepEqual(decodeIntroduction(encodeIntroduction(response, 'finish'), 'finish'), response);
    assert.deepEqual(decodeDone(encodeDone(epoch)), { name: epoch });
  }
  for (const denial of DENIAL_REASONS) {
    const finish = { credential, epoch: undefined, denial };
    assert.deepEqual(decodeIntroduction(encodeIntroduction(finish, 'finish'), 'finish'), finish);
    assert.equal(decodeDenied(encodeDenied(denial)), denial);
  }
  assert.deepEqual(decodeGrant(provider, encodeGrant(epochOf(9))), epochOf(9));
});

test('the longest introductions fit their datagrams', () => {
  const introduction = { credential: new Uint8Array(1040), epoch: { ...epochOf(1), number: 0xffff_ffff } };
  assert.ok(encodeIntroduction(introduction, 'response').length + 16 + 96 <= 1200);
  assert.ok(encodeIntroduction({ ...introduction, denial: 'expired' }, 'finish').length + 16 + 64 <= 1200);
});

test('[P-4.2] items that a later version adds are passed over; a reason that is not known reads as not-admitted', () => {
  const id = new Uint8Array(8);
  const later = encodeValue([Uint8Array.of(1), [3, id, 'new'], 200, 'new']);
  assert.deepEqual(decodeIntroduction(later, 'finish'), {
    credential: Uint8Array.of(1),
    epoch: { number: 3, id },
    denial: 'not-admitted',
  });
  assert.equal(reasonOfCode(9999), 'not-admitted');
  const secret = new Uint8Array(32);
  const grant = encodeValue([3, secret, new Uint8Array(12), new Uint8Array(65), 'new']);
  assert.deepEqual(decodeGrant(provider, grant)?.secret, new Secret(secret));
});

test('payloads of another shape are refused, not half read', () => {
  const id = new Uint8Array(8);
  const one = Uint8Array.of(1);
  for (const value of [
    null,
    [],
    [one],
    [new Uint8Array(0), null, 0],
    [new Uint8Array(1041), null, 0],
    ['text', null, 0],
    [one, [0, id], 0],
    [one, [2 ** 32, id], 0],
    [one, [1, new Uint8Array(7)], 0],
    [one, 5, 0],
    [one, null, -1],
    [one, null],
  ])
    assert.equal(decodeIntroduction(encodeValue(value), 'finish'), undefined, JSON.stringify(value));
  for (const value of [
    [0, new Uint8Array(32), new Uint8Array(12)],
    [1, new Uint8Array(31), new Uint8Array(12)],
    [1, new Uint8Array(32), new Uint8Array(13)],
    [1, new Uint8Array(32)],
  ])
    assert.equal(decodeGrant(provider, encodeValue(value)), undefined);
  for (const value of [[], [0], ['x'], 1]) assert.equal(decodeDenied(encodeValue(value)), undefined);
  for (const value of [[], [1], [[1]], {}]) assert.equal(decodeDone(encodeValue(value)), undefined);
});
