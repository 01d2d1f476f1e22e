import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeHexFrame, encodeGet, registerAnswer } from '#bridge/protocols/vedirect/hex-frame.ts';
import { HEX_REGISTERS, readRegister } from '#bridge/protocols/vedirect/hex-registers.ts';
import { keyFault } from '#bridge/reading-key.ts';

/** From the manufacturer's FAQ: the battery's capacity is asked for, and told. */
test('the published example is what is sent and understood', () => {
  assert.equal(new TextDecoder().decode(encodeGet(0x1000)), ':70010003E\n');
  const answer = registerAnswer(decodeHexFrame('7001000C80076'));
  assert.ok(answer !== undefined && 'data' in answer);
  assert.equal(answer.register, 0x1000);
  assert.equal(readRegister({ type: 'u16' }, answer.data), 200);
});

test('damaged frames are told apart', () => {
  assert.deepEqual(decodeHexFrame(''), { kind: 'damaged', fault: 'too-short' });
  assert.deepEqual(decodeHexFrame('70010003'), { kind: 'damaged', fault: 'odd-length' });
  assert.deepEqual(decodeHexFrame('70010003F'), { kind: 'damaged', fault: 'checksum' });
});

test('a device that has no such register says why', () => {
  const refusal = (flags: number) => {
    const sum = (0x55 - 7 - 0xdb - 0xed - flags) & 0xff;
    const hex = [0xdb, 0xed, flags, sum].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return registerAnswer(decodeHexFrame(`7${hex}`));
  };
  assert.deepEqual(refusal(1), { register: 0xeddb, refused: 'unknown-register' });
  assert.deepEqual(refusal(2), { register: 0xeddb, refused: 'not-supported' });
  assert.deepEqual(refusal(4), { register: 0xeddb, refused: 'parameter-error' });
  assert.equal(registerAnswer(decodeHexFrame('51641F9')), undefined);
});

test('register values are little-endian, with a sign where they have one, and none where the device has none', () => {
  const read = (type: 'u16' | 's16' | 'u32' | 'text' | 'u8', bytes: number[], divisor?: number) =>
    readRegister({ type, divisor }, Uint8Array.from(bytes));
  assert.equal(read('u16', [0x00, 0x32], 100), 128);
  assert.equal(read('s16', [0x18, 0xfc], 100), -10);
  assert.equal(read('s16', [0xff, 0x7f], 100), null);
  assert.equal(read('u16', [0xff, 0xff]), null);
  assert.equal(read('u32', [0x10, 0x27, 0, 0], 100), 100);
  assert.equal(read('u16', [0x10]), undefined);
  assert.equal(read('text', [0x48, 0x51, 0, 0x31]), 'HQ');
  assert.equal(read('text', [0x48, 0x01]), undefined);
});

test('every known register has a key that may be gossiped, once', () => {
  assert.deepEqual(
    HEX_REGISTERS.filter(({ key }) => keyFault(key) !== undefined),
    [],
  );
  assert.equal(new Set(HEX_REGISTERS.map(({ register }) => register)).size, HEX_REGISTERS.length);
});
