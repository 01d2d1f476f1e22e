import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, parseAddress } from '#runtime/core/address.ts';
import { formatAuthority, parseAuthority } from '#runtime/core/endpoint.ts';

const sparse = fc.array(fc.constantFrom(0, 0, 0, 1, 255, 16), { minLength: 16, maxLength: 16 });
const bytes = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  sparse.map((list) => Uint8Array.from(list)),
);

function isMapped(address: Uint8Array): boolean {
  return /^0{20}ffff/.test(Buffer.from(address).toString('hex')) && address.length === 16;
}

test('the text of any address is valid and reads back as the same bytes', () => {
  fc.assert(
    fc.property(bytes, (address) => {
      const text = formatAddress(address);
      assert.equal(isIP(text), address.length === 4 ? 4 : 6);
      assert.deepEqual(parseAddress(text), isMapped(address) ? address.slice(12) : address);
    }),
  );
});

test('an IPv6 text is canonical: the URL standard writes it the same', () => {
  fc.assert(
    fc.property(bytes, (address) => {
      const text = formatAddress(address);
      if (address.length === 16) assert.equal(`[${text}]`, new URL(`http://[${text}]/`).hostname);
    }),
  );
});

test('an address and a port read back from their text', () => {
  fc.assert(
    fc.property(bytes, fc.integer({ min: 0, max: 65_535 }), (raw, port) => {
      const address = formatAddress(isMapped(raw) ? raw.slice(12) : raw);
      assert.deepEqual(parseAuthority(formatAuthority({ address, port })), { address, port });
    }),
  );
});

test('no text makes the readers throw', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0123456789abf:.%[]') }));
  fc.assert(
    fc.property(text, (any) => {
      parseAddress(any);
      parseAuthority(any);
    }),
  );
});
