import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeEvent, encodeEvent } from '#runtime/coordination/events/event-record.ts';
import { fits } from '#runtime/coordination/events/filter.ts';
import { fromHex } from '#runtime/core/ids.ts';
import { decodeCbor, toAppValue } from '#runtime/wire/cbor.ts';
import { codecOf } from '#runtime/wire/messages/table.ts';
import type { EventVectors } from '../../scripts/vectors/shape.ts';
import * as independent from './independent-events.ts';
import { leaseMac } from './independent-leases.ts';

const { version, events, messages, patterns, macs } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'events.json'), 'utf8'),
) as EventVectors;

function read(hex: string): unknown {
  const decoded = decodeCbor(fromHex(hex));
  return 'value' in decoded ? decoded.value : undefined;
}

test('[P-18.2] events are taken or refused as the vectors say, and come back as they were', () => {
  for (const { name, value, valid } of events) {
    const app = toAppValue(read(value));
    const event = app === undefined ? undefined : decodeEvent(app, version);
    assert.equal(event !== undefined, valid, name);
    if (event !== undefined) assert.deepEqual(decodeEvent(encodeEvent(event), version), event, name);
  }
});

test('[P-18.10] replies and receipts are taken or refused as the vectors say', () => {
  for (const { name, message, valid } of messages) {
    const fields = read(message) as readonly unknown[];
    assert.equal(codecOf(Number(fields[0]))?.decode(fields) !== undefined, valid, name);
  }
});

test('[P-18.7] patterns fit as the vectors say', () => {
  for (const { pattern, text, fits: expected } of patterns)
    assert.equal(fits(pattern, text), expected, `${pattern} on ${text}`);
});

describe('a second program, written from section 18 alone, agrees on', () => {
  test('events, messages and patterns', () => {
    for (const { name, value, valid } of events)
      assert.equal(independent.isEvent(value, version), valid, name);
    for (const { name, message, valid } of messages)
      assert.equal(independent.isMessage(message), valid, name);
    for (const { pattern, text, fits: expected } of patterns)
      assert.equal(independent.fits(pattern, text), expected, `${pattern} on ${text}`);
  });

  test('[P-18.11] MACs, which are made like those of section 17', () => {
    for (const { mac, ...about } of macs) assert.equal(leaseMac(about), mac, about.name);
  });
});
