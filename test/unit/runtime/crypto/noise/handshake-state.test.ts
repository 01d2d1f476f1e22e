import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '#runtime/core/random.ts';
import { agreementKeyFrom } from '#runtime/crypto/agreement-key.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { NOISE_MESSAGE_BYTES_MAX, NoiseHandshake } from '#runtime/crypto/noise/handshake-state.ts';
import { NOISE_XX, type NoiseRole } from '#runtime/crypto/noise/pattern.ts';
import { noisePatternOf } from '../../../../support/noise-patterns.ts';

const provider = createNodeProvider();
const utf8 = new TextEncoder();
const NOTHING = new Uint8Array(0);

const statics = {
  initiator: agreementKeyFrom(provider, new Uint8Array(32).fill(1)),
  responder: agreementKeyFrom(provider, new Uint8Array(32).fill(2)),
};

function side(role: NoiseRole, prologue = 'grid'): NoiseHandshake {
  return new NoiseHandshake({
    provider,
    pattern: NOISE_XX,
    role,
    prologue: utf8.encode(prologue),
    ephemeralSecret: new Uint8Array(32).fill(role === 'initiator' ? 3 : 4),
    ownStatic: statics[role],
  });
}

/** Both sides after `count` messages, and the bytes of the last one, not yet read by its receiver. */
function upTo(count: 1 | 2 | 3): {
  readonly receiver: NoiseHandshake;
  readonly message: Uint8Array;
} {
  const [initiator, responder] = [side('initiator'), side('responder')];
  for (let turn = 1; ; turn++) {
    const [from, to] = turn % 2 === 1 ? [initiator, responder] : [responder, initiator];
    const message = from.write(utf8.encode(`payload ${turn}`));
    assert.ok(message);
    if (turn === count) return { receiver: to, message };
    assert.ok('payload' in to.read(message));
  }
}

function bothDone(): readonly [NoiseHandshake, NoiseHandshake] {
  const [initiator, responder] = [side('initiator'), side('responder')];
  responder.read(initiator.write(NOTHING) ?? NOTHING);
  initiator.read(responder.write(NOTHING) ?? NOTHING);
  responder.read(initiator.write(NOTHING) ?? NOTHING);
  return [initiator, responder];
}

test('[P-12.1] both learn the static key of the other, and share keys and hash', () => {
  const [initiator, responder] = bothDone();
  assert.deepEqual(initiator.peerStatic, statics.responder.publicKey);
  assert.deepEqual(responder.peerStatic, statics.initiator.publicKey);
  assert.ok(initiator.session && responder.session);
  assert.deepEqual(initiator.session.handshakeHash, responder.session.handshakeHash);
  const text = utf8.encode('the epoch');
  const sealed = responder.session.sending.encrypt(NOTHING, text);
  assert.deepEqual(initiator.session.receiving.decrypt(NOTHING, sealed), { payload: text });
  assert.equal(initiator.isOurTurn || responder.isOurTurn, false);
});

test('a message cut anywhere ends the handshake and gives no payload', () => {
  for (const count of [1, 2, 3] as const) {
    const { message } = upTo(count);
    for (let length = 0; length < message.length; length++) {
      const { receiver } = upTo(count);
      const read = receiver.read(message.subarray(0, length));
      // The payload of the first message is in clear, so a shorter one is a valid message.
      if (count === 1 && length >= 32) assert.ok('payload' in read);
      else {
        assert.ok('fault' in read, `message ${count}, ${length} bytes`);
        assert.equal(receiver.session, undefined);
        assert.equal(receiver.fault, read.fault);
      }
    }
  }
});

test('any changed bit of the second and third message is seen, and nothing is accepted after it', () => {
  for (const count of [2, 3] as const) {
    const { message } = upTo(count);
    for (let at = 0; at < message.length; at++) {
      const { receiver } = upTo(count);
      const changed = message.slice();
      changed[at] ^= 1;
      const read = receiver.read(changed);
      assert.deepEqual(read, { fault: 'forged' }, `message ${count}, byte ${at}`);
      assert.deepEqual(receiver.read(message), { fault: 'forged' }, 'the true message comes too late');
      assert.equal(receiver.isOurTurn, false);
    }
  }
});

test('a changed first message is seen with the second', () => {
  const [initiator, responder] = [side('initiator'), side('responder')];
  const first = initiator.write(utf8.encode('hello'));
  assert.ok(first);
  first[32] ^= 1;
  assert.ok('payload' in responder.read(first));
  assert.deepEqual(initiator.read(responder.write(NOTHING) ?? NOTHING), { fault: 'forged' });
});

test('another prologue, such as another cluster, ends the handshake', () => {
  const [initiator, responder] = [side('initiator', 'north'), side('responder', 'south')];
  responder.read(initiator.write(NOTHING) ?? NOTHING);
  assert.deepEqual(initiator.read(responder.write(NOTHING) ?? NOTHING), { fault: 'forged' });
});

test('an ephemeral key of small order ends the handshake before anything is sent under it', () => {
  const responder = side('responder');
  assert.deepEqual(responder.read(new Uint8Array(32)), { payload: NOTHING });
  assert.equal(responder.write(NOTHING), undefined);
  assert.equal(responder.fault, 'weak-key');
  const initiator = side('initiator');
  initiator.write(NOTHING);
  assert.deepEqual(initiator.read(new Uint8Array(200)), { fault: 'weak-key' });
});

