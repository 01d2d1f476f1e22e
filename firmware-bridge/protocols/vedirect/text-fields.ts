import type { AppValue } from '#runtime/core/value.ts';

/** What a text field means: the key and unit of its reading. */
export interface TextField {
  readonly key: string;
  readonly unit?: string;
  /** Why a device may have no value, and what to do, where that is no missing sensor. */
  readonly absence?: string;
  readonly read: (text: string) => AppValue | undefined;
}

/**
 * One field of a block as a reading: its value (null where there is none by nature, such as the time to an end that doesn't
 * come), or the notice that the device can't tell or wrote nonsense.
 */
export type FieldValue =
  | { readonly kind: 'value'; readonly value: AppValue }
  | { readonly kind: 'absent' }
  | { readonly kind: 'nonsense' };

/** Reads a field's text. `---` stands for what the device can't tell, mostly because its sensor isn't there. */
export function readField(field: TextField, text: string): FieldValue {
  if (text === '---' || text === '') return { kind: 'absent' };
  const value = field.read(text);
  if (value === undefined) return { kind: 'nonsense' };
  return { kind: 'value', value };
}

const UNSYNCHRONISED =
  'The battery monitor is not synchronised: it will know when the battery was charged in full, or is told so in its menu.';

/**
 * Every field that solar chargers, battery monitors, inverters and DC-DC chargers are known to send. A battery's current
 * and power are positive while it charges. What isn't in the table is dropped and counted.
 */
export const TEXT_FIELDS: ReadonlyMap<string, TextField> = new Map<string, TextField>([
  ['V', number('battery/voltage', 'V', { scale: 0.001 })],
  ['V2', number('battery/voltage-2', 'V', { scale: 0.001 })],
  ['V3', number('battery/voltage-3', 'V', { scale: 0.001 })],
  ['VS', number('battery/starter-voltage', 'V', { scale: 0.001 })],
  ['VM', number('battery/midpoint-voltage', 'V', { scale: 0.001 })],
  ['DM', number('battery/midpoint-deviation', '%', { scale: 0.1 })],
  ['I', number('battery/current', 'A', { scale: 0.001 })],
  ['I2', number('battery/current-2', 'A', { scale: 0.001 })],
  ['I3', number('battery/current-3', 'A', { scale: 0.001 })],
  ['P', number('battery/power', 'W')],
  ['T', number('battery/temperature', '°C')],
  ['CE', { ...number('battery/consumed', 'Ah', { scale: 0.001 }), absence: UNSYNCHRONISED }],
  ['SOC', { ...number('battery/soc', '%', { scale: 0.1 }), absence: UNSYNCHRONISED }],
  ['TTG', { key: 'battery/time-to-go', unit: 'min', read: timeToGo, absence: UNSYNCHRONISED }],
  ['VPV', number('pv/voltage', 'V', { scale: 0.001 })],
  ['PPV', number('pv/power', 'W')],
  ['IL', number('load/current', 'A', { scale: 0.001 })],
  ['LOAD', { key: 'load/on', read: onOff }],
  ['CS', { key: 'charger/state', read: (text) => named(CHARGER_STATES, text) }],
  ['MODE', { key: 'charger/mode', read: (text) => named(MODES, text) }],
  ['MPPT', { key: 'charger/tracker', read: (text) => named(TRACKER_STATES, text) }],
  ['OR', { key: 'charger/off-reason', read: hexNumber }],
  ['ERR', number('charger/error', undefined)],
  ['Alarm', { key: 'alarm/active', read: onOff }],
  ['AR', number('alarm/reasons', undefined)],
  ['WARN', number('alarm/warnings', undefined)],
  ['Relay', { key: 'relay/on', read: onOff }],
  ['AC_OUT_V', number('ac/voltage', 'V', { scale: 0.01 })],
  ['AC_OUT_I', number('ac/current', 'A', { scale: 0.1 })],
  ['AC_OUT_S', number('ac/apparent-power', 'VA')],
  ['DC_IN_V', number('dc/voltage', 'V', { scale: 0.01 })],
  ['DC_IN_I', number('dc/current', 'A', { scale: 0.1 })],
  ['DC_IN_P', number('dc/power', 'W')],
  ['H1', number('history/deepest-discharge', 'Ah', { scale: 0.001 })],
  ['H2', number('history/last-discharge', 'Ah', { scale: 0.001 })],
  ['H3', number('history/average-discharge', 'Ah', { scale: 0.001 })],
  ['H4', number('history/charge-cycles', undefined)],
  ['H5', number('history/full-discharges', undefined)],
  ['H6', number('history/drawn', 'Ah', { scale: 0.001 })],
  ['H7', number('history/lowest-voltage', 'V', { scale: 0.001 })],
  ['H8', number('history/highest-voltage', 'V', { scale: 0.001 })],
  ['H9', number('history/since-full-charge', 's')],
  ['H10', number('history/synchronisations', undefined)],
  ['H11', number('history/low-voltage-alarms', undefined)],
  ['H12', number('history/high-voltage-alarms', undefined)],
  ['H13', number('history/low-starter-alarms', undefined)],
  ['H14', number('history/high-starter-alarms', undefined)],
  ['H15', number('history/lowest-starter-voltage', 'V', { scale: 0.001 })],
  ['H16', number('history/highest-starter-voltage', 'V', { scale: 0.001 })],
  ['H17', number('history/discharged', 'kWh', { scale: 0.01 })],
  ['H18', number('history/charged', 'kWh', { scale: 0.01 })],
  ['H19', number('yield/total', 'kWh', { scale: 0.01 })],
  ['H20', number('yield/today', 'kWh', { scale: 0.01 })],
  ['H21', number('yield/peak-today', 'W')],
  ['H22', number('yield/yesterday', 'kWh', { scale: 0.01 })],
  ['H23', number('yield/peak-yesterday', 'W')],
  ['HSDS', number('yield/day', undefined)],
  ['MON', number('dc/monitor-mode', undefined)],
  ['PID', { key: 'device/product', read: (text) => text }],
  ['BMV', { key: 'device/model', read: (text) => text }],
  ['FW', { key: 'device/firmware', read: (text) => text }],
  ['FWE', { key: 'device/firmware', read: (text) => text }],
  ['SER#', { key: 'device/serial', read: (text) => text }],
]);

