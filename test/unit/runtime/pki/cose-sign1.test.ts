import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '#runtime/core/random.ts';
import { decodeSign1, peekKind, sign1, verifySign1 } from '#runtime/pki/cose-sign1.ts';
import { CborWriter } from '#runtime/wire/cbor-writer.ts';
import { accepted, certified, DEVICE, provider, ROOT, reasonOf } from '../../../support/pki.ts';

const payload = Uint8Array.of(0xa0);

/** An object with a header and unprotected part as given. */
function handmade(header: (writer: CborWriter) => void, unprotected = 0): Uint8Array {
  const inner = new CborWriter();
  header(inner);
  const writer = new CborWriter();
  writer.array(4);
  writer.bytes(inner.finish());
  writer.map(unprotected);
  if (unprotected > 0) {
    writer.uint(5);
    writer.bytes(payload);
  }
  writer.bytes(payload);
  writer.bytes(new Uint8Array(64));
  return writer.finish();
}

/** alg, crit and whatever else, typ last. */
function header(fields: { alg?: number; crit?: readonly (number | string)[]; extra?: number }) {
  return (writer: CborWriter) => {
    const { alg = -8, crit, extra } = fields;
    writer.map(3 + (crit === undefined ? 0 : 1) + (extra === undefined ? 0 : 1));
    writer.uint(1);
    writer.int(alg);
    if (crit !== undefined) {
      writer.uint(2);
      writer.value(crit);
    }
    writer.uint(4);
    writer.bytes(new Uint8Array(8));
    writer.uint(16);
    writer.text('gridvine-certificate');
    if (extra !== undefined) {
      writer.uint(extra);
      writer.text('x');
    }
  };
}

test('[P-11.1] a signature is bound to header and payload, and to the kind of object', () => {
  const bytes = sign1(provider, ROOT, { kind: 'policy', payload });
  const object = accepted(decodeSign1(bytes, 'policy'));
  assert.equal(verifySign1(provider, object, ROOT.publicKey), true);
  assert.equal(verifySign1(provider, object, DEVICE.publicKey), false);
  assert.equal(verifySign1(provider, { ...object, payload: Uint8Array.of(0x80) }, ROOT.publicKey), false);
  assert.equal(reasonOf(decodeSign1(bytes, 'certificate')), 'wrong-key-use');
  assert.equal(peekKind(bytes), 'policy');
});

test('a critical label of whoever made the object does not speak to a terminal', () => {
  for (const label of ['\u001b[2J', '\u009b2J', 'a\u202eb', '\n', 'x'.repeat(60)]) {
    const judged = decodeSign1(handmade(header({ crit: [label] })), 'certificate');
    assert.ok('refusal' in judged && judged.refusal.reason === 'unknown-critical');
    assert.doesNotMatch(judged.refusal.text, /\p{C}/u);
    assert.ok(judged.refusal.text.length < 250);
  }
  const judged = decodeSign1(handmade(header({ crit: ['later', 99] })), 'certificate');
  assert.ok('refusal' in judged && judged.refusal.text.includes('its field "later" must'));
});

test('[P-11.1] a critical field that is not known is refused, an unknown one that is not critical is passed over', () => {
  const judge = (fields: Parameters<typeof header>[0]) =>
    reasonOf(decodeSign1(handmade(header(fields)), 'certificate'));
  assert.equal(judge({}), 'accepted');
  assert.equal(judge({ extra: 99 }), 'accepted');
  assert.equal(judge({ crit: [99], extra: 99 }), 'unknown-critical');
  assert.equal(judge({ crit: ['x'] }), 'unknown-critical');
  assert.equal(judge({ crit: [4] }), 'accepted');
  assert.equal(judge({ crit: [] }), 'malformed');
  assert.equal(judge({ alg: -7 }), 'malformed');
});

test('an unprotected header is refused: with it one object would have many encodings', () => {
  const judged = decodeSign1(handmade(header({}), 1), 'certificate');
  assert.equal(reasonOf(judged), 'malformed');
});

test('what is no COSE_Sign1 is refused by its reason', () => {
  const judge = (bytes: readonly number[]) => reasonOf(decodeSign1(Uint8Array.from(bytes), 'certificate'));
  assert.equal(judge([]), 'truncated');
  assert.equal(judge([0x84]), 'truncated');
  assert.equal(judge([0x80]), 'malformed');
  assert.equal(judge([0xd2, 0x80]), 'malformed', 'tagged');
  assert.equal(judge([0x84, 0x40, 0xa0, 0x40, 0x40]), 'malformed', 'no signature');
  assert.equal(
    judge([0x84, 0x40, 0xa0, 0x40, 0x58, 0x40, ...new Array<number>(64).fill(0)]),
    'malformed',
    'empty header',
  );
});

test('map keys out of order are refused', () => {
  const unordered = handmade((writer) => {
    writer.map(2);
    writer.uint(4);
    writer.bytes(new Uint8Array(8));
    writer.uint(1);
    writer.int(-8);
  });
  assert.equal(reasonOf(decodeSign1(unordered, 'certificate')), 'malformed');
});

test('random changes of whole objects are refused or decode, and never throw', () => {
  const random = new SeededRandom(77);
  const valid = certified(ROOT, DEVICE);
  for (let round = 0; round < 2_000; round++) {
    const changed = valid.slice(0, 1 + (random.uint32() % valid.length));
    for (let i = 0; i < 4; i++) changed[random.uint32() % changed.length] = random.uint32() & 255;
    decodeSign1(changed, 'certificate');
    peekKind(changed);
  }
});
