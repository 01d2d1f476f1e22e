import type { ConfigOf, SourceConfig } from './config.ts';
import type { SourceProblem } from './config-checks.ts';
import { registersOf } from './protocols/modbus/register-value.ts';
import { keyFault } from './reading-key.ts';

type Registers = ConfigOf<'modbus'>['registers'] | ConfigOf<'vedirect'>['registers'];
/** What a register's field must be in place of what it is; nothing wrong if undefined. */
type Fault = { readonly field: string; readonly message: string } | undefined;

/** A serial line has devices 1 to 247; 0 means all of them, who then don't answer. */
const SERIAL_UNIT_ID_MAX = 247;
const ADDRESSES = 65_536;

/** What is wrong with registers and points that are each as their sections want them, alone or beside each other. */
export function registerProblems(sources: readonly SourceConfig[]): readonly SourceProblem[] {
  const seen = new Set<string>();
  return sources.flatMap((source, index) => {
    const lists = 'registers' in source ? registerFaults(source, seen) : [];
    const points = source.kind === 'sunspec' ? pointFaults(source) : [];
    return [...unitIdFaults(source), ...lists, ...points].map((fault) => ({ index, ...fault }));
  });
}

type Found = Omit<SourceProblem, 'index'>;

function registerFaults(
  source: ConfigOf<'modbus'> | ConfigOf<'vedirect'>,
  seen: Set<string>,
): readonly Found[] {
  const { keyPrefix = source.name } = source;
  const registers: Registers = source.registers;
  return registers.flatMap((register, at) => {
    const bare = typeof register === 'string' ? register : register.key;
    const key = `${keyPrefix}/${bare}`;
    const isTaken = seen.has(key);
    seen.add(key);
    const fault =
      boundsFault(register) ??
      ('at' in Object(register) ? placeFault(source as ConfigOf<'modbus'>, at) : undefined) ??
      (isTaken ? { field: 'key', message: 'a key that no other register has' } : undefined);
    return fault === undefined
      ? []
      : [{ field: 'registers', item: { index: at, field: fault.field }, message: fault.message }];
  });
}

function boundsFault(register: Registers[number]): Fault {
  if (typeof register === 'string') return undefined;
  const { min, max, minInterval, maxInterval } = register;
  if (min !== undefined && max !== undefined && min > max)
    return { field: 'max', message: 'a number above min' };
  if (minInterval !== undefined && maxInterval !== undefined && minInterval > maxInterval) {
    return { field: 'maxInterval', message: 'a duration not shorter than minInterval' };
  }
  return undefined;
}

function placeFault(source: ConfigOf<'modbus'>, index: number): Fault {
  const { at, table, type, order, length, bit, none, unitId } = source.registers[index]!;
  const isSwitch = table === 'coil' || table === 'discrete';
  if (isSwitch && (type !== 'u16' || order !== 'ABCD' || none !== undefined)) {
    return { field: 'table', message: 'holding or input with a type, an order or none: coils are switches' };
  }
  const size = isSwitch ? 1 : registersOf({ type, order, length, bit });
  if (at + size > ADDRESSES)
    return { field: 'at', message: `an address from 0 to ${ADDRESSES - size} for ${type}` };
  return isOnSerialLine(source) && unitId !== undefined ? unitIdFault(unitId) : undefined;
}

function unitIdFaults(source: SourceConfig): readonly Found[] {
  if (!('unitId' in source) || !isOnSerialLine(source)) return [];
  const fault = unitIdFault(source.unitId);
  return fault === undefined ? [] : [fault];
}

function unitIdFault(unitId: number): Fault {
  if (unitId >= 1 && unitId <= SERIAL_UNIT_ID_MAX) return undefined;
  return { field: 'unitId', message: `a unit id from 1 to ${SERIAL_UNIT_ID_MAX} on a serial line` };
}

function isOnSerialLine({ address }: { readonly address: string }): boolean {
  return !address.startsWith('tcp:');
}

function pointFaults({ points, name, keyPrefix = name }: ConfigOf<'sunspec'>): readonly Found[] {
  return points.flatMap(({ key, point }, index): readonly Found[] => {
    const fault = keyFault(`${keyPrefix}/${key.replace('*', '1')}`);
    const isMixed = key.split('*').length !== point.split('*').length;
    const message = fault ?? (isMixed ? `a key with as many * as ${point} has` : undefined);
    return message === undefined ? [] : [{ field: 'points', item: { index, field: 'key' }, message }];
  });
}
