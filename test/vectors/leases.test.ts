import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeLeaseReport } from '#runtime/coordination/lease/lease-record.ts';
import { nameRoster } from '#runtime/coordination/lease/roster.ts';
import { fromHex } from '#runtime/core/ids.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { decodeCbor, toAppValue } from '#runtime/wire/cbor.ts';
import { codecOf } from '#runtime/wire/messages/table.ts';
import { rosterFromValue } from '#runtime/wire/roster-codec.ts';
import type { LeaseVectors } from '../../scripts/vectors/shape.ts';
import * as independent from './independent-leases.ts';

const { rosters, reports, messages, macs } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'leases.json'), 'utf8'),
) as LeaseVectors;

function read(hex: string): unknown {
  const decoded = decodeCbor(fromHex(hex));
  return 'value' in decoded ? decoded.value : undefined;
}

test('[P-17.2] rosters have their marks, or are none, as the vectors say', () => {
  for (const { name, roster, mark } of rosters) {
    const found = rosterFromValue(read(roster));
    assert.equal(found === undefined ? null : nameRoster(nobleProvider, found).mark, mark, name);
  }
});

test('[P-17.9] records of voters are taken or refused as the vectors say', () => {
  for (const { name, value, valid } of reports) {
    const app = toAppValue(read(value));
    assert.equal(app !== undefined && decodeLeaseReport(app) !== undefined, valid, name);
  }
});

test('[P-17.5, P-17.6] questions and answers are taken or refused as the vectors say', () => {
  for (const { name, message, valid } of messages) {
    const fields = read(message) as readonly unknown[];
    const decoded = codecOf(Number(fields[0]))?.decode(fields);
    assert.equal(decoded !== undefined, valid, name);
  }
});

describe('a second program, written from section 17 alone, agrees on', () => {
  test('rosters, records and messages', () => {
    for (const { name, roster, mark } of rosters) assert.equal(independent.rosterMark(roster), mark, name);
    for (const { name, value, valid } of reports) assert.equal(independent.isReport(value), valid, name);
    for (const { name, message, valid } of messages)
      assert.equal(independent.isMessage(message), valid, name);
  });

  test('MACs', () => {
    for (const { mac, ...about } of macs) assert.equal(independent.leaseMac(about), mac, about.name);
  });
});
