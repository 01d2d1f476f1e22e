import type { AppValue } from '#runtime/core/value.ts';
import type { GroupTable, ModelTable, PointTable } from './model-table.ts';
import { type RawValue, readPoint, shapeValue } from './point-value.ts';

/** A point with its value. */
export interface DecodedPoint {
  /** `W`; in repeated groups with their number from 1: `module/2/DCW`. */
  readonly path: string;
  readonly value: AppValue;
  readonly unit?: string;
}

/**
 * How a device's registers contradict the model: fewer or more registers than it has, more repetitions told than fit, a scale
 * that isn't there or no power of ten from -10 to 10.
 */
export type MapFault = 'too-short' | 'too-long' | 'count' | 'scale';

export interface DecodedModel {
  readonly points: readonly DecodedPoint[];
  readonly faults: readonly { readonly fault: MapFault; readonly path: string }[];
}

/** Most repetitions of a group that are read. */
export const REPEATS_MAX = 256;
const SCALE_MAX = 10;

/**
 * Decodes a model's registers, from its id on. Points that the device doesn't implement are left out, and so are those whose
 * scale makes no sense; what lies behind the registers' end isn't there, as with models of an older revision.
 */
export function decodeModel(model: ModelTable, data: Uint8Array): DecodedModel {
  const decoder = new Decoder(data);
  decoder.group(model.group, { prefix: '', outer: undefined, isRoot: true });
  return decoder.finish(model);
}

/** Values of a group that others refer to: scales and counts, its own and those around it. */
interface Scope {
  readonly values: ReadonlyMap<string, RawValue>;
  readonly outer: Scope | undefined;
}

interface Place {
  readonly prefix: string;
  readonly outer: Scope | undefined;
  readonly isRoot: boolean;
}

class Decoder {
  readonly #data: Uint8Array;
  readonly #points: DecodedPoint[] = [];
  readonly #faults: { fault: MapFault; path: string }[] = [];
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  group(table: GroupTable, { prefix, outer, isRoot }: Place): void {
    const raw = this.#readAll(table.points);
    const scope: Scope = { values: new Map([...raw].map(([point, value]) => [point.name, value])), outer };
    for (const [point, value] of raw) {
      const isHead = isRoot && (point.name === 'ID' || point.name === 'L');
      if (!isHead && value !== null && isShown(point))
        this.#add(point, value, `${prefix}${point.name}`, scope);
    }
    for (const inner of table.groups) this.#repeat(inner, prefix, scope);
  }

  finish({ group }: ModelTable): DecodedModel {
    const left = this.#data.length / 2 - this.#at;
    // One register of padding is common.
    if (left > 1) this.#faults.push({ fault: 'too-long', path: group.name });
    return { points: this.#points, faults: this.#faults };
  }

  /** What the registers hold of these points. Scales may stand behind what they scale, hence all before any. */
  #readAll(points: readonly PointTable[]): ReadonlyMap<PointTable, RawValue> {
    const raw = new Map<PointTable, RawValue>();
    for (const point of points) {
      const start = 2 * this.#at;
      const end = start + 2 * point.size;
      if (end > this.#data.length) {
        // Some devices leave out the padding at the end.
        if (point.type !== 'pad') this.#faults.push({ fault: 'too-short', path: point.name });
        this.#at = this.#data.length / 2;
        break;
      }
      raw.set(point, readPoint(point, this.#data.subarray(start, end)));
      this.#at += point.size;
    }
    return raw;
  }

  #add(point: PointTable, raw: number | string, path: string, scope: Scope): void {
    const scale = scaleOf(point, scope);
    if (scale === undefined) {
      this.#faults.push({ fault: 'scale', path });
      return;
    }
    const value = shapeValue(point, raw, scale);
    this.#points.push(point.unit === undefined ? { path, value } : { path, value, unit: point.unit });
  }

  #repeat(table: GroupTable, prefix: string, scope: Scope): void {
    const registers = smallestSize(table);
    const room = Math.min(
      REPEATS_MAX,
      Math.floor((this.#data.length / 2 - this.#at) / Math.max(1, registers)),
    );
    const told = countOf(table.count, scope, room);
    if (told > room) this.#faults.push({ fault: 'count', path: `${prefix}${table.name}` });
    const isList = table.count !== 1;
    for (let i = 1; i <= Math.min(told, room); i++) {
      const name = isList ? `${table.name}/${i}` : table.name;
      this.group(table, { prefix: `${prefix}${name}/`, outer: scope, isRoot: false });
    }
  }
}

function isShown({ type }: PointTable): boolean {
  return type !== 'pad' && type !== 'sunssf';
}

/** Undefined where there is none although the point needs one. */
function scaleOf({ sf }: PointTable, scope: Scope): number | undefined {
  if (sf === undefined) return 0;
  const scale = typeof sf === 'number' ? sf : lookUp(sf, scope);
  return typeof scale === 'number' && Math.abs(scale) <= SCALE_MAX ? scale : undefined;
}

function countOf(count: string | number, scope: Scope, room: number): number {
  // As much as there is room for; some devices pad that with zeros, and say how many there are.
  if (count === 0) return Math.min(room, numberOr(lookUp('N', scope), room));
  const told = typeof count === 'number' ? count : lookUp(count, scope);
  return typeof told === 'number' ? told : 0;
}

function numberOr(value: RawValue, other: number): number {
  return typeof value === 'number' ? value : other;
}

function lookUp(name: string, scope: Scope | undefined): RawValue {
  for (let at = scope; at !== undefined; at = at.outer) {
    const value = at.values.get(name);
    if (value !== undefined) return value;
  }
  return null;
}

/** Registers of a group without what repeats in it. */
function smallestSize({ points }: GroupTable): number {
  return points.reduce((total, point) => total + point.size, 0);
}
