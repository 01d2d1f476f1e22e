import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decode } from 'cborg';
import type { TogetherVectors } from '../../scripts/vectors/shape.ts';

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, 'together.json'), 'utf8'),
) as TogetherVectors;

/** Written from the specification alone: FNV-1a of 32 bits, in big integers. */
function mark(key: string): number {
  let hash = 0x811c9dc5n;
  for (const byte of Buffer.from(key, 'utf8')) hash = ((hash ^ BigInt(byte)) * 0x01000193n) % 2n ** 32n;
  return Number(hash);
}

interface Read {
  readonly sequence: number;
  readonly key: string;
  readonly isDeleted: boolean;
  readonly first: number;
  readonly marks: readonly number[];
}

function read(hex: string): Read {
  const [version, key, , meta = new Map()] = decode(Buffer.from(hex, 'hex'), { useMaps: true }) as [
    number,
    string,
    unknown,
    Map<number, unknown>?,
  ];
  const sequence = version % 2 ** 32;
  const batch = meta.get(8) as [number, Uint8Array] | undefined;
  const bytes = Buffer.from(batch?.[1] ?? []);
  return {
    sequence,
    key,
    isDeleted: meta.get(3) === true,
    first: sequence - (batch?.[0] ?? 0),
    marks: Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32BE(4 * i)),
  };
}

test('[P-5.40] marks of keys are those of another implementation', () => {
  for (const each of vectors.marks) assert.equal(mark(each.key), each.mark, each.key);
});

test('[P-5.41] readers see what another reading of the rule says, whatever comes first', () => {
  for (const { name, steps } of vectors.stories) {
    const newest = new Map<string, Read>();
    const seen = new Map<string, Read>();
    for (const step of steps) {
      const record = read(step.record);
      if ((newest.get(record.key)?.sequence ?? 0) < record.sequence) newest.set(record.key, record);
      // All sets of newest records, the largest first: the first that needs nothing from outside is what is seen of them.
      const records = [...newest.values()];
      const sets = Array.from({ length: 2 ** records.length }, (_, bits) =>
        records.filter((_each, i) => (bits >> i) & 1),
      ).sort((x, y) => y.length - x.length);
      const isWhole = (set: readonly Read[]) =>
        set.every(
          (each) =>
            each.isDeleted ||
            each.marks.every((one) =>
              [...set, ...seen.values()].some(
                ({ key, sequence }) => mark(key) === one && sequence >= each.first,
              ),
            ),
        );
      for (const each of sets.find(isWhole) ?? []) seen.set(each.key, each);
      const shown = [...seen.values()].filter(({ isDeleted }) => !isDeleted);
      assert.deepEqual(shown.map(({ key, sequence }) => `${key}@${sequence}`).sort(), step.seen, name);
    }
  }
});

test('[P-5.43] a long value has the hash of its CBOR, and is whole when its parts are joined', () => {
  const { text, length, hash, parts } = vectors.long;
  const bytes = Buffer.from(parts.join(''), 'hex');
  assert.equal(bytes.length, length);
  assert.equal(createHash('sha256').update(bytes).digest('hex'), hash);
  assert.equal(decode(bytes), text);
  assert.ok(parts.slice(0, -1).every((part) => part.length === 2_048));
});
