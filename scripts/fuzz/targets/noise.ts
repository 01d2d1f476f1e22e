import { agreementKeyFrom } from '#runtime/crypto/agreement-key.ts';
import { NoiseHandshake } from '#runtime/crypto/noise/handshake-state.ts';
import { NOISE_XX } from '#runtime/crypto/noise/pattern.ts';
import { type FuzzTarget, promise } from '../contract.ts';
import { quickAgreement } from '../fixtures.ts';
import { joined } from '../mutator.ts';

const provider = quickAgreement();
const PROLOGUE = new Uint8Array(20).fill(5);
const HELLO = new Uint8Array(3).fill(1);

function side(role: 'initiator' | 'responder'): NoiseHandshake {
  const fill = role === 'initiator' ? 1 : 2;
  return new NoiseHandshake({
    provider,
    pattern: NOISE_XX,
    role,
    prologue: PROLOGUE,
    ephemeralSecret: new Uint8Array(32).fill(10 + fill),
    ownStatic: agreementKeyFrom(provider, new Uint8Array(32).fill(fill)),
  });
}

/** True messages of one handshake, the last index the one that is next. */
function upTo(turn: number): { readonly reader: NoiseHandshake; readonly next: Uint8Array } {
  const [initiator, responder] = [side('initiator'), side('responder')];
  for (let i = 0; ; i++) {
    const [writer, reader] = i % 2 === 0 ? [initiator, responder] : [responder, initiator];
    const next = writer.write(HELLO);
    if (next === undefined) throw new Error('a handshake with itself fails');
    if (i === turn) return { reader, next };
    reader.read(next);
  }
}

/** Messages of Noise that somebody bent: refused, and the true one is still read afterwards. */
export const noise: FuzzTarget = {
  name: 'noise',
  about: 'messages of a Noise handshake at each turn; a bad one leaves it as it was',
  shape: 'bytes',
  prefixBytes: 1,
  bytesMax: 300,
  weight: 8,
  reaches: ['read', 'truncated', 'forged', 'weak-key'],
  seeds: () => [
    ...[0, 1, 2].map((turn) => joined(Uint8Array.of(turn), upTo(turn).next)),
    joined(Uint8Array.of(1), new Uint8Array(112)),
    Uint8Array.of(2),
  ],
  prepare: () => (input) => {
    const { reader, next } = upTo((input[0] ?? 0) % 3);
    const read = reader.attempt(input.subarray(1));
    if ('payload' in read) return 'read';
    promise(reader.fault === undefined && reader.session === undefined, 'a bad message ends the handshake');
    const truly = reader.read(next);
    promise(
      'payload' in truly && truly.payload.length === HELLO.length,
      'after a bad message the true one is not read',
    );
    return read.fault;
  },
};
