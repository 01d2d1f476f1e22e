import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModbusDevice } from './modbus.ts';

/** Raw values of points, before their scale; repeated groups as lists by the group's name. */
export interface PointValues {
  readonly [name: string]: number | bigint | string | readonly PointValues[];
}

/** One model of a device, and what it says there. */
export interface ModelValues {
  readonly id: number;
  readonly values: PointValues;
}

interface Definition {
  readonly name: string;
  readonly points?: readonly { readonly name: string; readonly type: string; readonly size: number }[];
  readonly groups?: readonly Definition[];
}

/** The published definition of a model, as it is. */
export function publishedModel(id: number): {
  readonly id: number;
  readonly group: Definition & { label?: string };
} {
  const path = join(import.meta.dirname, `../sunspec-models/model_${id}.json`);
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** A device with these models from a base on, made from the published definitions; what isn't said is not implemented. */
export function sunspecDevice(models: readonly ModelValues[], base = 40_000): ModbusDevice {
  const words = [0x5375, 0x6e53, ...models.flatMap(modelWords), 0xffff, 0];
  return new ModbusDevice().load('holding', base, words);
}

/** The registers of one model, from its id on. */
export function modelWords({ id, values }: ModelValues): readonly number[] {
  const body = groupWords(publishedModel(id).group, values);
  return [id, body.length - 2, ...body.slice(2)];
}

/** What an inverter with two trackers says at noon. */
export function inverterModels(changes: PointValues = {}): readonly ModelValues[] {
  return [
    { id: 1, values: { Mn: 'Sunny Works', Md: 'SW-5000', Vr: '1.2.3', SN: 'SW0042', DA: 1 } },
    {
      id: 103,
      values: {
        ...{ A: 2105, A_SF: -2, PhVphA: 2304, PhVphB: 2311, PhVphC: 2298, V_SF: -1 },
        ...{ W: 4821, W_SF: 0, Hz: 5001, Hz_SF: -2, PF: -998, PF_SF: -1, WH: 15_342_000, WH_SF: 0 },
        ...{ DCW: 501, DCW_SF: 1, TmpCab: 412, Tmp_SF: -1, St: 4, Evt1: 0b1001 },
        ...changes,
      },
    },
    {
      id: 160,
      values: {
        ...{ DCA_SF: -2, DCV_SF: -1, DCW_SF: 0, DCWH_SF: 0, N: 2 },
        module: [
          { ID: 1, IDStr: 'east', DCA: 612, DCV: 4102, DCW: 2510, DCWH: 0 },
          { ID: 2, IDStr: 'west', DCA: 598, DCV: 4055, DCW: 2425, DCWH: 0 },
        ],
      },
    },
  ];
}

function groupWords(group: Definition, values: PointValues): number[] {
  const own = (group.points ?? []).flatMap((point) => pointWords(point, values[point.name]));
  const inner = (group.groups ?? []).flatMap((each) => {
    const repeated = values[each.name];
    return Array.isArray(repeated) ? repeated.flatMap((one) => groupWords(each, one)) : [];
  });
  return [...own, ...inner];
}

/** What a type holds where it isn't implemented (SunSpec Device Information Model Specification 1.2, table 2). */
const NOT_IMPLEMENTED: Readonly<Record<string, bigint>> = {
  int16: 0x8000n,
  uint16: 0xffffn,
  enum16: 0xffffn,
  bitfield16: 0xffffn,
  sunssf: 0x8000n,
  count: 0xffffn,
  pad: 0x8000n,
  int32: 0x8000_0000n,
  uint32: 0xffff_ffffn,
  enum32: 0xffff_ffffn,
  bitfield32: 0xffff_ffffn,
  float32: 0x7fc0_0000n,
  int64: 0x8000_0000_0000_0000n,
  uint64: 0xffff_ffff_ffff_ffffn,
};

function pointWords(
  { type, size }: { readonly type: string; readonly size: number },
  value: PointValues[string] | undefined,
): number[] {
  if (typeof value === 'string') {
    const bytes = Buffer.alloc(2 * size);
    bytes.write(value, 'latin1');
    return Array.from({ length: size }, (_, i) => bytes.readUInt16BE(2 * i));
  }
  let bits = NOT_IMPLEMENTED[type] ?? 0n;
  if (type === 'float32' && typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatBE(value);
    bits = BigInt(bytes.readUInt32BE());
  } else if (typeof value === 'number' || typeof value === 'bigint') {
    bits = BigInt.asUintN(16 * size, BigInt(value));
  }
  return Array.from({ length: size }, (_, i) => Number((bits >> BigInt(16 * (size - 1 - i))) & 0xffffn));
}
