import { fromHex, toHex } from '../core/ids.ts';
import { SeededRandom } from '../core/random.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { assert, type TestFunction } from './check.ts';

/** What each implementation of X25519 must do: the vectors of RFC 7748, and the edge cases that libraries are known to differ on. */
export function complyAsX25519(tell: TestFunction, provider: CryptoProvider): void {
  const agree = (secret: string, publicKey: string): string | undefined => {
    const shared = provider.agree(fromHex(secret), fromHex(publicKey));
    return shared === undefined ? undefined : toHex(shared);
  };

  const test: TestFunction = (title, body) => tell(`X25519 of the ${provider.name} provider ${title}`, body);
  for (const [index, [scalar, u, result]] of RFC7748_52.entries()) {
    test(`multiplies as RFC 7748 section 5.2 vector ${index + 1} says`, () =>
      assert.equal(agree(scalar, u), result));
  }

  test('multiplies as RFC 7748 section 5.2 says after 1 and after 1,000 iterations', () => {
    let k = fromHex(BASE_POINT);
    let u = k;
    for (let round = 1; round <= 1_000; round++) {
      const next = provider.agree(k, u);
      assert.ok(next);
      [k, u] = [next, k];
      if (round === 1) assert.equal(toHex(k), ITERATED[1]);
    }
    assert.equal(toHex(k), ITERATED[1000]);
  });

  test('makes the keys and the shared secret of RFC 7748 section 6.1, either way', () => {
    const { alice, alicePublic, bob, bobPublic, shared } = RFC7748_61;
    assert.equal(toHex(provider.agreementPublicKey(fromHex(alice))), alicePublic);
    assert.equal(toHex(provider.agreementPublicKey(fromHex(bob))), bobPublic);
    assert.equal(agree(alice, bobPublic), shared);
    assert.equal(agree(bob, alicePublic), shared);
  });

  test('shares nothing with a public key of small order, in whatever encoding', () => {
    const secret = toHex(new SeededRandom(4).bytes(32));
    for (const u of SMALL_ORDER_U) {
      assert.equal(agree(secret, u), undefined, u);
      assert.equal(agree(secret, withHighBit(u)), undefined, `${u} with the high bit`);
    }
  });

  test('takes a public key that is not canonical for what it is modulo p, and ignores the high bit', () => {
    const secret = toHex(new SeededRandom(5).bytes(32));
    for (let small = 2; small <= 18; small++) {
      const canonical = `${small.toString(16).padStart(2, '0')}${'00'.repeat(31)}`;
      // p + small: p ends in ed.
      const beyond = `${(0xed + small).toString(16)}${'ff'.repeat(30)}7f`;
      const expected = agree(secret, canonical);
      assert.ok(expected);
      assert.equal(agree(secret, beyond), expected, beyond);
      assert.equal(agree(secret, withHighBit(canonical)), expected, 'high bit');
    }
  });

  test('ignores the bits of a secret that clamping sets', () => {
    const secret = new SeededRandom(6).bytes(32);
    const other = secret.slice();
    other[0] ^= 7;
    other[31] ^= 0xc0;
    assert.deepEqual(provider.agreementPublicKey(secret), provider.agreementPublicKey(other));
    const peer = provider.agreementPublicKey(new SeededRandom(7).bytes(32));
    assert.deepEqual(provider.agree(secret, peer), provider.agree(other, peer));
  });

  test('answers undefined to a public key of another length, and throws for a secret of one', () => {
    const secret = new Uint8Array(32).fill(9);
    for (const length of [0, 1, 31, 33, 64])
      assert.equal(provider.agree(secret, new Uint8Array(length).fill(9)), undefined, `${length} bytes`);
    assert.throws(
      () => provider.agree(secret.subarray(1), fromHex(BASE_POINT)),
      /X25519 secret: expected 32/,
    );
    assert.throws(() => provider.agreementPublicKey(new Uint8Array(33)), /X25519 secret: expected 32/);
  });

  test('reads keys that begin at any byte of a buffer, and gives results whose slice is a copy', () => {
    const buffer = new SeededRandom(8).bytes(67);
    const [secret, peer] = [buffer.subarray(1, 33), buffer.subarray(35, 67)];
    const shared = provider.agree(secret, peer);
    assert.ok(shared);
    assert.deepEqual(shared, provider.agree(secret.slice(), peer.slice()));
    const copy = shared.slice();
    copy[0] ^= 255;
    assert.notEqual(copy[0], shared[0]);
  });
}

function withHighBit(u: string): string {
  const bytes = fromHex(u);
  bytes[31] |= 0x80;
  return toHex(bytes);
}

const BASE_POINT = `09${'00'.repeat(31)}`;

const RFC7748_52: readonly (readonly [scalar: string, u: string, result: string])[] = [
  [
    'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
    'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
    'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
  ],
  [
    '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
    'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
    '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
  ],
];

const ITERATED = {
  1: '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079',
  1000: '684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51',
};

const RFC7748_61 = {
  alice: '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
  alicePublic: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
  bob: '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
  bobPublic: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
  shared: '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
};

/** u of the points whose order divides 8, on the curve and on its twist; the last three aren't canonical (p, p + 1). */
const SMALL_ORDER_U: readonly string[] = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
];
