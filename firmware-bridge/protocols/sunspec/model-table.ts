/** Types of points (SunSpec Device Information Model Specification 1.2, section 4). */
export type PointType =
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'acc16'
  | 'acc32'
  | 'acc64'
  | 'enum16'
  | 'enum32'
  | 'bitfield16'
  | 'bitfield32'
  | 'bitfield64'
  | 'float32'
  | 'float64'
  | 'string'
  | 'sunssf'
  | 'count'
  | 'pad'
  | 'raw16'
  | 'ipaddr'
  | 'ipv6addr'
  | 'eui48';

/** One point of a model. */
export interface PointTable {
  readonly name: string;
  readonly type: PointType;
  /** Registers. */
  readonly size: number;
  /** The power of ten that it is multiplied by, or the point that tells it. */
  readonly sf?: string | number;
  readonly unit?: string;
  /** Names of the values of an enumeration, or of the bits of a bitfield. */
  readonly symbols?: ReadonlyMap<number, string>;
}

/** Points, and groups behind them. */
export interface GroupTable {
  readonly name: string;
  /** How often it comes: so often, as often as a point says, or (0) as often as there is room for. */
  readonly count: string | number;
  readonly points: readonly PointTable[];
  readonly groups: readonly GroupTable[];
}

export interface ModelTable {
  readonly id: number;
  readonly label: string;
  readonly group: GroupTable;
}

/** A point as it stands in `models.json`: name, type, size, scale, unit, symbols; what is missing at the end isn't there. */
export type PackedPoint = readonly [
  name: string,
  type: string,
  size: number,
  sf?: string | number | null,
  unit?: string | null,
  symbols?: readonly (readonly [value: number, name: string])[],
];

export interface PackedGroup {
  readonly name: string;
  readonly count?: string | number;
  readonly points: readonly PackedPoint[];
  readonly groups?: readonly PackedGroup[];
}

export interface PackedModel {
  readonly id: number;
  readonly label: string;
  readonly group: PackedGroup;
}

let loading: Promise<ReadonlyMap<number, ModelTable>> | undefined;

/** All models that are known, by their id. Loaded when first asked for: most boards have no such device. */
export function loadModels(): Promise<ReadonlyMap<number, ModelTable>> {
  loading ??= readModels();
  return loading;
}

async function readModels(): Promise<ReadonlyMap<number, ModelTable>> {
  const { default: file } = await import('./models.json', { with: { type: 'json' } });
  // The compiler infers unions of array types from the file where these are tuples.
  const packed = file.models as unknown as readonly PackedModel[];
  return new Map(packed.map((model) => [model.id, unpackModel(model)]));
}

/** A model as the decoder wants it. */
export function unpackModel({ id, label, group }: PackedModel): ModelTable {
  return { id, label, group: unpackGroup(group) };
}

function unpackGroup({ name, count = 1, points, groups = [] }: PackedGroup): GroupTable {
  return { name, count, points: points.map(unpackPoint), groups: groups.map(unpackGroup) };
}

function unpackPoint([name, type, size, sf, unit, symbols]: PackedPoint): PointTable {
  return {
    name,
    type: type as PointType,
    size,
    ...(sf === undefined || sf === null ? {} : { sf }),
    ...(unit === undefined || unit === null ? {} : { unit }),
    ...(symbols === undefined ? {} : { symbols: new Map(symbols) }),
  };
}
