import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import { agreementKeyFrom } from '#runtime/crypto/agreement-key.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { NoiseHandshake } from '#runtime/crypto/noise/handshake-state.ts';
import { NOISE_XX, type NoiseRole } from '#runtime/crypto/noise/pattern.ts';
import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { noisePatternOf } from '../support/noise-patterns.ts';

interface NoiseVector {
  readonly protocol: string;
  readonly prologue: string;
  readonly initiatorStatic?: string;
  readonly responderStatic?: string;
  readonly initiatorEphemeral: string;
  readonly responderEphemeral?: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

const { vectors } = JSON.parse(readFileSync(join(import.meta.dirname, 'published/noise.json'), 'utf8')) as {
  readonly vectors: readonly NoiseVector[];
};

test('the pattern that is used is XX of the specification', () => {
  assert.deepEqual(NOISE_XX, noisePatternOf('XX'));
});

for (const provider of [nobleProvider, createNodeProvider()]) {
  describe(`with the ${provider.name} provider`, () => {
    for (const [index, vector] of vectors.entries())
      test(`published vector ${index + 1}, ${vector.protocol}`, () => play(provider, vector));
  });
}

/** Both sides, message by message; after the handshake the initiator begins again. */
function play(provider: CryptoProvider, vector: NoiseVector): void {
  const initiator = sideOf(provider, vector, 'initiator');
  const responder = sideOf(provider, vector, 'responder');
  const handshakeMessages = noisePatternOf(vector.protocol.split('_')[1] ?? '').messages.length;
  for (const [turn, { payload, ciphertext }] of vector.messages.entries()) {
    const inPhase = turn < handshakeMessages ? turn : turn - handshakeMessages;
    const [from, to] = inPhase % 2 === 0 ? [initiator, responder] : [responder, initiator];
    const sent =
      from.session === undefined
        ? from.write(fromHex(payload))
        : from.session.sending.encrypt(new Uint8Array(0), fromHex(payload));
    assert.equal(toHex(sent ?? new Uint8Array(0)), ciphertext, `message ${turn}`);
    const read =
      to.session === undefined
        ? to.read(fromHex(ciphertext))
        : to.session.receiving.decrypt(new Uint8Array(0), fromHex(ciphertext));
    assert.ok('payload' in read, `message ${turn}`);
    assert.equal(toHex(read.payload), payload, `message ${turn}`);
  }
  assert.ok(initiator.session && responder.session);
  assert.deepEqual(initiator.session.handshakeHash, responder.session.handshakeHash);
}

function sideOf(provider: CryptoProvider, vector: NoiseVector, role: NoiseRole): NoiseHandshake {
  const pattern = noisePatternOf(vector.protocol.split('_')[1] ?? '');
  const isInitiator = role === 'initiator';
  const own = isInitiator ? vector.initiatorStatic : vector.responderStatic;
  const peer = isInitiator ? vector.responderStatic : vector.initiatorStatic;
  const knowsPeer = isInitiator ? pattern.known.responder : pattern.known.initiator;
  const ephemeral = isInitiator ? vector.initiatorEphemeral : vector.responderEphemeral;
  return new NoiseHandshake({
    provider,
    pattern,
    role,
    prologue: fromHex(vector.prologue),
    ephemeralSecret: fromHex(ephemeral ?? '11'.repeat(32)),
    ...(own === undefined ? {} : { ownStatic: agreementKeyFrom(provider, fromHex(own)) }),
    ...(knowsPeer && peer !== undefined
      ? { peerStatic: agreementKeyFrom(provider, fromHex(peer)).publicKey }
      : {}),
  });
}
