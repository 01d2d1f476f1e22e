import { isDeepStrictEqual } from 'node:util';
import { KEY_CHANGES_MAX, KEYS_MAX } from '#runtime/core/key-views.ts';
import { nameKey } from '#runtime/crypto/fingerprint.ts';
import { decodeKeptKeys, encodeKeptKeys } from '#runtime/crypto/kept-keys.ts';
import { decodeKeyring, decodeWraps, encodeKeyring, encodeWraps } from '#runtime/crypto/key-records.ts';
import { KeySet } from '#runtime/crypto/key-set.ts';
import { KeyState } from '#runtime/crypto/key-state.ts';
import { unwrapKey, wrapKey } from '#runtime/crypto/key-wrap.ts';
import { formatPsk, groupKeyOf, parsePsk } from '#runtime/crypto/keyring.ts';
import { decodeCbor, encodeValue, toAppValue } from '#runtime/wire/cbor.ts';
import { type FuzzTarget, promise, textOf, utf8 } from '../contract.ts';
import { CLUSTER, hexOf, PEER, provider } from '../fixtures.ts';

const NAMED = [1, 2].map((fill) =>
  nameKey(provider, groupKeyOf(provider, new Uint8Array(32).fill(fill), CLUSTER)),
);

/** What members say of the cluster's keys, in records that only members read. */
export const keyRecords: FuzzTarget = {
  name: 'key-records',
  about: 'values of sys/keyring and sys/key/..., and wrapped keys',
  shape: 'cbor',
  bytesMax: 1_000,
  weight: 20,
  reaches: ['neither', 'keyring', 'wraps', 'unwrapped'],
  seeds: () => {
    const [under, key] = NAMED;
    const wrap = wrapKey(provider, { cluster: CLUSTER, under, key, nonce: new Uint8Array(24).fill(3) });
    return [
      ...hexOf('key-rotation.json', 'value'),
      encodeValue(encodeWraps([wrap])),
      encodeValue(encodeWraps([wrap, wrap])),
    ];
  },
  prepare: () => (input) => {
    const decoded = decodeCbor(input);
    const value = 'value' in decoded ? toAppValue(decoded.value) : undefined;
    if (value === undefined) return 'no value';
    const report = decodeKeyring(value);
    if (report !== undefined) {
      promise(
        report.reads.length <= KEYS_MAX && report.changes.length <= KEY_CHANGES_MAX,
        'more keys than allowed',
      );
      promise(
        isDeepStrictEqual(decodeKeyring(encodeKeyring(report)), report),
        'another report on a second reading',
      );
      let state = KeyState.empty;
      for (const change of report.changes) if (state.believes(change.stamp)) state = state.with(change);
      if (report.use !== undefined && state.believes(report.use.stamp)) state = state.withUse(report.use);
      promise(state.nextStamp(PEER).lamport <= 2 ** 52, 'the clock of operations is used up by one who lies');
      return 'keyring';
    }
    const wraps = decodeWraps(value);
    if (wraps === undefined) return 'neither';
    promise(isDeepStrictEqual(decodeWraps(encodeWraps(wraps)), wraps), 'other wraps on a second reading');
    const [under, key] = NAMED;
    for (const wrap of wraps) {
      const opened = unwrapKey(provider, { cluster: CLUSTER, under, fingerprint: key.fingerprint, wrap });
      if (opened === undefined) continue;
      promise(opened.key.key.equals(key.key.key), 'a wrap holds another key than its name says');
      return 'unwrapped';
    }
    return 'wraps';
  },
};

/** The keys as the medium gives them back; the file's sum shows damage, not malice. */
export const keptKeys: FuzzTarget = {
  name: 'kept-keys',
  about: 'keys and their operations as kept on the medium',
  shape: 'text',
  bytesMax: 2_000,
  weight: 20,
  reaches: ['nothing', 'keys'],
  words: ['"lamport":', '"installed"', '"removed"', '"by":', '"keys":', '"changes":', '"use":null', '[', ']'],
  seeds: () => {
    const [writing, other] = NAMED;
    const stamp = { lamport: 3, by: PEER };
    const state = KeyState.of([{ fingerprint: other.fingerprint, stamp, state: 'installed' }], {
      fingerprint: writing.fingerprint,
      stamp: { ...stamp, lamport: 4 },
    });
    return [KeySet.of(writing), KeySet.settle(state, writing, NAMED)].map((keys) =>
      encodeKeptKeys(keys).reveal(),
    );
  },
  prepare: () => (input) => {
    const keys = decodeKeptKeys(provider, input);
    if (keys === undefined) return 'nothing';
    promise(keys.held.length >= 1 && keys.held.length <= KEYS_MAX, 'more keys than allowed');
    promise(
      keys.held[0] === keys.writing && keys.keyring().keys.length === keys.held.length,
      'keys that are lost',
    );
    encodeKeyring({
      writes: keys.writing.fingerprint,
      reads: keys.fingerprints,
      use: keys.state.use,
      changes: keys.state.changes,
    });
    const kept = encodeKeptKeys(keys).reveal();
    const again = decodeKeptKeys(provider, kept);
    promise(
      again !== undefined && isDeepStrictEqual(encodeKeptKeys(again).reveal(), kept),
      'other keys on a second reading',
    );
    return 'keys';
  },
};

/** A pre-shared key as people paste it. */
export const pskText: FuzzTarget = {
  name: 'psk',
  about: 'pre-shared keys as text',
  shape: 'text',
  bytesMax: 200,
  weight: 20,
  reaches: ['key', 'none'],
  seeds: () => [
    utf8(formatPsk(new Uint8Array(32).fill(7))),
    utf8(` ${formatPsk(new Uint8Array(32).fill(255)).replaceAll('/', '_')}\n`),
    utf8('short'),
  ],
  prepare: () => (input) => {
    const key = parsePsk(textOf(input));
    if (key === undefined) return 'none';
    promise(isDeepStrictEqual(parsePsk(formatPsk(key)), key), 'another key on a second reading');
    return 'key';
  },
};
