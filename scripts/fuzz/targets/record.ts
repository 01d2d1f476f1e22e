import { isDeepStrictEqual } from 'node:util';
import { KEY_BYTES_MAX, TTL_MS_MAX, UNIT_BYTES_MAX } from '#runtime/core/limits.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { valueFromJson, valueToJson } from '#runtime/core/value-json.ts';
import { BOOT_MAX, bootOf } from '#runtime/core/version.ts';
import { decodeLargeValue } from '#runtime/data/large-value.ts';
import {
  accuseKey,
  decodeAccusation,
  encodeAccusation,
  isAccuseKey,
} from '#runtime/membership/accusation-record.ts';
import { decodeNodeFacts, encodeNodeFacts } from '#runtime/membership/node-facts.ts';
import { decodeCbor, encodeValue, toAppValue } from '#runtime/wire/cbor.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { decodeRecord, encodeRecord, peekVersion } from '#runtime/wire/record-codec.ts';
import { problemOfValue } from '#runtime/wire/value-check.ts';
import { type FuzzTarget, promise, utf8 } from '../contract.ts';
import { hexOf, PEER } from '../fixtures.ts';

/** A record as its owner wrote it: within its limits, the same after a round trip, and never two ways to read its version. */
export const record: FuzzTarget = {
  name: 'record',
  about: "records, and their values' way to JSON and back",
  shape: 'cbor',
  bytesMax: 1_000,
  weight: 40,
  reaches: ['refused', 'record', 'tombstone'],
  seeds: () => hexOf('records.json', 'record'),
  prepare: () => (input) => {
    const decoded = decodeRecord(input);
    const peeked = peekVersion(input);
    if (decoded === undefined) return 'refused';
    checkRecord(decoded);
    promise(peeked === undefined || peeked === decoded.version, 'another version at a first look');
    const encoded = encodeRecord(decoded);
    promise(peekVersion(encoded) === decoded.version, 'its version is not seen at a first look');
    promise(isDeepStrictEqual(decodeRecord(encoded), decoded), 'not the same when encoded and decoded again');
    promise(isDeepStrictEqual(encodeRecord(decoded), encoded), 'two encodings of one record');
    const json = valueFromJson(
      JSON.parse(JSON.stringify(valueToJson(decoded.value, { negativeZero: 'marked' }))),
    );
    promise(json.problem === undefined, `its value has no way back from JSON: ${json.problem}`);
    promise(sameValue(json.value, decoded.value), 'its value changes on its way through JSON');
    return decoded.deleted ? 'tombstone' : 'record';
  },
};

/** Compared as bytes: an integral number and its bigint are one value. */
function sameValue(a: AppValue, b: AppValue): boolean {
  return isDeepStrictEqual(encodeValue(a), encodeValue(b));
}

function checkRecord({ version, key, ttlMs, unit, deleted, value }: RecordBody): void {
  const boot = bootOf(version);
  promise(boot >= 1 && boot <= BOOT_MAX && version % 2 ** 32 > 0, 'a version out of range');
  promise(utf8(key).length >= 1 && utf8(key).length <= KEY_BYTES_MAX, 'a key of another length');
  promise(!/\p{Cc}/u.test(key) && key.isWellFormed(), 'a key that is no name');
  promise(ttlMs === undefined || (ttlMs >= 1 && ttlMs <= TTL_MS_MAX), 'a ttl out of range');
  promise(unit === undefined || utf8(unit).length <= UNIT_BYTES_MAX, 'a unit too long');
  promise(!deleted || value === null, 'a tombstone with a value');
}

/** What nodes say of themselves and of each other, as values of records. */
export const memberValues: FuzzTarget = {
  name: 'member-values',
  about: 'values of the records node and accuse/..., and keys of accusations',
  shape: 'cbor',
  bytesMax: 1_000,
  weight: 30,
  reaches: ['neither', 'node', 'accusation'],
  words: ['accuse/0', 'accuse/31', 'accuse/32', 'node'],
  seeds: () => [
    encodeValue(
      encodeNodeFacts({
        name: 'roof',
        incarnation: 7,
        state: 'alive',
        endpoints: [
          { transport: 'udp', address: '10.0.0.7', port: 18_262 },
          { transport: 'http', address: 'fd00::7', port: 1 },
        ],
        tags: { site: 'hill', role: 'inverter' },
        protocol: 1,
      }),
    ),
    encodeValue(
      encodeAccusation({
        target: PEER,
        boot: 3,
        incarnation: 2,
        stage: 'suspect',
        evidence: { waitedMs: 900, helpers: 3, nacks: 2, localHealth: 1, refusals: 4 },
      }),
    ),
    encodeValue(['accuse/0', 'accuse/31', 'accuse/032']),
  ],
  prepare: () => (input) => {
    const decoded = decodeCbor(input);
    const value = 'value' in decoded ? toAppValue(decoded.value) : undefined;
    if (value === undefined) return 'no value';
    for (const text of Array.isArray(value) ? (value as AppValue[]) : [value])
      if (typeof text === 'string' && isAccuseKey(text))
        promise(text === accuseKey(Number(text.slice(7))), 'two keys of one slot');
    const facts = decodeNodeFacts(value);
    if (facts !== undefined) {
      promise(
        facts.endpoints.every(({ port }) => port > 0 && port <= 65_535),
        'an endpoint without a port',
      );
      promise(
        isDeepStrictEqual(decodeNodeFacts(encodeNodeFacts(facts)), facts),
        'other facts on a second reading',
      );
      return 'node';
    }
    const accusation = decodeAccusation(value);
    if (accusation === undefined) return 'neither';
    promise(
      isDeepStrictEqual(decodeAccusation(encodeAccusation(accusation)), accusation),
      'another accusation on a second reading',
    );
    return 'accusation';
  },
};

/** The bytes of a value that travelled apart from its record: an application value, or none. */
export const largeValue: FuzzTarget = {
  name: 'large-value',
  about: 'values that travel apart from their records',
  shape: 'cbor',
  bytesMax: 2_000,
  weight: 30,
  reaches: ['refused', 'value'],
  seeds: () => [
    encodeValue({ plan: 'x'.repeat(1_200), steps: [1, -1.5, null, true, Uint8Array.of(1)] }),
    encodeValue([[[[[[[1]]]]]]]),
    encodeValue([[[[[[[[1]]]]]]]]),
  ],
  prepare: () => (input) => {
    const value = decodeLargeValue(input);
    if (value === undefined) return 'refused';
    promise(problemOfValue(value) === undefined, 'a value that nobody could have put');
    const again = decodeLargeValue(encodeValue(value));
    promise(again !== undefined && sameValue(again, value), 'another value on a second reading');
    return 'value';
  },
};
