import type { AppValue } from '#runtime/core/value.ts';

/** How a register's bytes are to be read, little-endian; `text` up to the first NUL. */
export const HEX_TYPES = ['u8', 's8', 'u16', 's16', 'u32', 's32', 'text'] as const;
export type HexType = (typeof HEX_TYPES)[number];

/** A register that is worth reading because no text field has it. */
export interface HexRegister {
  readonly register: number;
  readonly key: string;
  readonly unit?: string;
  readonly type: HexType;
  /** What a raw number is divided by. */
  readonly divisor?: number;
}

/** Registers of solar chargers and battery monitors, by the keys of their readings. */
export const HEX_REGISTERS: readonly HexRegister[] = [
  { register: 0x010a, key: 'device/serial', type: 'text' },
  { register: 0x010b, key: 'device/model', type: 'text' },
  { register: 0x0201, key: 'charger/state-code', type: 'u8' },
  { register: 0xedbb, key: 'pv/voltage', unit: 'V', type: 'u16', divisor: 100 },
  { register: 0xedbc, key: 'pv/power', unit: 'W', type: 'u32', divisor: 100 },
  { register: 0xedbd, key: 'pv/current', unit: 'A', type: 'u16', divisor: 10 },
  { register: 0xedd5, key: 'battery/voltage', unit: 'V', type: 'u16', divisor: 100 },
  { register: 0xedd7, key: 'charger/current', unit: 'A', type: 'u16', divisor: 10 },
  { register: 0xeddb, key: 'charger/temperature', unit: '°C', type: 's16', divisor: 100 },
  { register: 0xeddf, key: 'charger/current-max', unit: 'A', type: 'u16', divisor: 10 },
  { register: 0xedec, key: 'battery/temperature-kelvin', unit: 'K', type: 'u16', divisor: 100 },
  { register: 0xedef, key: 'battery/voltage-setting', unit: 'V', type: 'u8' },
  { register: 0xedf0, key: 'battery/current-max', unit: 'A', type: 'u16', divisor: 10 },
  { register: 0xedf6, key: 'battery/float-voltage', unit: 'V', type: 'u16', divisor: 100 },
  { register: 0xedf7, key: 'battery/absorption-voltage', unit: 'V', type: 'u16', divisor: 100 },
];

const SIZES: Readonly<Record<Exclude<HexType, 'text'>, number>> = {
  u8: 1,
  s8: 1,
  u16: 2,
  s16: 2,
  u32: 4,
  s32: 4,
};

/** A register's value; null where the device has none (all bits set, or the largest signed number); undefined for bytes that don't fit. */
export function readRegister(
  { type, divisor = 1 }: Pick<HexRegister, 'type' | 'divisor'>,
  data: Uint8Array,
): AppValue | undefined {
  if (type === 'text') {
    const end = data.indexOf(0);
    const text = String.fromCharCode(...data.subarray(0, end < 0 ? data.length : end)).trim();
    return /^[\x20-\x7e]*$/.test(text) ? text : undefined;
  }
  const size = SIZES[type];
  if (data.length !== size) return undefined;
  const unsigned = data.reduceRight((total, byte) => total * 256 + byte, 0);
  const span = 256 ** size;
  if (type.startsWith('u')) return unsigned === span - 1 ? null : unsigned / divisor;
  if (unsigned === span / 2 - 1) return null;
  return (unsigned >= span / 2 ? unsigned - span : unsigned) / divisor;
}
