import type { PackedGroup, PackedModel, PackedPoint } from '#bridge/protocols/sunspec/model-table.ts';

/** What we read of a definition as the SunSpec Alliance publishes it (`json/schema.json` there). */
export interface PublishedModel {
  readonly id: number;
  readonly group: PublishedGroup & { readonly label?: string };
}

interface PublishedGroup {
  readonly name: string;
  readonly count?: number | string;
  readonly points?: readonly PublishedPoint[];
  readonly groups?: readonly PublishedGroup[];
}

interface PublishedPoint {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly sf?: number | string;
  readonly units?: string;
  readonly symbols?: readonly { readonly name: string; readonly value: number | string }[];
}

/** Their spellings of units, and ours. */
const UNITS: Readonly<Record<string, string>> = {
  C: '°C',
  Pct: '%',
  Secs: 's',
  secs: 's',
  WH: 'Wh',
  AH: 'Ah',
  Var: 'var',
  VAr: 'var',
  Varh: 'varh',
  '%WHRtg': '%',
  '% AhrRtg': '%',
};

/** A published definition without everything that isn't needed to decode. */
export function packModel({ id, group }: PublishedModel): PackedModel {
  return { id, label: group.label ?? group.name, group: packGroup(group) };
}

function packGroup({ name, count, points = [], groups = [] }: PublishedGroup): PackedGroup {
  return {
    name,
    ...(count === undefined ? {} : { count }),
    points: points.map(packPoint),
    ...(groups.length === 0 ? {} : { groups: groups.map(packGroup) }),
  };
}

function packPoint({ name, type, size, sf, units, symbols = [] }: PublishedPoint): PackedPoint {
  const unit = units === undefined ? null : (UNITS[units.trim()] ?? units.trim());
  const named = symbols.map(({ name: symbol, value }) => [Number(value), symbol] as const);
  if (named.length > 0) return [name, type, size, sf ?? null, unit, named];
  if (unit !== null) return [name, type, size, sf ?? null, unit];
  return sf === undefined ? [name, type, size] : [name, type, size, sf];
}
