import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '#runtime/core/ids.ts';
import { HmacSha256 } from '#runtime/crypto/hmac.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';

const utf8 = new TextEncoder();

/** RFC 4231, test cases 1 to 4. */
const CASES: readonly (readonly [Uint8Array, Uint8Array, string])[] = [
  [
    new Uint8Array(20).fill(0x0b),
    utf8.encode('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    utf8.encode('Jefe'),
    utf8.encode('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    new Uint8Array(20).fill(0xaa),
    new Uint8Array(50).fill(0xdd),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  ],
  [
    Uint8Array.from({ length: 25 }, (_, i) => i + 1),
    new Uint8Array(50).fill(0xcd),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
];

for (const provider of [nobleProvider, createNodeProvider()]) {
  test(`HMAC-SHA256 gives the results of RFC 4231, with the ${provider.name} provider`, () => {
    for (const [key, message, expected] of CASES)
      assert.equal(toHex(new HmacSha256(provider, key).of(message)), expected);
  });
}

test('a key longer than a block is refused', () => {
  assert.throws(() => new HmacSha256(nobleProvider, new Uint8Array(65)), /at most 64 bytes; got 65/);
});
