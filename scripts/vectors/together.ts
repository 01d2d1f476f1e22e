import { toHex } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { RecordTable } from '#runtime/data/record-table.ts';
import { isLive } from '#runtime/data/stored-record.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import type { Message } from '#runtime/wire/message.ts';
import type { BatchMark, RecordBody } from '#runtime/wire/record.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import { batchToMeta, markOfKey } from '#runtime/wire/record-marks.ts';
import type { TogetherVectors } from './shape.ts';

const OWNER = 'aa'.repeat(16);
const KEYS = ['mode', 'battery/soc', 'ziel/°C'];
/** A value that travels apart, and its bytes. */
const LONG_TEXT = 'ab'.repeat(1_000);
const LONG = encodeValue(LONG_TEXT);

export const BATCH: BatchMark = { index: 1, members: KEYS.map(markOfKey) };
export const LARGE = { length: LONG.length, hash: nobleProvider.sha256(LONG) };

/** Meta of records that are none, with the key `k` [P-5.40, P-5.43]. */
export const INVALID_MARKS: readonly [string, [number, AppValue]][] = [
  ['a batch of one', [8, batchToMeta({ index: 0, members: [markOfKey('k')] })]],
  ['a place outside its batch', [8, batchToMeta({ index: 2, members: [markOfKey('k'), 1] })]],
  ['another key at its place', [8, batchToMeta({ index: 1, members: [markOfKey('k'), 1] })]],
  ['a batch of 33', [8, batchToMeta({ index: 0, members: [markOfKey('k'), ...Array<number>(32).fill(1)] })]],
  [
    'a batch that begins before its boot',
    [8, batchToMeta({ index: 7, members: [1, 2, 3, 4, 5, 6, 7, markOfKey('k')] })],
  ],
  ['marks of five bytes', [8, [0, new Uint8Array(5)]]],
  ['a long value of no bytes', [9, [0, LARGE.hash]]],
  ['a long value of 16385 bytes', [9, [16_385, LARGE.hash]]],
  ['a short hash', [9, [100, LARGE.hash.slice(1)]]],
];

export const VALUE_MESSAGES: readonly Message[] = [
  { type: 'value-want', hash: LARGE.hash, parts: 0b11 },
  { type: 'value-part', hash: LARGE.hash, part: 1, bytes: LONG.slice(1_024) },
];

type Changes = Partial<Omit<RecordBody, 'batch'>> & {
  readonly place?: number;
  readonly of?: readonly string[];
};

function record(sequence: number, key: string, { place, of, ...changes }: Changes = {}): Uint8Array {
  return encodeRecord({
    version: makeVersion(3, sequence),
    key,
    value: sequence,
    deleted: false,
    priority: 'normal',
    quality: 'good',
    ...changes,
    ...(place !== undefined && { batch: { index: place, members: (of ?? []).map(markOfKey) } }),
  });
}

const PAIR = ['a', 'b'];
const a5 = record(5, 'a', { place: 0, of: PAIR });
const b6 = record(6, 'b', { place: 1, of: PAIR });
const a7 = record(7, 'a');

/** What readers see after each record that comes, as `key@sequence`. */
const STORIES: readonly [string, readonly Uint8Array[]][] = [
  ['both, in order', [record(2, 'a'), a5, b6]],
  ['both, the other way round', [record(2, 'b'), b6, a5]],
  ['one was replaced before it came', [record(2, 'a'), b6, a7]],
  ['one was deleted before it came', [b6, record(7, 'a', { value: null, deleted: true })]],
  ['one is older than the batch', [record(4, 'a'), b6]],
  [
    'two batches that need one another',
    [b6, record(20, 'a', { place: 0, of: ['a', 'c'] }), record(21, 'c', { place: 1, of: ['a', 'c'] })],
  ],
  [
    'what is seen of one is new enough, though a newer one waits',
    [a7, record(20, 'a', { place: 0, of: ['a', 'c'] }), b6, record(21, 'c', { place: 1, of: ['a', 'c'] })],
  ],
];

/** Marks of keys, what readers see of batches, and a value that travels apart. */
export function togetherVectors(): TogetherVectors {
  return {
    marks: [...KEYS, 'k', ''].map((key) => ({ key, mark: markOfKey(key) })),
    stories: STORIES.map(([name, records]) => ({ name, steps: stepsOf(records) })),
    long: {
      text: LONG_TEXT,
      length: LARGE.length,
      hash: toHex(LARGE.hash),
      parts: [0, 1].map((part) => toHex(LONG.slice(1_024 * part, 1_024 * (part + 1)))),
    },
  };
}

function stepsOf(records: readonly Uint8Array[]) {
  const table = new RecordTable({
    limits: { ownersMax: 1, recordsPerOwnerMax: 10, bytesPerOwnerMax: 10_000, tableBytesMax: 10_000 },
    sha256: nobleProvider.sha256,
    onChange: () => {},
  });
  return records.map((body) => {
    const version = new DataView(body.buffer, body.byteOffset + 2).getUint32(4) + 3 * 2 ** 32;
    table.merge(
      { owner: OWNER, from: version - 1, to: version, gc: 0, items: [{ body, ageMs: 0 }] },
      0,
      null,
    );
    const held = table.owner(OWNER)!;
    const seen = [...held.values()].map((each) => held.seen(each, 0)).filter((each) => each && isLive(each));
    return {
      record: toHex(body),
      seen: seen.map((each) => `${each!.key}@${each!.version % 2 ** 32}`).sort(),
    };
  });
}
