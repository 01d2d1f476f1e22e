import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BYTE_ORDERS,
  type ByteOrder,
  readValue,
  registersOf,
  type ValueLayout,
} from '#bridge/protocols/modbus/register-value.ts';

const read = (layout: Partial<ValueLayout>, ...bytes: number[]) =>
  readValue({ type: 'u16', order: 'ABCD', ...layout }, Uint8Array.from(bytes));

test('each type is read as the manuals mean it', () => {
  assert.equal(read({}, 0x12, 0x34), 0x1234);
  assert.equal(read({ type: 's16' }, 0xff, 0xfe), -2);
  assert.equal(read({ type: 'u32' }, 0xff, 0xff, 0xff, 0xff), 4_294_967_295);
  assert.equal(read({ type: 's32' }, 0xff, 0xff, 0xff, 0xff), -1);
  assert.equal(read({ type: 'f32' }, 0x42, 0xf6, 0xe9, 0x79), Math.fround(123.456));
  assert.equal(read({ type: 'u64' }, 0, 0, 0, 0, 0, 0, 1, 0), 256);
  assert.equal(read({ type: 's64' }, 255, 255, 255, 255, 255, 255, 255, 255), -1);
  assert.equal(read({ type: 'f64' }, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0), 1.5);
  assert.equal(read({ type: 'text', length: 3 }, 0x53, 0x44, 0x4d, 0, 0x31, 0x32), 'SDM');
  assert.equal(read({ type: 'bit', bit: 9 }, 0x02, 0x00), true);
  assert.equal(read({ type: 'bit', bit: 8 }, 0x02, 0x00), false);
});

test('every order of bytes gives the same number from its own spelling', () => {
  const spelled: Record<ByteOrder, number[]> = {
    ABCD: [0x11, 0x22, 0x33, 0x44],
    CDAB: [0x33, 0x44, 0x11, 0x22],
    BADC: [0x22, 0x11, 0x44, 0x33],
    DCBA: [0x44, 0x33, 0x22, 0x11],
  };
  for (const order of BYTE_ORDERS)
    assert.equal(read({ type: 'u32', order }, ...spelled[order]), 0x11223344, order);
  assert.equal(read({ type: 'u64', order: 'CDAB' }, 0, 4, 0, 3, 0, 2, 0, 1), 0x0001_0002_0003_0004);
  assert.equal(read({ order: 'BADC' }, 0x34, 0x12), 0x1234);
});

test('NaN stays NaN, a number that stands for none is null, and what is no text or too short is nothing', () => {
  assert.ok(Number.isNaN(read({ type: 'f32' }, 0x7f, 0xc0, 0, 0)));
  assert.equal(read({ none: [0xffff] }, 0xff, 0xff), null);
  assert.equal(read({ type: 'text', length: 1 }, 0xff, 0xfe), undefined);
  assert.equal(read({ type: 'text', length: 1 }, 0x41, 0x07), undefined);
  assert.equal(read({ type: 'u32' }, 0, 1), undefined);
  assert.equal(registersOf({ type: 'text', order: 'ABCD', length: 8 }), 8);
});
