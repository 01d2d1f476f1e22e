import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { fromHex, toHex } from '../core/ids.ts';
import { SeededRandom } from '../core/random.ts';
import type { CryptoProvider, SealKey } from '../crypto/provider.ts';
import { assert, type TestFunction } from './check.ts';

export interface ProviderUnderTest {
  readonly provider: CryptoProvider;
  /** The provider's ChaCha20-Poly1305 under a raw key. */
  readonly sealKeyOf: (subkey: Uint8Array) => SealKey;
}

const utf8 = new TextEncoder();
const EMPTY = new Uint8Array(0);

/** What each implementation of `CryptoProvider` must do, by the vectors of the standards and by noble's whole construction. */
export function complyAsCryptoProvider(tell: TestFunction, { provider, sealKeyOf }: ProviderUnderTest): void {
  const test: TestFunction = (title, body) => tell(`the ${provider.name} provider ${title}`, body);
  test('hashes as FIPS 180-4 says', () => {
    assert.equal(toHex(provider.sha256(utf8.encode('abc'))), SHA256_ABC);
    assert.equal(toHex(provider.sha256(EMPTY)), SHA256_EMPTY);
  });

  for (const [name, vector] of Object.entries(HKDF_VECTORS)) {
    test(`derives keys as RFC 5869 ${name} says`, () => {
      const { ikm, salt, info, okm } = vector;
      const derived = provider.hkdf(fromHex(ikm), fromHex(salt), fromHex(info), okm.length / 2);
      assert.equal(toHex(derived), okm);
    });
  }

  test('opens the message of RFC 8439 appendix A.5, and seals it to the same bytes', () => {
    const { key, counter8, aad, sealed, text } = RFC8439_A5;
    const plaintext = sealKeyOf(fromHex(key)).open(fromHex(counter8), fromHex(aad), fromHex(sealed));
    assert.ok(plaintext);
    assert.equal(new TextDecoder().decode(plaintext), text);
    assert.equal(toHex(sealKeyOf(fromHex(key)).seal(fromHex(counter8), fromHex(aad), plaintext)), sealed);
  });

  test('seals as draft-irtf-cfrg-xchacha-03 appendix A.3.1 says', () => {
    const { key, nonce, aad, sealed, text } = XCHACHA_A31;
    const sealKey = provider.sealKey(fromHex(key), fromHex(nonce.slice(0, 32)));
    const bytes = sealKey.seal(fromHex(nonce.slice(32)), fromHex(aad), utf8.encode(text));
    assert.equal(toHex(bytes), sealed);
  });

  test('makes of salt and counter the same datagrams as a whole XChaCha20-Poly1305', () => {
    const random = new SeededRandom(20_250_301);
    for (let length = 0; length <= 1152; length += 64) {
      const key = random.bytes(32);
      const nonce = random.bytes(24);
      const aad = random.bytes(length % 97);
      const plaintext = random.bytes(length);
      const whole = xchacha20poly1305(key, nonce, aad).encrypt(plaintext);
      const sealKey = provider.sealKey(key, nonce.subarray(0, 16));
      assert.deepEqual(sealKey.seal(nonce.subarray(16), aad, plaintext), whole);
      assert.deepEqual(sealKey.open(nonce.subarray(16), aad, whole), plaintext);
    }
  });

  test('opens nothing of which any bit was changed, and never throws for it', () => {
    const key = provider.sealKey(new Uint8Array(32).fill(7), new Uint8Array(16).fill(9));
    const counter8 = new Uint8Array(8).fill(1);
    const aad = utf8.encode('header');
    const sealed = key.seal(counter8, aad, utf8.encode('hello'));
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3] ^= 1 << (bit & 7);
      assert.equal(key.open(counter8, aad, changed), undefined);
    }
    assert.equal(key.open(new Uint8Array(8), aad, sealed), undefined);
    assert.equal(key.open(counter8, utf8.encode('Header'), sealed), undefined);
    for (let length = 0; length < sealed.length; length++)
      assert.equal(key.open(counter8, aad, sealed.subarray(0, length)), undefined);
    assert.deepEqual(key.open(counter8, aad, sealed), utf8.encode('hello'));
  });

  test('tells the genuine from the forged in any order, and leaves the stacks of other errors alone', () => {
    const key = sealKeyOf(new Uint8Array(32).fill(3));
    const counter8 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1);
    const sealed = key.seal(counter8, EMPTY, utf8.encode('genuine'));
    const forged = sealed.slice();
    forged[forged.length - 1] ^= 1;
    const before = Error.stackTraceLimit;
    for (let i = 0; i < 200; i++) {
      const isForged = i % 3 === 0 && i < 100;
      assert.equal(key.open(counter8, EMPTY, isForged ? forged : sealed) === undefined, isForged, `${i}`);
      assert.equal(Error.stackTraceLimit, before);
    }
  });

  test('seals to the same bytes where it is given room for them', () => {
    const key = sealKeyOf(new Uint8Array(32).fill(3));
    const counter8 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1);
    const plaintext = utf8.encode('genuine');
    const room = new Uint8Array(60).fill(0xee);
    const target = room.subarray(10, 10 + plaintext.length + 16);
    const sealed = key.seal(counter8, EMPTY, plaintext, target);
    assert.equal(toHex(sealed), toHex(key.seal(counter8, EMPTY, plaintext)));
    assert.ok(
      room.subarray(0, 10).every((byte) => byte === 0xee),
      'nothing before it',
    );
    assert.ok(
      room.subarray(10 + target.length).every((byte) => byte === 0xee),
      'nothing behind it',
    );
  });

  test('gives results whose slice is a copy', () => {
    const key = provider.sealKey(new Uint8Array(32), new Uint8Array(16));
    const sealed = key.seal(new Uint8Array(8), EMPTY, utf8.encode('hello'));
    const opened = key.open(new Uint8Array(8), EMPTY, sealed);
    assert.ok(opened);
    for (const bytes of [provider.sha256(EMPTY), sealed, opened]) {
      const copy = bytes.slice();
      copy[0] ^= 255;
      assert.notEqual(copy[0], bytes[0]);
    }
  });

  test('refuses a key or salt of the wrong length by a clear error', () => {
    assert.throws(() => provider.sealKey(new Uint8Array(31), new Uint8Array(16)), /key: expected 32 bytes/);
    assert.throws(() => provider.sealKey(new Uint8Array(32), new Uint8Array(24)), /salt: expected 16 bytes/);
  });

  for (const [index, vector] of ED25519_VECTORS.entries()) {
    test(`signs and verifies as RFC 8032 section 7.1 vector ${index + 1} says`, () => {
      const [seed, publicKey, message, signature] = vector.map(fromHex);
      assert.equal(toHex(provider.publicKey(seed)), toHex(publicKey));
      assert.equal(toHex(provider.sign(seed, message)), toHex(signature));
      assert.equal(provider.verify(publicKey, message, signature), true);
      assert.equal(provider.verify(publicKey, utf8.encode('other'), signature), false);
    });
  }

  test('takes no malformed key or signature for a valid one, and never throws for it', () => {
    const [, publicKey, message, signature] = ED25519_VECTORS[1].map(fromHex);
    assert.equal(provider.verify(publicKey.subarray(1), message, signature), false);
    assert.equal(provider.verify(publicKey, message, signature.subarray(1)), false);
    assert.equal(provider.verify(new Uint8Array(32).fill(255), message, signature), false);
    assert.equal(provider.verify(fromHex(NO_POINT), message, signature), false);
    assert.equal(provider.verify(publicKey, message, withOrderAdded(signature)), false);
  });
}