test('what random bytes are read as is a fault, never an exception', () => {
  const random = new SeededRandom(31);
  for (let round = 0; round < 300; round++) {
    const initiator = side('initiator');
    initiator.write(NOTHING);
    assert.ok('fault' in initiator.read(random.bytes(round)));
  }
});

test('a message longer than Noise allows is refused on either side', () => {
  assert.deepEqual(side('responder').read(new Uint8Array(NOISE_MESSAGE_BYTES_MAX + 1)), {
    fault: 'too-long',
  });
  assert.throws(() => side('initiator').write(new Uint8Array(NOISE_MESSAGE_BYTES_MAX - 31)), /at most 65535/);
});

test('speaking out of turn, or without a key that the pattern needs, is our own bug', () => {
  const responder = side('responder');
  assert.throws(() => responder.write(NOTHING), /turn to write/);
  const initiator = side('initiator');
  assert.throws(() => initiator.read(NOTHING), /other side's turn/);
  const [done] = bothDone();
  assert.throws(() => done.write(NOTHING), /turn to write/);
  assert.throws(() => done.read(NOTHING), /other side's turn/);
  const options = { provider, role: 'initiator', prologue: NOTHING, ephemeralSecret: NOTHING } as const;
  assert.throws(() => new NoiseHandshake({ ...options, pattern: NOISE_XX }), /expected 32 bytes/);
  const ephemeralSecret = new Uint8Array(32).fill(5);
  assert.throws(
    () => new NoiseHandshake({ ...options, ephemeralSecret, pattern: noisePatternOf('NK') }),
    /NK needs the other side's static key/,
  );
  const keyless = new NoiseHandshake({ ...options, ephemeralSecret, pattern: noisePatternOf('IX') });
  assert.throws(() => keyless.write(NOTHING), /needs an own static key/);
});

test('a transport that loses messages goes on by setting the nonce, and a forged one moves nothing', () => {
  const [initiator, responder] = bothDone();
  assert.ok(initiator.session && responder.session);
  const { sending } = initiator.session;
  const { receiving } = responder.session;
  const messages = [0, 1, 2].map((n) => sending.encrypt(NOTHING, Uint8Array.of(n)));
  assert.deepEqual(receiving.decrypt(NOTHING, messages[2] ?? NOTHING), { fault: 'forged' });
  receiving.setNonce(2);
  assert.deepEqual(receiving.decrypt(NOTHING, messages[2] ?? NOTHING), { payload: Uint8Array.of(2) });
  receiving.setNonce(0);
  assert.deepEqual(receiving.decrypt(NOTHING, messages[0] ?? NOTHING), { payload: Uint8Array.of(0) });
  assert.deepEqual(receiving.decrypt(NOTHING, new Uint8Array(15)), { fault: 'truncated' });
  assert.throws(() => receiving.setNonce(-1), /nonce: expected/);
});

test('nonces run out before they repeat', () => {
  const [initiator, responder] = bothDone();
  assert.ok(initiator.session && responder.session);
  const { sending } = initiator.session;
  const { receiving } = responder.session;
  for (const cipher of [sending, receiving]) cipher.setNonce(Number.MAX_SAFE_INTEGER - 1);
  const last = sending.encrypt(NOTHING, utf8.encode('last'));
  assert.deepEqual(receiving.decrypt(NOTHING, last), { payload: utf8.encode('last') });
  assert.throws(() => sending.encrypt(NOTHING, NOTHING), /used up/);
  assert.deepEqual(receiving.decrypt(NOTHING, last), { fault: 'exhausted' });
});

test('an attempt that fails leaves the handshake as it was, so that the true message is still read', () => {
  for (const count of [1, 2, 3] as const) {
    const { receiver, message } = upTo(count);
    for (let at = 0; at < message.length; at++) {
      // Message 1 isn't encrypted: any 32 bytes are an ephemeral key, so only its length can be wrong.
      const changed = count === 1 ? message.slice(0, 31) : message.with(at, message[at] ^ 1);
      assert.ok('fault' in receiver.attempt(changed), `message ${count}, byte ${at}`);
      assert.equal(receiver.fault, undefined);
      assert.equal(receiver.session, undefined);
    }
    assert.ok('payload' in receiver.attempt(message));
  }
  const [initiator, responder] = [side('initiator'), side('responder')];
  responder.attempt(initiator.write(NOTHING) ?? NOTHING);
  const second = responder.write(NOTHING) ?? NOTHING;
  assert.ok('fault' in initiator.attempt(second.with(40, second[40] ^ 1)));
  assert.ok('payload' in initiator.attempt(second));
  assert.ok('payload' in responder.attempt(initiator.write(NOTHING) ?? NOTHING));
  assert.deepEqual(initiator.session?.handshakeHash, responder.session?.handshakeHash);
});

test('a fault that ended the handshake is not undone by an attempt', () => {
  const { receiver, message } = upTo(2);
  assert.ok('fault' in receiver.read(message.with(40, message[40] ^ 1)));
  assert.deepEqual(receiver.attempt(message), { fault: 'forged' });
});
