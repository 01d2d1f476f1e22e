import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromHex } from '#runtime/core/ids.ts';
import { CborReader, IntegralFloat } from '#runtime/wire/cbor-reader.ts';
import { gateCbor } from '../../../../scripts/fuzz/cbor-gate.ts';
import { readerDecode, twinDecode } from '../../../../scripts/fuzz/cbor-twin.ts';

const REFUSED: Record<string, [reason: string, hex: string][]> = {
  'more nesting than 8': [['too deep', `${'81'.repeat(9)}00`]],
  'a bomb of nested arrays': [['too deep', '81'.repeat(1_000)]],
  'more than 4096 items': [['too many items', `991000${'00'.repeat(4_096)}`]],
  'indefinite lengths': [
    ['indefinite length', '9f00ff'],
    ['indefinite length', 'bf6100ff'],
    ['indefinite length', '5f4100ff'],
    ['indefinite length', '7f6161ff'],
    ['break', 'ff'],
  ],
  'integers and lengths not in shortest form': [
    ['not in shortest form', '1817'],
    ['not in shortest form', '1900ff'],
    ['not in shortest form', '1a0000ffff'],
    ['not in shortest form', '1b00000000ffffffff'],
    ['not in shortest form', '3817'],
    ['not in shortest form', '580100'],
    ['not in shortest form', '780161'],
    ['not in shortest form', '980100'],
    ['not in shortest form', 'b8010000'],
  ],
  'reserved lengths': [
    ['reserved length', '1c'],
    ['reserved length', '5d'],
    ['reserved length', '9e'],
  ],
  'text that is not UTF-8': [
    ['text is not UTF-8', '61ff'],
    ['text is not UTF-8', '62c080'],
    ['text is not UTF-8', '61c3'],
    ['text is not UTF-8', '63eda080'],
    ['text is not UTF-8', '63e08080'],
    ['text is not UTF-8', '64f4908080'],
    ['text is not UTF-8', '64f0808080'],
    ['text is not UTF-8', '64f5808080'],
    ['text is not UTF-8', '6180'],
    ['text is not UTF-8', '65e282206100'],
  ],
  'a byte order mark in front of text, because decoders strip it': [
    ['text begins with a byte order mark', '63efbbbf'],
  ],
  'duplicate keys': [
    ['duplicate map key', 'a201000100'],
    ['duplicate map key', 'a2616100616100'],
    ['duplicate map key', 'a3616200616100616200'],
    ['duplicate map key', 'a302000100'.concat('0200')],
  ],
  'map keys that are neither unsigned integers nor text': [
    ['map key is no unsigned integer or text', 'a12000'],
    ['map key is no unsigned integer or text', 'a1410000'],
    ['map key is no unsigned integer or text', 'a18000'],
    ['map key is no unsigned integer or text', 'a1f600'],
    ['map key is no unsigned integer or text', 'a1fa3f80000000'],
  ],
  'tags, also those that a general decoder acts on': [
    ['tag', 'c100'],
    ['tag', 'd81c80'],
    ['tag', 'd81d00'],
    ['tag', 'd8338280'.concat('80')],
    ['tag', 'c24101'],
    ['tag', 'd9dfff83190100'.concat('8080')],
  ],
  'other simple values': [
    ['simple value', 'f7'],
    ['simple value', 'e0'],
    ['simple value', 'f820'],
    ['simple value', 'f814'],
    ['simple value', 'fc'],
  ],
  'floats that are not finite': [
    ['float not finite', 'f97c00'],
    ['float not finite', 'f97e00'],
    ['float not finite', 'f9fc00'],
    ['float not finite', 'fa7f800000'],
    ['float not finite', 'fa7fc00000'],
    ['float not finite', 'faff800000'],
    ['float not finite', 'fb7ff0000000000000'],
    ['float not finite', 'fbfff8000000000000'],
  ],
  'anything after the end': [['bytes after the end', '0000']],
};

/** What the reader says, once its twin has said the same. */
function refusalOf(bytes: Uint8Array): string | undefined {
  const reader = new CborReader(bytes);
  reader.read();
  assert.equal(reader.refusal, gateCbor(bytes));
  return reader.refusal;
}

