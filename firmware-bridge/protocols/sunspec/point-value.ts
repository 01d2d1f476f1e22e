import type { AppValue } from '#runtime/core/value.ts';
import type { PointTable } from './model-table.ts';

/** What a point holds: a number before its scale, a text, or nothing where the device doesn't implement it. */
export type RawValue = number | string | null;

/** Reads a point out of its registers' bytes (big-endian), of which there must be enough. */
export function readPoint(point: PointTable, data: Uint8Array): RawValue {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  switch (point.type) {
    case 'int16':
    case 'sunssf':
      return unless(view.getInt16(0), -0x8000);
    case 'uint16':
    case 'enum16':
    case 'bitfield16':
    case 'count':
    case 'raw16':
      return unless(view.getUint16(0), 0xffff);
    case 'acc16':
      return unless(view.getUint16(0), 0);
    case 'int32':
      return unless(view.getInt32(0), -0x8000_0000);
    case 'uint32':
    case 'enum32':
    case 'bitfield32':
      return unless(view.getUint32(0), 0xffff_ffff);
    case 'acc32':
      return unless(view.getUint32(0), 0);
    case 'int64':
      return wide(view.getBigInt64(0), -0x8000_0000_0000_0000n);
    case 'uint64':
    case 'bitfield64':
      return wide(view.getBigUint64(0), 0xffff_ffff_ffff_ffffn);
    case 'acc64':
      return wide(view.getBigUint64(0), 0n);
    case 'float32':
      return finite(view.getFloat32(0));
    case 'float64':
      return finite(view.getFloat64(0));
    case 'string':
      return text(data);
    case 'ipaddr':
      return view.getUint32(0) === 0 ? null : data.subarray(0, 4).join('.');
    default:
      return data.every((byte) => byte === 0 || byte === 0xff) ? null : hex(data);
  }
}

/** The value as a reading has it: scaled, or an enumeration's name, or the names of a bitfield's set bits. */
export function shapeValue(point: PointTable, raw: number | string, scale: number): AppValue {
  if (typeof raw === 'string') return raw;
  if (point.type.startsWith('enum')) return point.symbols?.get(raw) ?? raw;
  if (point.type.startsWith('bitfield'))
    return point.symbols === undefined ? raw : bitNames(point.symbols, raw);
  // Divided where it can be: 23.05 and not 23.050000000000001.
  return scale < 0 ? raw / 10 ** -scale : raw * 10 ** scale;
}

function unless(value: number, none: number): number | null {
  return value === none ? null : value;
}

function wide(value: bigint, none: bigint): number | null {
  return value === none ? null : Number(value);
}

/** NaN means not implemented; an infinity is no measurement either. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function text(data: Uint8Array): string | null {
  const end = data.indexOf(0);
  const held = String.fromCharCode(...data.subarray(0, end < 0 ? data.length : end))
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .trim();
  return held === '' ? null : held;
}

function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function bitNames(symbols: ReadonlyMap<number, string>, bits: number): string {
  const names: string[] = [];
  // By arithmetic: a bitfield may be wider than what shifts take.
  for (let bit = 0, rest = bits; rest > 0; bit++, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) names.push(symbols.get(bit) ?? `bit-${bit}`);
  }
  return names.join(' ');
}
