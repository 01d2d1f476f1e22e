import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { fromHex } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';

const node = createNodeProvider();
const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;

test('both providers make the same hashes, derived keys, public keys and signatures', () => {
  const random = new SeededRandom(8);
  for (let round = 0; round < 20; round++) {
    const seed = random.bytes(32);
    const data = random.bytes(round * 13);
    assert.deepEqual(node.sha256(data), nobleProvider.sha256(data));
    assert.deepEqual(node.hkdf(seed, data, data, 32), nobleProvider.hkdf(seed, data, data, 32));
    assert.deepEqual(node.publicKey(seed), nobleProvider.publicKey(seed));
    assert.deepEqual(node.sign(seed, data), nobleProvider.sign(seed, data));
  }
});

test('both providers make the same agreement keys, shared secrets and passphrase keys', () => {
  const random = new SeededRandom(10);
  const cost = { costLog2: 10, blockSize: 8, parallel: 2 };
  for (let round = 0; round < 20; round++) {
    // A random u lies on the curve or on its twist: both count.
    const [secret, u] = [random.bytes(32), random.bytes(32)];
    assert.deepEqual(node.agreementPublicKey(secret), nobleProvider.agreementPublicKey(secret));
    assert.deepEqual(node.agree(secret, u), nobleProvider.agree(secret, u));
    const passphrase = random.bytes(round);
    assert.deepEqual(node.scrypt(passphrase, u, cost), nobleProvider.scrypt(passphrase, u, cost));
    const [key, counter8, text] = [random.bytes(32), random.bytes(8), random.bytes(7 * round)];
    const sealed = node.cipherKey(key).seal(counter8, u, text);
    assert.deepEqual(nobleProvider.cipherKey(key).seal(counter8, u, text), sealed);
  }
});

test('both providers judge alike signatures with any byte of key or signature changed', () => {
  const random = new SeededRandom(11);
  const seed = random.bytes(32);
  const message = random.bytes(33);
  const publicKey = node.publicKey(seed);
  const signature = node.sign(seed, message);
  for (let at = 0; at < 96; at++) {
    const [key, changed] = [publicKey.slice(), signature.slice()];
    if (at < 32) key[at] ^= 1 << (at & 7);
    else changed[at - 32] ^= 1 << (at & 7);
    for (const provider of [node, nobleProvider])
      assert.equal(provider.verify(key, message, changed), false, `${provider.name} byte ${at}`);
  }
});

test('both providers refuse a signature whose S was raised by the order, up to the largest that fits', () => {
  const seed = new SeededRandom(12).bytes(32);
  const message = Uint8Array.of(7);
  const publicKey = node.publicKey(seed);
  const signature = node.sign(seed, message);
  const s = littleEndian(signature.subarray(32));
  for (let times = 1n; s + times * ORDER < 2n ** 256n; times++) {
    const raised = withS(signature, s + times * ORDER);
    for (const provider of [node, nobleProvider])
      assert.equal(provider.verify(publicKey, message, raised), false, `${provider.name} S + ${times} L`);
  }
  for (const wrong of [0n, ORDER - s, ORDER, ORDER - 1n, 2n ** 253n, 2n ** 256n - 1n]) {
    for (const provider of [node, nobleProvider])
      assert.equal(provider.verify(publicKey, message, withS(signature, wrong)), false, `${wrong}`);
  }
});

test('both providers refuse a signature whose R is not encoded canonically or is of small order', () => {
  const seed = new SeededRandom(13).bytes(32);
  const message = Uint8Array.of(8);
  const publicKey = node.publicKey(seed);
  const signature = node.sign(seed, message);
  const beyond = new Uint8Array(32).fill(255);
  beyond[31] = 0x7f;
  for (const r of [beyond, ...ED25519_TORSION_SUBGROUP.map(fromHex)]) {
    const changed = signature.slice();
    changed.set(r);
    for (const provider of [node, nobleProvider])
      assert.equal(provider.verify(publicKey, message, changed), false, provider.name);
  }
});