describe('[P-4.1] the reader refuses', () => {
  for (const [what, cases] of Object.entries(REFUSED)) {
    test(what, () => {
      for (const [reason, hex] of cases) assert.equal(refusalOf(fromHex(hex)), reason, hex);
    });
  }

  test('every input that was cut short', () => {
    const whole = fromHex('85182a6161a20102616b43aabbccfb3ff199999999999af93c00');
    assert.equal(refusalOf(whole), undefined);
    for (let length = 0; length < whole.length; length++)
      assert.equal(refusalOf(whole.subarray(0, length)), 'truncated', `${length} bytes`);
  });

  test('lengths beyond the input, without making room for them', () => {
    // B-63
    for (const hex of ['5affffffff', '7bffffffffffffffff', '9affffffff', 'bbffffffffffffffff'])
      assert.equal(refusalOf(fromHex(hex)), 'truncated', hex);
  });
});

test('[P-4.1] the reader admits what the bounds allow', () => {
  const nested = `${'81'.repeat(8)}00`;
  const many = `990fff${'00'.repeat(4_095)}`;
  const keys = 'a4'.concat('0000', '1818f6', '6161f5', '626161f4');
  const unsorted = 'a3'.concat('6162f6', '6161f6', '01f6');
  const floats = '83'.concat('f93c00', 'fa7f7fffff', 'fb7fefffffffffffff');
  const text = '85'.concat('60', '6161', '62c3bc', '63e6b0b4', '64f0908591');
  for (const hex of [nested, many, keys, unsorted, floats, text, '3b7fffffffffffffff', 'a0', '80', '40'])
    assert.equal(refusalOf(fromHex(hex)), undefined, hex.slice(0, 40));
});

test('the keys 1 and "1" are two keys', () => {
  assert.equal(refusalOf(fromHex('a20100613100')), undefined);
});

test('the same key in two maps, one within the other, is no duplicate', () => {
  assert.equal(refusalOf(fromHex('a16161a1616100')), undefined);
});

test('every number is read as a library reads it', () => {
  const halves = Array.from({ length: 0x1_0000 }, (_, bits) => `f9${bits.toString(16).padStart(4, '0')}`);
  const singles = ['fa00000001', 'fa80000000', 'fa7f7fffff', 'fa3dcccccd'];
  const doubles = ['fb0000000000000001', 'fb8000000000000000', 'fbffefffffffffffff', 'fb3fb999999999999a'];
  const integers = [
    '17',
    '1818',
    '18ff',
    '190100',
    '19ffff',
    '1a00010000',
    '1affffffff',
    '1b0000000100000000',
  ];
  const large = ['1b001fffffffffffff', '1b0020000000000000', '1b0020000000000001', '1bffffffffffffffff'];
  for (const hex of [...halves, ...singles, ...doubles, ...integers, ...large]) readsAsTwin(hex);
  for (const hex of [...integers, ...large])
    readsAsTwin(`${(Number.parseInt(hex[0], 16) + 2).toString(16)}${hex.slice(1)}`);
});

test('text of every length comes as it was written, also where another of the same length came before', () => {
  for (let length = 0; length <= 1_100; length++) {
    for (const text of ['x'.repeat(length), 'y'.repeat(length), `${'x'.repeat(length)}ü`]) {
      const { length: bytes } = Buffer.from(text);
      const reader = new CborReader(Buffer.concat([textHeader(bytes), Buffer.from(text)]));
      assert.equal(reader.read(), text);
    }
  }
});

test('byte strings are plain views of the input, also of a Buffer that begins elsewhere', () => {
  const input = Buffer.from('ff43010203', 'hex').subarray(1);
  const value = new CborReader(input).read();
  assert.ok(value instanceof Uint8Array && !Buffer.isBuffer(value));
  assert.deepEqual(value, Uint8Array.of(1, 2, 3));
  input[1] = 9;
  assert.equal(value[0], 9);
});

test('[P-4.6] an integral float is told from an integer, of whatever width and sign', () => {
  for (const hex of ['f93c00', 'fa3f800000', 'fb3ff0000000000000', 'f98000', 'fb7fefffffffffffff']) {
    const value = new CborReader(fromHex(hex)).read();
    assert.ok(value instanceof IntegralFloat && Number.isInteger(value.value), hex);
  }
  assert.equal(new CborReader(fromHex('f93e00')).read(), 1.5);
  assert.equal(new CborReader(fromHex('01')).read(), 1);
});

function readsAsTwin(hex: string): void {
  assert.deepStrictEqual(readerDecode(fromHex(hex)), twinDecode(fromHex(hex)), hex);
}

function textHeader(bytes: number): Uint8Array {
  if (bytes < 24) return Uint8Array.of(0x60 | bytes);
  return bytes < 256 ? Uint8Array.of(0x78, bytes) : Uint8Array.of(0x79, bytes >> 8, bytes & 255);
}
