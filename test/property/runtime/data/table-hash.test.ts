import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { equalBytes } from '#runtime/core/bytes.ts';
import type { NodeId } from '#runtime/core/ids.ts';
import { bucketOf, type HashedLines, TableHash } from '#runtime/data/table-hash.ts';
import { provider } from '../../../support/wire.ts';

type Lines = { known: number; gc: number };
/** The lines that may still change after they were touched: hashes are made when asked for. */
type Held = { -readonly [K in keyof HashedLines]: HashedLines[K] };

/** The hash of [P-7.1] as the specification says it, from all lines each time. */
function hashOwner(owner: NodeId, { known, gc }: Lines): Buffer {
  const input = Buffer.alloc(32);
  Buffer.from(owner, 'hex').copy(input);
  input.writeBigUInt64BE(BigInt(known), 16);
  input.writeBigUInt64BE(BigInt(gc), 24);
  return Buffer.from(provider.sha256(input)).subarray(0, 8);
}

function xorOf(hashes: readonly Buffer[], length: number): Buffer {
  const total = Buffer.alloc(length);
  for (const hash of hashes) for (let i = 0; i < length; i++) total[i] ^= hash[i];
  return total;
}

const owner = fc.constantFrom('00', '01', '3f', '40', '41', '80', 'ff').map((byte) => byte.repeat(16));
const version = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const step = fc.record({
  owner,
  known: version,
  gc: version,
  kind: fc.constantFrom('touch', 'touch', 'touch', 'remove', 'read'),
});

test('[P-7.1] the hash kept up to date is the hash made from scratch, in all and by bucket', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(owner), (steps, without) => {
      const hash = new TableHash(provider.sha256);
      const lines = new Map<NodeId, Held>();
      for (const { owner, known, gc, kind } of steps) {
        const held = lines.get(owner);
        if (kind === 'read') hash.totalWithout([held]);
        else if (kind === 'remove') {
          if (held !== undefined) hash.remove(held);
          lines.delete(owner);
        } else {
          const touched = held ?? {
            owner,
            bucket: bucketOf(owner),
            known,
            gc,
            hashHigh: 0,
            hashLow: 0,
            hashStale: false,
          };
          Object.assign(touched, { known, gc });
          lines.set(owner, touched);
          hash.touch(touched);
        }
      }
      const counted = [...lines].filter(([owner]) => !without.includes(owner));
      const expected = xorOf(
        counted.map(([owner, line]) => hashOwner(owner, line)),
        8,
      );
      assert.ok(equalBytes(hash.totalWithout(without.map((owner) => lines.get(owner))), expected));
      const buckets = hash.buckets();
      for (let bucket = 0; bucket < 64; bucket++) {
        const inBucket = [...lines].filter(
          ([owner]) => Number.parseInt(owner.slice(0, 2), 16) % 64 === bucket,
        );
        const part = xorOf(
          inBucket.map(([owner, line]) => hashOwner(owner, line)),
          4,
        );
        assert.ok(equalBytes(buckets.subarray(4 * bucket, 4 * bucket + 4), part));
      }
      for (const owner of lines.keys()) assert.ok(bucketOf(owner) >= 0 && bucketOf(owner) < 64);
    }),
  );
});
