import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SeededRandom } from '#runtime/core/random.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import { mutateCbor } from '../../../scripts/fuzz/cbor-mutator.ts';
import { cloneTree, nodesOf, parseTree, writeTree } from '../../../scripts/fuzz/cbor-tree.ts';
import { minimise } from '../../../scripts/fuzz/minimise.ts';
import { appValue } from '../runtime/wire/values.ts';

test('whatever an encoder writes is the same after it was a tree', () => {
  fc.assert(
    fc.property(appValue, (value) => {
      const bytes = encodeValue(value);
      const tree = parseTree(bytes);
      assert.ok(tree !== undefined);
      assert.deepEqual(writeTree(cloneTree(tree), 1_000_000), bytes);
    }),
    { numRuns: 300 },
  );
});

test('CBOR in byte strings is part of the tree', () => {
  // [ << [1, 2] >>, h'010203' ]
  const tree = parseTree(Uint8Array.of(0x82, 0x43, 0x82, 0x01, 0x02, 0x43, 0x01, 0x02, 0x03));
  assert.equal(nodesOf(tree!).filter(({ major }) => major === 0).length, 2);
});

test('random bytes are a tree or none, and what is bent stays within its length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), (bytes, seed) => {
      const bent = mutateCbor(new SeededRandom(seed), bytes, { donors: [], bytesMax: 200 });
      assert.equal(bent === undefined, parseTree(bytes) === undefined);
    }),
    { numRuns: 500 },
  );
});

test('a failing input is made as small as what makes it fail', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.nat(60), async (noise, at) => {
      const input = Uint8Array.from([...noise.slice(0, at), 0xfe, 0x07, ...noise.slice(at)]);
      const holds = (bytes: Uint8Array) => bytes.some((byte, i) => byte === 0xfe && bytes[i + 1] === 0x07);
      const smallest = await minimise(input, holds);
      assert.ok(holds(smallest));
      assert.equal(smallest.length, 2);
    }),
    { numRuns: 100 },
  );
});
