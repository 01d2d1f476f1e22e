import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddress } from '#runtime/core/address.ts';
import { toHex } from '#runtime/core/ids.ts';
import { TTL_MS_MAX } from '#runtime/core/limits.ts';
import { QUALITIES } from '#runtime/core/value.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { PRIORITIES } from '#runtime/core/views.ts';
import { BodyBuilder, decodeBody } from '#runtime/wire/body.ts';
import type { Block, Item, Line, Message } from '#runtime/wire/message.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { decodeRecord, encodeRecord, problemOfKey, problemOfUnit } from '#runtime/wire/record-codec.ts';
import { problemOfValue } from '#runtime/wire/value-check.ts';
import { BEN, openerOf, sealerOf } from '../../../support/wire.ts';
import { appValue, text } from './values.ts';

/** Records with the prototype that objects have. */
function plain<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(toHex);
const seq = fc.nat(0xffff_ffff);
const boot = fc.integer({ min: 1, max: 2 ** 20 - 1 });
const anyBoot = fc.oneof(fc.constant(0), boot);
const version = fc.tuple(boot, fc.integer({ min: 1, max: 0xffff_ffff })).map((pair) => makeVersion(...pair));
const knownLine = fc.oneof(fc.constant(0), version);
const hash = fc.uint8Array({ minLength: 8, maxLength: 8 });
const age = fc.nat(2 ** 48);

const line: fc.Arbitrary<Line> = plain({ owner: id, known: knownLine, gc: knownLine });
const lines = fc.array(line, { maxLength: 12 });
const item: fc.Arbitrary<Item> = fc.record(
  {
    body: fc.uint8Array({ minLength: 1, maxLength: 200 }),
    ageMs: age,
    signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
  },
  { requiredKeys: ['body', 'ageMs'], noNullPrototype: true },
);
const block: fc.Arbitrary<Block> = plain({
  owner: id,
  ends: fc.tuple(knownLine, knownLine),
  gc: knownLine,
  items: fc.array(item, { maxLength: 3 }),
}).map(({ owner, ends, gc, items }) => ({
  owner,
  from: Math.min(...ends),
  to: Math.max(...ends),
  gc,
  items,
}));
const endpoint = plain({
  transport: fc.constantFrom('udp' as const, 'http' as const),
  address: fc
    .oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      // 2xxx::/4, so that none is an IPv4-mapped address, which has another spelling.
      fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => bytes.fill(0x20, 0, 1)),
    )
    .map(formatAddress),
  port: fc.nat(65_535),
});

const mac = fc.uint8Array({ minLength: 8, maxLength: 8 });
const ping = { type: fc.constant('ping' as const), seq, destBoot: anyBoot };
const ack = { type: fc.constant('ack' as const), seq };
const pingReq = { type: fc.constant('ping-req' as const), seq, target: id, targetBoot: anyBoot, endpoint };
const presence = {
  type: fc.constant('presence' as const),
  uptimeMs: age,
  nodeVersion: knownLine,
  heard: fc.nat(5_000),
  tableHash: hash,
  nextMs: age,
};

const message: fc.Arbitrary<Message> = fc.oneof(
  plain(ping),
  plain({ ...ping, mac }),
  plain({ ...ping, mac, relay: plain({ requester: id, boot, seq, mac }) }),
  plain(ack),
  plain({ ...ack, uptimeMs: age }),
  plain({ ...ack, uptimeMs: age, mac }),
  plain({ ...ack, uptimeMs: age, mac, answer: plain({ uptimeMs: age, mac }) }),
  plain(pingReq),
  plain({ ...pingReq, mac }),
  plain({ ...pingReq, mac, challenge: mac }),
  plain({ type: fc.constant('nack' as const), seq }),
  plain({ type: fc.constant('nack' as const), seq, mac }),
  plain({ type: fc.constant('gone' as const), seq, boot }),
  plain({ type: fc.constant('gone' as const), seq, boot, mac }),
  plain({ type: fc.constant('join' as const), seq, padding: fc.nat(700) }),
  plain(presence),
  plain({ ...presence, link: fc.uint8Array({ minLength: 16, maxLength: 16 }) }),
  plain({
    type: fc.constant('blocks' as const),
    blocks: fc.array(block, { minLength: 1, maxLength: 3 }),
  }),
  plain({ type: fc.constant('digest' as const), tableHash: hash, lines }),
  plain({
    type: fc.constant('buckets' as const),
    hashes: fc.uint8Array({ minLength: 256, maxLength: 256 }),
  }),
  plain({ type: fc.constant('have' as const), buckets: fc.array(fc.nat(63), { maxLength: 64 }), lines }),
  plain({ type: fc.constant('want' as const), lines: fc.array(line, { minLength: 1, maxLength: 12 }) }),
  plain({
    type: fc.constant('value-want' as const),
    hash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    parts: fc.integer({ min: 1, max: 0xffff }),
  }),
  plain({
    type: fc.constant('value-part' as const),
    hash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    part: fc.nat(15),
    bytes: fc.uint8Array({ maxLength: 1_024 }),
  }),
);

test('what fits into a body comes out of its datagram as it was, and the size foretold is the size', () => {
  const sealer = sealerOf();
  fc.assert(
    fc.property(id, boot, fc.array(message, { maxLength: 8 }), (sender, ownBoot, messages) => {
      const builder = new BodyBuilder(sender, ownBoot);
      const added = messages.filter((each) => {
        const { room, size } = builder;
        const fits = builder.tryAdd(each);
        assert.ok(fits ? builder.size - size <= room + 2 : builder.size === size);
        return fits;
      });
      const bytes = builder.finish();
      assert.equal(bytes.length, builder.size);
      const result = openerOf().open(0, sealer.sealTo(BEN, bytes));
      assert.ok('body' in result, JSON.stringify(result));
      assert.deepEqual(result.body, { sender, boot: ownBoot, messages: added, unknown: 0 });
    }),
    { numRuns: 200 },
  );
});

test('a body that was changed anywhere decodes to something valid or to nothing, and never throws', () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 4 }), changes, (messages, list) => {
      const builder = new BodyBuilder(BEN, 3);
      for (const each of messages) builder.tryAdd(each);
      const bytes = builder.finish();
      for (const [at, byte] of list) bytes[at % bytes.length] = byte;
      const body = decodeBody(bytes);
      if (body === undefined) return;
      const again = new BodyBuilder(body.sender, body.boot, 4_096);
      for (const each of body.messages) assert.ok(again.tryAdd(each), each.type);
    }),
    { numRuns: 500 },
  );
});

const record: fc.Arbitrary<RecordBody> = fc
  .record(
    {
      version,
      key: text.filter((key) => problemOfKey(key) === undefined),
      value: appValue.filter((value) => problemOfValue(value) === undefined),
      ttlMs: fc.integer({ min: 1, max: TTL_MS_MAX }),
      unit: text.filter((unit) => problemOfUnit(unit) === undefined),
      deleted: fc.boolean(),
      priority: fc.constantFrom(...PRIORITIES),
      uptimeMs: age,
      quality: fc.constantFrom(...QUALITIES),
    },
    {
      requiredKeys: ['version', 'key', 'value', 'deleted', 'priority', 'quality'],
      noNullPrototype: true,
    },
  )
  .map((each) => (each.deleted ? { ...each, value: null } : each));

test('a record comes back as it was', () => {
  fc.assert(
    fc.property(record, (each) => assert.deepStrictEqual(decodeRecord(encodeRecord(each)), each)),
    { numRuns: 200 },
  );
});
