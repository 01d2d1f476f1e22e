/** Which points of which models become readings, and under which keys. `*` in a path stands for each repetition. */
export interface PointKey {
  readonly models: readonly number[];
  readonly path: string;
  /** `*` is the number of the repetition. */
  readonly key: string;
  /** Told as a ratio, and shared in % as other models have it. */
  readonly isRatio?: true;
}

const INVERTERS = [101, 102, 103, 111, 112, 113];
const METERS = [201, 202, 203, 204];

/** What is worth sharing of a device. A section of the configuration names further points. */
export const POINT_KEYS: readonly PointKey[] = [
  ...keys([1], { Mn: 'device/manufacturer', Md: 'device/model', Vr: 'device/firmware', SN: 'device/serial' }),
  ...keys(INVERTERS, {
    W: 'ac/power',
    VA: 'ac/apparent-power',
    VAr: 'ac/reactive-power',
    PF: 'ac/power-factor',
    A: 'ac/current',
    Hz: 'ac/frequency',
    PhVphA: 'ac/voltage-a',
    PhVphB: 'ac/voltage-b',
    PhVphC: 'ac/voltage-c',
    WH: 'ac/energy',
    DCW: 'dc/power',
    DCV: 'dc/voltage',
    DCA: 'dc/current',
    TmpCab: 'inverter/temperature',
    St: 'inverter/state',
    Evt1: 'inverter/events',
  }),
  ...keys([120], { WRtg: 'inverter/power-rating' }),
  ...keys([123, 704], { WMaxLimPct: 'limit/power' }),
  ...keys([123], { WMaxLim_Ena: 'limit/enabled' }),
  ...keys([704], { WMaxLimPctEna: 'limit/enabled' }),
  ...keys([124], { ChaState: 'storage/soc', ChaSt: 'storage/state', InBatV: 'storage/voltage' }),
  ...keys([160], {
    'module/*/DCW': 'mppt/*/power',
    'module/*/DCV': 'mppt/*/voltage',
    'module/*/DCA': 'mppt/*/current',
    'module/*/DCWH': 'mppt/*/energy',
    'module/*/DCSt': 'mppt/*/state',
  }),
  ...keys(METERS, {
    W: 'meter/power',
    WphA: 'meter/power-a',
    WphB: 'meter/power-b',
    WphC: 'meter/power-c',
    VA: 'meter/apparent-power',
    VAR: 'meter/reactive-power',
    PF: 'meter/power-factor',
    A: 'meter/current',
    Hz: 'meter/frequency',
    PhVphA: 'meter/voltage-a',
    PhVphB: 'meter/voltage-b',
    PhVphC: 'meter/voltage-c',
    TotWhExp: 'meter/energy-exported',
    TotWhImp: 'meter/energy-imported',
  }),
  ...keys([701], {
    W: 'ac/power',
    VA: 'ac/apparent-power',
    Var: 'ac/reactive-power',
    A: 'ac/current',
    Hz: 'ac/frequency',
    VL1: 'ac/voltage-a',
    VL2: 'ac/voltage-b',
    VL3: 'ac/voltage-c',
    TotWhInj: 'ac/energy',
    TotWhAbs: 'ac/energy-absorbed',
    TmpCab: 'inverter/temperature',
    InvSt: 'inverter/state',
    ConnSt: 'inverter/connection',
    Alrm: 'inverter/alarms',
  }),
  { models: [701], path: 'PF', key: 'ac/power-factor', isRatio: true },
  ...keys([713], {
    SoC: 'storage/soc',
    SoH: 'storage/soh',
    WHAvail: 'storage/energy',
    WHRtg: 'storage/capacity',
    Sta: 'storage/state',
  }),
  ...keys([714], {
    DCW: 'dc/power',
    DCA: 'dc/current',
    'Prt/*/DCW': 'dc/*/power',
    'Prt/*/DCV': 'dc/*/voltage',
    'Prt/*/DCA': 'dc/*/current',
  }),
  ...keys([802], {
    SoC: 'battery/soc',
    SoH: 'battery/soh',
    V: 'battery/voltage',
    A: 'battery/current',
    W: 'battery/power',
    State: 'battery/state',
    ChaSt: 'battery/charge-state',
    Evt1: 'battery/events',
    WHRtg: 'battery/capacity',
    NCyc: 'battery/cycles',
    CellVMax: 'battery/cell-voltage-max',
    CellVMin: 'battery/cell-voltage-min',
  }),
];

/** The key of a point; undefined where it isn't worth sharing. */
export function keyOfPoint(table: readonly PointKey[], model: number, path: string): string | undefined {
  return pointOf(table, model, path)?.key;
}

/** How a point is shared, with its own number in the key; undefined where it isn't. */
export function pointOf(
  table: readonly PointKey[],
  model: number,
  path: string,
): Pick<PointKey, 'key' | 'isRatio'> | undefined {
  for (const point of table) {
    if (!point.models.includes(model)) continue;
    if (point.path === path) return point;
    const number = repetitionOf(point.path, path);
    if (number !== undefined) return { ...point, key: point.key.replace('*', number) };
  }
  return undefined;
}

function repetitionOf(pattern: string, path: string): string | undefined {
  const [before, after] = pattern.split('*');
  if (before === undefined || after === undefined) return undefined;
  if (!path.startsWith(before) || !path.endsWith(after)) return undefined;
  const number = path.slice(before.length, path.length - after.length);
  return /^\d+$/.test(number) ? number : undefined;
}

function keys(models: readonly number[], table: Readonly<Record<string, string>>): readonly PointKey[] {
  return Object.entries(table).map(([path, key]) => ({ models, path, key }));
}
