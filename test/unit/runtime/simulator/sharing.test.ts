import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeVersion } from '#runtime/core/version.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { READERS } from '#runtime/engine/readers.ts';
import { encodeNodeFacts } from '#runtime/membership/node-facts.ts';
import { ContentCache } from '#runtime/simulator/content-cache.ts';
import { shareHashes } from '#runtime/simulator/shared-hashes.ts';
import { shareReaders } from '#runtime/simulator/shared-readers.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';

const FACTS = {
  name: 'ann',
  incarnation: 3,
  state: 'alive',
  endpoints: [{ transport: 'udp', address: '10.0.0.1', port: 7946 }],
  tags: {},
  protocol: 1,
} as const;

function nodeRecord(sequence: number): Uint8Array {
  return encodeRecord({
    version: makeVersion(1, sequence),
    key: 'node',
    value: encodeNodeFacts(FACTS),
    deleted: false,
    priority: 'urgent',
    quality: 'good',
  });
}

test('a content cache gives what was made of equal bytes, and nothing for bytes that differ in any place', () => {
  const cache = new ContentCache<string>(10);
  const bytes = Uint8Array.from({ length: 11 }, (_, i) => i);
  cache.set(bytes, 'made');
  assert.equal(cache.get(bytes.slice()), 'made');
  assert.equal(cache.get(bytes.subarray(0, 10)), undefined);
  for (let at = 0; at < bytes.length; at++) {
    const other = bytes.slice();
    other[at] ^= 1;
    assert.equal(cache.get(other), undefined, `byte ${at}`);
  }
});

test('a full content cache begins again', () => {
  const cache = new ContentCache<number>(2);
  for (let i = 0; i < 3; i++) cache.set(Uint8Array.of(0, 0, 0, i), i);
  assert.deepEqual(
    [0, 1, 2].map((i) => cache.get(Uint8Array.of(0, 0, 0, i))),
    [undefined, undefined, 2],
  );
});

test('shared readers read what single ones do, once for each content', () => {
  const shared = shareReaders(READERS);
  const [first, again, newer] = [nodeRecord(1), nodeRecord(1), nodeRecord(2)].map(shared.record);
  assert.deepEqual(first, READERS.record(nodeRecord(1)));
  assert.equal(again, first);
  assert.equal(newer?.about.version, makeVersion(1, 2));
  const facts = shared.facts(first?.about.value ?? null);
  assert.deepEqual(facts, FACTS);
  assert.equal(shared.facts(again?.about.value ?? null), facts);
});

test('a shared record outlives the datagram that it was read from', () => {
  const shared = shareReaders(READERS);
  const datagram = nodeRecord(1);
  const read = shared.record(datagram);
  datagram.fill(0);
  assert.deepEqual(read?.bytes, nodeRecord(1));
  assert.equal(shared.record(nodeRecord(1)), read);
});

test('shared readers refuse what single ones refuse, each time', () => {
  const shared = shareReaders(READERS);
  const broken = nodeRecord(1).subarray(0, 20);
  assert.equal(shared.record(broken), undefined);
  assert.equal(shared.record(broken), undefined);
  const values = [null, 'ann', [], { a: 1 }];
  for (const value of [...values, ...values]) assert.equal(shared.facts(value), undefined);
});

test('a short input is hashed once, and each gets the hash of its own', () => {
  const provider = createNodeProvider();
  let hashed = 0;
  const shared = shareHashes({
    ...provider,
    sha256(data) {
      hashed++;
      return provider.sha256(data);
    },
  });
  const input = new Uint8Array(32).fill(7);
  const other = new Uint8Array(32).fill(8);
  const long = new Uint8Array(1_000).fill(7);
  for (const data of [input, other, input.slice(), long])
    assert.deepEqual(shared.sha256(data), provider.sha256(data));
  assert.equal(hashed, 3);
  // The caller's bytes may change: they are often the same buffer.
  input.fill(9);
  assert.deepEqual(shared.sha256(input), provider.sha256(input));
});
