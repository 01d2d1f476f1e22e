import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { toHex } from '#runtime/core/ids.ts';
import { formatPsk, groupKeyFrom, groupKeyOf, Keyring, parsePsk } from '#runtime/crypto/keyring.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { Secret } from '#runtime/crypto/secret.ts';

const provider = createNodeProvider();
const PSK = Uint8Array.from({ length: 32 }, (_, i) => i);

test('[P-2.1] the group key depends on the pre-shared key and on the cluster name', () => {
  const key = groupKeyOf(provider, PSK, 'home');
  assert.ok(key.key.equals(groupKeyOf(provider, PSK, 'home').key));
  assert.ok(!key.key.equals(groupKeyOf(provider, PSK, 'hom').key));
  assert.ok(!key.key.equals(groupKeyOf(provider, PSK.slice().reverse(), 'home').key));
});

test('[P-2.2] the key id is the first two bytes of the hash of the labelled group key', () => {
  const key = groupKeyOf(provider, PSK, 'home');
  const hash = provider.sha256(
    Uint8Array.from([...new TextEncoder().encode('gridvine/1 key id'), ...key.key.reveal()]),
  );
  assert.equal(key.id.toString(16).padStart(4, '0'), toHex(hash.subarray(0, 2)));
});

test('a pre-shared key of another length is refused by name', () => {
  assert.throws(
    () => groupKeyOf(provider, PSK.subarray(1), 'home'),
    /pre-shared key: expected 32 bytes; got 31/,
  );
});

// B-117
test('a keyring reads with all its keys and lists each once', () => {
  const [a, b] = ['a', 'b'].map((cluster) => groupKeyOf(provider, PSK, cluster));
  const ring = new Keyring(a, [b, a, groupKeyOf(provider, PSK, 'b')]);
  assert.equal(ring.writing, a);
  assert.deepEqual(ring.keys, [a, b]);
  assert.deepEqual(ring.readable(b.id), [b]);
  assert.ok(ring.has(groupKeyOf(provider, PSK, 'b')));
  assert.ok(!ring.has(groupKeyOf(provider, PSK, 'c')));
  assert.deepEqual(ring.readable((a.id ^ b.id ^ 1) & 0xffff), []);
});

test('[P-2.2] keys that share an id are all readable under it', () => {
  const [a, b] = [1, 2].map((byte) => ({ key: new Secret(new Uint8Array(32).fill(byte)), id: 513 }));
  assert.deepEqual(new Keyring(a, [b]).readable(513), [a, b]);
});

test('a pre-shared key is read from base64 with white space, with or without padding, of either alphabet', () => {
  const bytes = new Uint8Array(32).fill(0xfb);
  const text = formatPsk(bytes);
  assert.equal(text.length, 44);
  for (const variant of [
    text,
    `  ${text}\n`,
    text.slice(0, 43),
    `${text.slice(0, 20)}\r\n${text.slice(20)}`,
    text.replaceAll('+', '-').replaceAll('/', '_'),
  ])
    assert.deepEqual(parsePsk(variant), bytes, variant);
});

test('what is not base64 of exactly 32 bytes is no pre-shared key', () => {
  const text = formatPsk(PSK);
  for (const wrong of [
    '',
    'x',
    text.slice(0, 42),
    `${text}A`,
    `${text}=`,
    text.replace('A', '!'),
    toHex(PSK),
  ])
    assert.equal(parsePsk(wrong), undefined, wrong);
});

test('a secret shows itself nowhere but where it is asked to', () => {
  const ring = new Keyring(groupKeyOf(provider, PSK, 'home'));
  const hex = toHex(ring.writing.key.reveal());
  for (const text of [inspect(ring, { depth: 9 }), JSON.stringify(ring), `${ring.writing.key}`]) {
    assert.match(text, /\[redacted\]/);
    assert.ok(!text.includes(hex.slice(0, 8)));
    assert.ok(!text.includes(String(ring.writing.key.reveal()[0]).concat(', ')));
  }
});

test('a secret keeps its own copy', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const secret = new Secret(bytes);
  bytes.fill(0);
  assert.deepEqual(secret.reveal(), Uint8Array.of(1, 2, 3));
  assert.ok(!secret.equals(new Secret(Uint8Array.of(1, 2))));
});

test('a group key of another length is refused by name', () => {
  for (const length of [31, 33])
    assert.throws(
      () => groupKeyFrom(provider, new Uint8Array(length)),
      new RegExp(`group key: expected 32 bytes; got ${length}`),
    );
});

test('of what looks like base64 only 32 bytes are a pre-shared key', () => {
  assert.deepEqual(parsePsk(formatPsk(PSK)), PSK);
  for (const text of [formatPsk(PSK).slice(0, 42), `${formatPsk(PSK).slice(0, 43)}A`, '='.repeat(44)])
    assert.equal(parsePsk(text), undefined);
});
