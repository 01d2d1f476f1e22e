import { fromHex, toHex } from '../core/ids.ts';
import { SeededRandom } from '../core/random.ts';
import { hchacha20 } from '../crypto/hchacha.ts';
import type { CryptoProvider, ScryptCost } from '../crypto/provider.ts';
import { openObject, sealObject } from '../crypto/xchacha.ts';
import { assert, type TestFunction } from './check.ts';

const utf8 = new TextEncoder();
const CHEAP: ScryptCost = { costLog2: 10, blockSize: 8, parallel: 1 };

/** What each implementation must do for objects at rest: XChaCha20-Poly1305 in one go, and keys made of passphrases. */
export function complyForObjects(tell: TestFunction, provider: CryptoProvider): void {
  const test: TestFunction = (title, body) =>
    tell(`objects at rest with the ${provider.name} provider ${title}`, body);
  test('the subkey is that of draft-irtf-cfrg-xchacha-03 section 2.2.1', () => {
    const { key, nonce, subkey } = HCHACHA;
    assert.equal(toHex(hchacha20(fromHex(key), fromHex(nonce))), subkey);
  });

  test('are sealed as draft-irtf-cfrg-xchacha-03 appendix A.3.1 says, and opened again', () => {
    const { key, nonce, aad, sealed, text } = XCHACHA_A31;
    const seal = { key: fromHex(key), nonce: fromHex(nonce), aad: fromHex(aad) };
    assert.equal(toHex(sealObject(provider, seal, utf8.encode(text))), sealed);
    assert.deepEqual(openObject(provider, seal, fromHex(sealed)), utf8.encode(text));
  });

  test('open under no other key, nonce or associated data, changed or cut nowhere', () => {
    const random = new SeededRandom(20);
    const seal = { key: random.bytes(32), nonce: random.bytes(24), aad: random.bytes(5) };
    const sealed = sealObject(provider, seal, random.bytes(40));
    assert.ok(openObject(provider, seal, sealed));
    for (const field of ['key', 'nonce', 'aad'] as const) {
      for (let i = 0; i < seal[field].length; i++) {
        const changed = seal[field].slice();
        changed[i] ^= 1;
        assert.equal(openObject(provider, { ...seal, [field]: changed }, sealed), undefined, `${field} ${i}`);
      }
    }
    for (let length = 0; length < sealed.length; length++)
      assert.equal(openObject(provider, seal, sealed.subarray(0, length)), undefined, `${length} bytes`);
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice();
      changed[i] ^= 0x80;
      assert.equal(openObject(provider, seal, changed), undefined, `byte ${i}`);
    }
  });

  test('refuse a nonce of another length by a clear error', () => {
    const seal = { key: new Uint8Array(32), nonce: new Uint8Array(12), aad: new Uint8Array(0) };
    assert.throws(() => sealObject(provider, seal, new Uint8Array(1)), /nonce: expected 24 bytes; got 12/);
    assert.throws(() => openObject(provider, seal, new Uint8Array(17)), /nonce: expected 24 bytes; got 12/);
  });

  test('a key as it is seals as RFC 8439 appendix A.5 says', () => {
    const sealed = provider
      .cipherKey(fromHex(RFC8439_A5.key))
      .seal(fromHex('0102030405060708'), fromHex(RFC8439_A5.aad), utf8.encode(RFC8439_A5.text));
    assert.equal(toHex(sealed.subarray(0, 32)), RFC8439_A5.first32);
    assert.equal(toHex(sealed.subarray(-16)), RFC8439_A5.tag);
  });

  test('a passphrase makes the key of RFC 7914 section 12', () => {
    const cost = { costLog2: 14, blockSize: 8, parallel: 1 };
    const key = provider.scrypt(utf8.encode('pleaseletmein'), utf8.encode('SodiumChloride'), cost);
    assert.equal(toHex(key), '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2');
  });

  test('parameters of a passphrase that are out of bounds are refused before any work', () => {
    const wrong: readonly Partial<ScryptCost>[] = [
      { costLog2: 9 },
      { costLog2: 21 },
      { costLog2: 10.5 },
      { blockSize: 0 },
      { blockSize: 17 },
      { parallel: 0 },
      { parallel: 5 },
    ];
    for (const part of wrong)
      assert.throws(
        () => provider.scrypt(new Uint8Array(1), new Uint8Array(16), { ...CHEAP, ...part }),
        /expected an integer from/,
        JSON.stringify(part),
      );
  });
}

const HCHACHA = {
  key: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
  nonce: '000000090000004a0000000031415927',
  subkey: '82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc',
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

const RFC8439_A5 = {
  key: '1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0',
  aad: 'f33388860000000000004e91',
  first32: '64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2',
  tag: 'eead9d67890cbb22392336fea1851f38',
  text:
    'Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or ' +
    'obsoleted by other documents at any time. It is inappropriate to use Internet-Drafts as reference ' +
    'material or to cite them other than as /\u201cwork in progress./\u201d',
};