/** The same signature with S + L: equal as a number, but not canonical (RFC 8032 section 5.1.7). */
function withOrderAdded(signature: Uint8Array): Uint8Array {
  const order = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
  const changed = signature.slice();
  let carry = 0;
  for (let i = 0; i < 32; i++) {
    const sum = changed[32 + i] + order[i] + carry;
    changed[32 + i] = sum & 255;
    carry = sum >> 8;
  }
  return changed;
}

const SHA256_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const SHA256_EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const HKDF_VECTORS = {
  'A.1': {
    ikm: '0b'.repeat(22),
    salt: '000102030405060708090a0b0c',
    info: 'f0f1f2f3f4f5f6f7f8f9',
    okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  },
  'A.3': {
    ikm: '0b'.repeat(22),
    salt: '',
    info: '',
    okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  },
};

const RFC8439_A5 = {
  key: '1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0',
  counter8: '0102030405060708',
  aad: 'f33388860000000000004e91',
  sealed: [
    '64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0',
    'bdb7b73c321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855',
    '9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e9',
    '9040c5a40433225ee282a1b0a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a',
    '0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91d361094fa68f0ff77987130',
    '305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709b',
    'eead9d67890cbb22392336fea1851f38',
  ].join(''),
  text:
    'Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or ' +
    'obsoleted by other documents at any time. It is inappropriate to use Internet-Drafts as reference ' +
    'material or to cite them other than as /\u201cwork in progress./\u201d',
};

const XCHACHA_A31 = {
  key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
  nonce: '404142434445464748494a4b4c4d4e4f5051525354555657',
  aad: '50515253c0c1c2c3c4c5c6c7',
  sealed: [
    'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39',
    'ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9',
    '21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49',
  ].join(''),
  text: "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
};

const ED25519_VECTORS: readonly (readonly string[])[] = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
  [
    '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  ],
];

/** y = 2: no point of the curve has it. */
const NO_POINT = '0200000000000000000000000000000000000000000000000000000000000000';
