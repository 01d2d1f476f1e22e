import { exceptionText, isSilence, type ModbusTable } from '#bridge/protocols/modbus/read-request.ts';
import {
  type ByteOrder,
  type NumberType,
  readValue,
  registersOf,
  type ValueLayout,
} from '#bridge/protocols/modbus/register-value.ts';
import type { BusResult, ModbusBus } from '#bridge/sources/modbus/modbus-bus.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { CliError, type CliIo } from './io.ts';
import type { ModbusLineOptions } from './modbus-options.ts';
import { failureText, withBus } from './modbus-session.ts';
import { plain, printJson, printLines } from './output.ts';
import { printTable } from './table.ts';

interface ProbeOptions extends ModbusLineOptions {
  readonly io: CliIo;
  readonly address: string;
  readonly json: boolean;
}

export interface ReadRegistersOptions extends ProbeOptions {
  readonly unitId: number;
  readonly at: number;
  /** Of values; of registers with type `text`. */
  readonly count: number;
  readonly table: ModbusTable;
  readonly type: NumberType | 'text';
  readonly order: ByteOrder;
}

interface ShownValue {
  readonly at: number;
  readonly raw: string;
  readonly value: AppValue;
}

/**
 * Prints values of one device.
 * @throws CliError where the device doesn't answer or refuses.
 */
export async function readRegisters(options: ReadRegistersOptions): Promise<void> {
  const { io, unitId, table, at, timeout: timeoutMs } = options;
  const isBits = table === 'coil' || table === 'discrete';
  const layout: ValueLayout = { type: options.type, order: options.order, length: options.count };
  const each = isBits ? 1 : registersOf(layout);
  const values = options.type === 'text' ? 1 : options.count;
  if (each * values > 125)
    throw new CliError(`--count: ${values} values take ${each * values} registers; at most 125`);
  const request = { unitId, table, address: at, count: each * values };
  const result = await withBus(options, (bus) => bus.read(request, { timeoutMs, retries: 2 }));
  if (result.kind !== 'data') throw new CliError(`unit ${unitId} ${failureText(result)}`);
  const shown = Array.from({ length: values }, (_, i): ShownValue => {
    if (isBits) {
      const bit = ((result.data[i >> 3] ?? 0) >> (i & 7)) & 1;
      return { at: at + i, raw: String(bit), value: bit === 1 };
    }
    const bytes = result.data.subarray(2 * each * i, 2 * each * (i + 1));
    return {
      at: at + each * i,
      raw: Buffer.from(bytes).toString('hex'),
      value: readValue(layout, bytes) ?? null,
    };
  });
  if (options.json) {
    printJson(io, { schema: 'gridvine.modbus-read/1', unitId, table, values: shown.map(jsonOf) });
    return;
  }
  printTable(
    io,
    [{ title: 'ADDRESS', align: 'right' }, { title: 'RAW' }, { title: 'VALUE' }],
    shown.map(({ at: place, raw, value }) => [String(place), raw, plain(String(value))]),
  );
}

/** JSON has no NaN: it becomes null, and `raw` tells. */
function jsonOf({ at, raw, value }: ShownValue) {
  return { at, raw, value: typeof value === 'number' && !Number.isFinite(value) ? null : value };
}

/** How long a port that was lost in a scan may take to come back, ms. */
const REOPENED_MS_MAX = 5000;

export interface ScanBusOptions extends ProbeOptions {
  readonly unitIds: readonly number[];
}

/**
 * Asks every unit id for one register, and prints who answers in whatever way.
 * @throws CliError where nobody does.
 */
export async function scanBus(options: ScanBusOptions): Promise<void> {
  const { io, json, unitIds, timeout: timeoutMs } = options;
  const found: { unitId: number; answer: string }[] = [];
  const foreign = await withBus(options, async (bus) => {
    for (const unitId of unitIds) {
      const request = { unitId, table: 'holding', address: 0, count: 1 } as const;
      const ask = () => bus.read(request, { timeoutMs, retries: 0 });
      let result = await ask();
      // Some devices close after each exception: a port that comes back is asked once more.
      if (isPortLost(result) && (await isOpenAgain(bus))) result = await ask();
      if (isPortLost(result)) {
        throw new CliError(
          `the port was lost when unit ${unitId} was asked; the ids from there on are not known`,
        );
      }
      const answer = answerText(result);
      if (answer === undefined) continue;
      found.push({ unitId, answer });
      if (!json) printLines(io, [`unit ${unitId} ${answer}`]);
    }
    return bus.counters().foreignRequests ?? 0;
  });
  if (json) printJson(io, { schema: 'gridvine.modbus-scan/1', units: found, foreignRequests: foreign });
  else if (foreign > 0) printLines(io, [`! ${foreign} requests of another master were heard on this bus`]);
  if (found.length === 0) {
    throw new CliError(
      `none of ${unitIds.length} unit ids answers; check wiring (A and B swapped?), power, --baud-rate and --parity, or give them longer with --timeout`,
    );
  }
}

function isPortLost(result: BusResult): boolean {
  return result.kind === 'failed' && result.reason === 'no-port';
}

function isOpenAgain(bus: ModbusBus): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isOpen: boolean) => {
      clearTimeout(timer);
      queueMicrotask(() => unwatch());
      resolve(isOpen);
    };
    const timer = setTimeout(end, REOPENED_MS_MAX, false);
    const unwatch = bus.watch({ opened: () => end(true), health: () => {} });
  });
}

/** Undefined where nobody is; a gateway's word that a device doesn't answer is no answer of the device. */
function answerText(result: BusResult): string | undefined {
  if (result.kind === 'data')
    return `answers: holding register 0 is ${((result.data[0] ?? 0) << 8) | (result.data[1] ?? 0)}`;
  if (result.kind === 'exception') {
    return isSilence(result.code) ? undefined : `answers: ${exceptionText(result.code)}`;
  }
  return result.reason === 'timeout' ? undefined : failureText(result);
}