test('both providers open what the other sealed', () => {
  const random = new SeededRandom(9);
  const [key, salt, counter8, aad, text] = [32, 16, 8, 80, 700].map((length) => random.bytes(length));
  const ofNode = node.sealKey(key, salt);
  const ofNoble = nobleProvider.sealKey(key, salt);
  assert.deepEqual(ofNoble.open(counter8, aad, ofNode.seal(counter8, aad, text)), text);
  assert.deepEqual(ofNode.open(counter8, aad, ofNoble.seal(counter8, aad, text)), text);
});

test('both providers refuse every public key of small order, whatever the signature', () => {
  const message = new Uint8Array(0);
  for (const hex of ED25519_TORSION_SUBGROUP) {
    const publicKey = fromHex(hex);
    // R = identity, S = 0: holds for any message under a key of small order when the cofactor is multiplied in.
    const signature = new Uint8Array(64);
    signature[0] = 1;
    for (const provider of [node, nobleProvider])
      assert.equal(provider.verify(publicKey, message, signature), false, `${provider.name} ${hex}`);
  }
});

test('both providers judge alike signatures that hold only with the cofactor', () => {
  const verdicts = { accepted: 0, refused: 0 };
  const torsion = Point.fromHex(ED25519_TORSION_SUBGROUP.find((hex) => isOfOrderEight(hex)) ?? '');
  for (let round = 0; round < 64; round++) {
    const secret = 1_000_003n + BigInt(round);
    const publicKey = Point.BASE.multiply(secret).add(torsion).toBytes();
    const message = Uint8Array.of(round);
    const signature = signWith({ secret, nonce: 777_777n, publicKey, message });
    const verdict = node.verify(publicKey, message, signature);
    assert.equal(nobleProvider.verify(publicKey, message, signature), verdict, `round ${round}`);
    verdicts[verdict ? 'accepted' : 'refused']++;
  }
  // About one in eight holds without the cofactor too: both outcomes must have been seen for this test to say anything.
  assert.ok(verdicts.accepted > 0 && verdicts.refused > 0, JSON.stringify(verdicts));
});

test('both providers refuse a public key that is not encoded canonically', () => {
  const seed = new SeededRandom(3).bytes(32);
  const message = Uint8Array.of(1);
  const signature = node.sign(seed, message);
  // y = p + 3, which a lenient decoder takes for 3.
  const publicKey = new Uint8Array(32).fill(255);
  publicKey[0] = 0xf0;
  publicKey[31] = 0x7f;
  for (const provider of [node, nobleProvider])
    assert.equal(provider.verify(publicKey, message, signature), false);
});

function isOfOrderEight(hex: string): boolean {
  const point = Point.fromHex(hex);
  return !point.double().double().is0();
}

/** Ed25519 with a chosen secret scalar and nonce (RFC 8032 section 5.1.6 from step 3 on). */
function signWith(input: {
  secret: bigint;
  nonce: bigint;
  publicKey: Uint8Array;
  message: Uint8Array;
}): Uint8Array {
  const r = Point.BASE.multiply(input.nonce).toBytes();
  const hash = sha512.create().update(r).update(input.publicKey).update(input.message).digest();
  const k = [...hash].reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n) % ORDER;
  let s = (input.nonce + k * input.secret) % ORDER;
  const signature = new Uint8Array(64);
  signature.set(r);
  for (let i = 32; i < 64; i++, s >>= 8n) signature[i] = Number(s & 255n);
  return signature;
}

function littleEndian(bytes: Uint8Array): bigint {
  return [...bytes].reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function withS(signature: Uint8Array, s: bigint): Uint8Array {
  const changed = signature.slice();
  for (let i = 0, rest = s; i < 32; i++, rest >>= 8n) changed[32 + i] = Number(rest & 255n);
  return changed;
}
