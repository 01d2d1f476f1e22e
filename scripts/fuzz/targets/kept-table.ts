import { isDeepStrictEqual } from 'node:util';
import type { KeptEntry, KeptOwner } from '#runtime/core/kept-table.ts';
import { RECORDS_PER_OWNER_MAX } from '#runtime/core/limits.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { StoreTimes } from '#runtime/storage/store-times.ts';
import { tableOfRows } from '#runtime/storage/stored-table.ts';
import { TableMirror } from '#runtime/storage/table-mirror.ts';
import type { StoredRow } from '#runtime/storage/table-store.ts';
import { decodeCbor, encodeValue, toAppValue } from '#runtime/wire/cbor.ts';
import type { LargeMark } from '#runtime/wire/record.ts';
import { decodeRecord, encodeRecord } from '#runtime/wire/record-codec.ts';
import { type FuzzTarget, promise } from '../contract.ts';
import { CLUSTER, keyring, provider, SELF } from '../fixtures.ts';

const NOW_MS = 50_000;
/** A value that travelled apart, and how its record names it. */
const CONTENT = encodeValue('x'.repeat(40));
const LARGE: LargeMark = { length: CONTENT.length, hash: provider.sha256(CONTENT) };
const TIMES = new StoreTimes(undefined, { machineBoot: null, bootMs: NOW_MS });

/** Records of two owners as an earlier life kept them, in whatever state; what is taken of them is kept again. */
export const keptTable: FuzzTarget = {
  name: 'kept-table',
  about: 'what a node kept of others, given back to its engine at a start',
  shape: 'cbor',
  bytesMax: 1_500,
  weight: 1,
  reaches: ['no value', 'nothing taken', 'taken', 'part taken'],
  seeds: () => [
    encodeValue('none'),
    encodeValue([
      [0, makeVersion(2, 3), makeVersion(2, 0), entry('a', 2)],
      [1, makeVersion(7, 1), makeVersion(8, 0), entry('c', 1)],
    ]),
    encodeValue([[0, makeVersion(2, 3), makeVersion(2, 0), entry('a', 2), entry('b', 3)]]),
    encodeValue([
      [0, makeVersion(2, 3), makeVersion(2, 1), entry('a', 2), entry('b', 5)],
      [1, makeVersion(7, 1), makeVersion(7, 0), entry('node', 1), entry('c', 9, { ttlMs: 5_000 })],
    ]),
    encodeValue([[1, makeVersion(2, 1), makeVersion(3, 0), entry('a', 1)]]),
    encodeValue([
      [0, makeVersion(2, 3), makeVersion(2, 1), entry('a', 2, { content: CONTENT }), entry('b', 3)],
      [1, makeVersion(7, 2), makeVersion(7, 0), entry('c', 2, { content: CONTENT.slice(1) })],
    ]),
    encodeValue([[0, makeVersion(2, 9), makeVersion(2, 4), [new Uint8Array([0x83, 1, 2]), 5, null, false]]]),
  ],
  prepare: () => (input) => {
    const decoded = decodeCbor(input);
    const value = 'value' in decoded ? toAppValue(decoded.value) : undefined;
    if (!Array.isArray(value)) return 'no value';
    const owners = (value as readonly AppValue[]).flatMap(ownerOf);
    const engine = newEngine();
    engine.keep.takeBack(NOW_MS, owners);
    while (engine.pollOutput().type !== 'timeout');
    const taken = heldOf(engine);
    for (const { entries, known, gc } of taken) {
      const held = [...entries];
      promise(held.length <= RECORDS_PER_OWNER_MAX, 'more records than an owner may have');
      promise(new Set(held.map(({ key }) => key)).size === held.length, 'two records of one key');
      promise(gc <= known, 'an owner that is being reset');
      promise(
        held.every(({ setAtMs }) => setAtMs <= NOW_MS),
        'a record of the future',
      );
      promise(held.every(isContentOwn), 'a value that its owner did not put');
    }
    const rows = rowsOf(taken);
    const again = newEngine();
    again.keep.takeBack(NOW_MS, tableOfRows(rows, TIMES).others);
    promise(isDeepStrictEqual(summary(heldOf(again)), summary(taken)), 'another table on a second reading');
    if (taken.length === 0) return 'nothing taken';
    return taken.length < owners.length ? 'part taken' : 'taken';
  },
};

function entry(
  key: string,
  sequence: number,
  { content, ...about }: { readonly ttlMs?: number; readonly content?: Uint8Array } = {},
): AppValue {
  const body = encodeRecord({
    ...{
      version: makeVersion(key === 'c' || key === 'node' ? 7 : 2, sequence),
      key,
      value: content === undefined ? 5 : null,
      deleted: false,
      ...(content !== undefined && { large: LARGE }),
    },
    ...{ priority: 'normal', quality: 'good', ...about },
  });
  return [body, 40_000, 12, false, content ?? null];
}

/** `[which, known, gc, * [body, setAt, bound, expired, content]]`; what isn't such is passed over. */
function ownerOf(value: AppValue): KeptOwner[] {
  if (!Array.isArray(value)) return [];
  const [which, known, gc, ...entries] = value as readonly AppValue[];
  if (!isCount(which) || !isCount(known) || !isCount(gc)) return [];
  return [
    {
      owner: (which % 2 === 0 ? 'a1' : 'b2').repeat(16),
      known,
      gc,
      entries: entries.flatMap((each, i) => {
        if (!Array.isArray(each)) return [];
        const [body, setAt, bound, expired, content] = each as readonly AppValue[];
        if (!(body instanceof Uint8Array) || !isCount(setAt)) return [];
        const version = new DataView(new Uint8Array([...body, ...new Uint8Array(12)]).buffer);
        return [
          {
            key: `k${i}`,
            version: version.getUint32(2) * 2 ** 32 + version.getUint32(6),
            body,
            signature: undefined,
            setAtMs: setAt,
            ageBoundMs: isCount(bound) ? bound : null,
            expired: expired === true,
            ...(content instanceof Uint8Array && { content }),
          },
        ];
      }),
    },
  ];
}

function isContentOwn({ body, content }: KeptEntry): boolean {
  const large = decodeRecord(body)?.large;
  return content === undefined || isDeepStrictEqual(large?.hash, provider.sha256(content));
}

function isCount(value: AppValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function newEngine(): Engine {
  return new Engine({
    ...{ id: SELF, name: 'pump-house', cluster: CLUSTER, boot: 3, keyring, provider },
    ...{ random: new SeededRandom(1), settings: settingsOf('lan'), endpoints: [], links: [] },
  });
}

function heldOf(engine: Engine): KeptOwner[] {
  return engine.keep.changedSince(0).changed.filter(({ owner }) => owner !== SELF);
}

function rowsOf(changed: readonly KeptOwner[]): readonly StoredRow[] {
  const mirror = new TableMirror([]);
  return mirror.difference({ changed, holds: () => true, self: SELF, ownKeys: new Set() }, TIMES).put;
}

function summary(owners: readonly KeptOwner[]): unknown {
  return owners.map(({ owner, known, gc, entries }) => [
    ...[owner, known, gc],
    Array.from(entries, ({ key, version, setAtMs, ageBoundMs, expired, content }) =>
      [key, version, setAtMs, ageBoundMs, expired, content?.length].join(),
    ).sort(),
  ]);
}