const CHARGER_STATES: Readonly<Record<string, string>> = {
  0: 'off',
  1: 'low-power',
  2: 'fault',
  3: 'bulk',
  4: 'absorption',
  5: 'float',
  6: 'storage',
  7: 'equalise-manual',
  9: 'inverting',
  11: 'power-supply',
  245: 'starting',
  246: 'repeated-absorption',
  247: 'equalise-auto',
  248: 'battery-safe',
  252: 'external-control',
};

const MODES: Readonly<Record<string, string>> = {
  1: 'charger',
  2: 'inverter',
  4: 'off',
  5: 'eco',
  253: 'hibernate',
};

const TRACKER_STATES: Readonly<Record<string, string>> = { 0: 'off', 1: 'limited', 2: 'tracking' };

function number(
  key: string,
  unit: string | undefined,
  { scale = 1 }: { readonly scale?: number } = {},
): TextField {
  // Divided where it can be, so that 12800 mV are 12.8 V and not 12.800000000000001.
  const divisor = scale < 1 ? Math.round(1 / scale) : 1;
  const read = (text: string) => {
    const raw = integer(text);
    return raw === undefined ? undefined : raw / divisor;
  };
  return { key, read, ...(unit === undefined ? {} : { unit }) };
}

function integer(text: string): number | undefined {
  return /^[+-]?\d{1,10}$/.test(text) ? Number(text) || 0 : undefined;
}

/** Minutes; -1 where the battery isn't being discharged, which is no time at all. */
function timeToGo(text: string): AppValue | undefined {
  const minutes = integer(text);
  return minutes === -1 ? null : minutes;
}

function onOff(text: string): boolean | undefined {
  const upper = text.toUpperCase();
  return upper === 'ON' ? true : upper === 'OFF' ? false : undefined;
}

function hexNumber(text: string): number | undefined {
  return /^(?:0x)?[0-9A-Fa-f]{1,8}$/.test(text) ? Number.parseInt(text, 16) : undefined;
}

/** A state by its name; one that nobody has named yet by its number. */
function named(names: Readonly<Record<string, string>>, text: string): string | undefined {
  const code = integer(text);
  return code === undefined ? undefined : (names[code] ?? `state-${code}`);
}
