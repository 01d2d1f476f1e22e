import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type VedirectFrame, VedirectSplitter } from '#bridge/protocols/vedirect/frame-splitter.ts';
import { chargerFields, vedirectBlock, vedirectHex } from '../../../../support/devices/vedirect.ts';

const raw = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const kinds = (frames: readonly VedirectFrame[]) =>
  frames.map((frame) => (frame.kind === 'damaged' ? frame.fault : frame.kind));

test('a block gives its fields as the device wrote them', () => {
  const fields = chargerFields();
  const [frame] = new VedirectSplitter().push(vedirectBlock(fields));
  assert.deepEqual(frame?.kind === 'block' && [...frame.fields], fields);
});

test('a block with a wrong checksum is dropped whole, and the next one is read', () => {
  const bad = vedirectBlock([['V', '12800']]);
  bad[4] = 0x39;
  assert.deepEqual(kinds(new VedirectSplitter().push(join(bad, vedirectBlock([['V', '12900']])))), [
    'checksum',
    'block',
  ]);
});

test('the checksum may be any byte, also one that means something elsewhere', () => {
  const found = new Set<number>();
  for (let n = 0; n < 94 * 94 && found.size < 4; n++) {
    const block = vedirectBlock([['BMV', String.fromCharCode(33 + (n % 94), 33 + Math.floor(n / 94))]]);
    const checksum = block.at(-1) ?? 0;
    if (![0x09, 0x0a, 0x0d, 0x3a].includes(checksum) || found.has(checksum)) continue;
    found.add(checksum);
    assert.deepEqual(kinds(new VedirectSplitter().push(join(block, block))), ['block', 'block']);
  }
  assert.equal(found.size, 4);
});

test('HEX frames between any two bytes of a block count for nothing in its sum', () => {
  const block = vedirectBlock([
    ['V', '12800'],
    ['I', '-5'],
  ]);
  const hex = vedirectHex(0xa, [0xed, 0xbc, 0x00, 0x11]);
  // The very last place would put it where the checksum is due.
  for (let at = 0; at < block.length - 1; at++) {
    const frames = new VedirectSplitter().push(join(block.subarray(0, at), hex, block.subarray(at)));
    assert.deepEqual(kinds(frames), ['hex', 'block'], `at ${at}`);
    assert.equal(frames[0]?.kind === 'hex' && frames[0].text, 'AEDBC001191');
  }
});

test('what steps out of the grammar is dropped, even where the sum is right by chance', () => {
  const cases = {
    'a label twice': '\r\nV\t1\r\nV\t1',
    'a control character': '\r\nV\t\u00011',
    'a byte outside of ASCII': '\r\nV\t1\u00b0',
    'a label that is too long': '\r\nVVVVVVVVVVVVVVVVV\t1',
    'a value that is too long': `\r\nV\t${'1'.repeat(65)}`,
    'no line break before the label': 'V\t1',
    'too many fields': Array.from({ length: 33 }, (_, i) => `\r\nV${i}\t1`).join(''),
    'no field at all': '',
  };
  for (const [what, text] of Object.entries(cases)) {
    const body = raw(`${text}\r\nChecksum\t`);
    const sum = body.reduce((total, byte) => total + byte, 0);
    const frames = new VedirectSplitter().push(join(body, Uint8Array.of((256 - (sum % 256)) % 256)));
    assert.deepEqual(kinds(frames), ['malformed'], what);
  }
});

test('a port that was opened anew forgets the half block of before', () => {
  const splitter = new VedirectSplitter();
  const block = vedirectBlock([['V', '12800']]);
  splitter.push(block.subarray(0, 7));
  splitter.reset();
  assert.deepEqual(kinds(splitter.push(block)), ['block']);
  splitter.push(raw(':7F0'));
  splitter.reset();
  assert.deepEqual(kinds(splitter.push(block)), ['block']);
});
