import type { AppValue } from '#runtime/core/value.ts';

/** Types of values in registers, with the registers they take. `text` takes as many as its length says. */
const REGISTERS = { u16: 1, s16: 1, u32: 2, s32: 2, f32: 2, u64: 4, s64: 4, f64: 4 } as const;

export type NumberType = keyof typeof REGISTERS;
export const NUMBER_TYPES = Object.keys(REGISTERS) as readonly NumberType[];
export type ValueType = NumberType | 'text' | 'bit';

/**
 * In which order the bytes of a value of four bytes come: `ABCD` is Modbus's own; `CDAB` has the low word first, `BADC` and
 * `DCBA` the low byte of each word. Longer values follow the same rule.
 */
export const BYTE_ORDERS = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const;
export type ByteOrder = (typeof BYTE_ORDERS)[number];

/** How a value lies in its registers. */
export interface ValueLayout {
  readonly type: ValueType;
  readonly order: ByteOrder;
  /** Registers of a text, 1 to 125. */
  readonly length?: number;
  /** Which bit of the register, 0 (lowest) to 15, for `bit`. */
  readonly bit?: number;
  /** Raw numbers that mean "there is none". */
  readonly none?: readonly number[];
}

/** Registers that a value takes. */
export function registersOf({ type, length = 1 }: ValueLayout): number {
  if (type === 'text') return length;
  return type === 'bit' ? 1 : REGISTERS[type];
}

/**
 * Reads a value out of its registers' bytes. Integers beyond 2^53 lose their last digits; NaN stays NaN, for the pipeline to
 * judge. Null where the device says that there is none; undefined for a text that is none, or too few bytes.
 */
export function readValue(layout: ValueLayout, data: Uint8Array): AppValue | undefined {
  if (data.length < 2 * registersOf(layout)) return undefined;
  const bytes = inOrder(data.subarray(0, 2 * registersOf(layout)), layout.order);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (layout.type === 'text') return readText(bytes);
  if (layout.type === 'bit') return ((view.getUint16(0) >> (layout.bit ?? 0)) & 1) === 1;
  const value = READERS[layout.type](view);
  return layout.none?.includes(value) ? null : value;
}

const READERS: Readonly<Record<NumberType, (view: DataView) => number>> = {
  u16: (view) => view.getUint16(0),
  s16: (view) => view.getInt16(0),
  u32: (view) => view.getUint32(0),
  s32: (view) => view.getInt32(0),
  f32: (view) => view.getFloat32(0),
  u64: (view) => Number(view.getBigUint64(0)),
  s64: (view) => Number(view.getBigInt64(0)),
  f64: (view) => view.getFloat64(0),
};

function inOrder(data: Uint8Array, order: ByteOrder): Uint8Array {
  if (order === 'ABCD') return data;
  if (order === 'DCBA') return data.slice().reverse();
  const bytes = data.slice();
  if (order === 'CDAB') bytes.reverse();
  // Reversed as a whole, the words are in order and the bytes of each the wrong way round.
  for (let at = 0; at + 1 < bytes.length; at += 2) bytes.subarray(at, at + 2).reverse();
  return bytes;
}

/** A text without its padding. */
function readText(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0);
  const held = bytes.subarray(0, end < 0 ? bytes.length : end);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(held).trim();
    return /\p{Cc}/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
