import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import { formatAddress, parseAddress } from '#runtime/core/address.ts';

function canonical(text: string): string | undefined {
  const bytes = parseAddress(text);
  return bytes === undefined ? undefined : formatAddress(bytes);
}

test('IPv6 text becomes canonical as RFC 5952 asks', () => {
  for (const [text, expected] of [
    ['2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['fe80::1%eth0', 'fe80::1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])
    assert.equal(canonical(text), expected, text);
});

test('an IPv4-mapped address becomes its IPv4 address', () => {
  for (const text of ['::ffff:10.0.0.7', '::FFFF:0a00:0007', '0:0:0:0:0:ffff:10.0.0.7'])
    assert.equal(canonical(text), '10.0.0.7', text);
  assert.equal(canonical('::fffe:10.0.0.7'), '::fffe:a00:7');
});

test('what is no literal address is refused', () => {
  for (const text of [
    '',
    ' ',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.01',
    '10.0.0.1 ',
    '1::2::3',
    ':1::',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'g::',
    '::1.2.3',
    '::1.2.3.4:5',
    'localhost',
  ])
    assert.equal(parseAddress(text), undefined, text);
});

test('Node reads the canonical text as the same kind of address', () => {
  for (const text of ['10.0.0.7', '::', '1:2:3:4:5:6:7::', 'fe80::', 'ff02::4756'])
    assert.equal(isIP(canonical(text) ?? ''), isIP(text), text);
});

test('only 4 or 16 bytes are an address', () => {
  for (const length of [0, 3, 5, 15, 17])
    assert.throws(() => formatAddress(new Uint8Array(length)), /expected 4 or 16 address bytes/);
});
