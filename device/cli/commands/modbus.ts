import { Command, InvalidArgumentError, Option } from 'commander';
import { MODBUS_TABLES, type ModbusTable } from '#bridge/protocols/modbus/read-request.ts';
import {
  BYTE_ORDERS,
  type ByteOrder,
  NUMBER_TYPES,
  type NumberType,
} from '#bridge/protocols/modbus/register-value.ts';
import { jsonOption, wholeNumberArgument } from '../arguments.ts';
import type { CliIo } from '../io.ts';
import {
  busArgument,
  type ModbusLineOptions,
  modbusLineOptions,
  unitIdArgument,
  unitIdOption,
} from '../modbus-options.ts';

const ADDRESS = 'tcp://HOST[:502], rtu+tcp://HOST:PORT, or a serial port';

/** `gridvine modbus`: looks into devices on a Modbus bus, without the daemon and without a configuration. */
export function modbusCommand(io: CliIo): Command {
  return new Command('modbus').addCommand(readCommand(io)).addCommand(scanCommand(io));
}

interface ReadFlags extends ModbusLineOptions {
  readonly unitId: number;
  readonly at: number;
  readonly count: number;
  readonly table: ModbusTable;
  readonly type: NumberType | 'text';
  readonly order: ByteOrder;
  readonly json?: true;
}

function readCommand(io: CliIo): Command {
  const command = new Command('read')
    .description('read registers of one device')
    .argument('<address>', ADDRESS, busArgument)
    .addOption(unitIdOption())
    .addOption(
      new Option('--at <register>', 'address as it goes over the wire, counted from 0')
        .argParser(registerArgument)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--count <number>', 'of values; of registers with --type text')
        .argParser(countArgument)
        .default(1),
    )
    .addOption(new Option('--table <table>').choices([...MODBUS_TABLES]).default('holding'))
    .addOption(new Option('--type <type>').choices([...NUMBER_TYPES, 'text']).default('u16'))
    .addOption(
      new Option('--order <order>', 'of the bytes of a value').choices([...BYTE_ORDERS]).default('ABCD'),
    );
  for (const option of modbusLineOptions(1000)) command.addOption(option);
  return command.addOption(jsonOption()).action(async (address: string, flags: ReadFlags) => {
    const { readRegisters } = await import('../modbus-probe.ts');
    await readRegisters({ io, address, ...flags, json: flags.json === true });
  });
}

interface ScanFlags extends ModbusLineOptions {
  readonly unitIds: readonly number[];
  readonly json?: true;
}

function scanCommand(io: CliIo): Command {
  const command = new Command('scan')
    .description('find out which unit ids answer on a bus')
    .argument('<address>', ADDRESS, busArgument)
    .addOption(
      new Option('--unit-ids <range>', 'such as 1-32 or 1,2,126')
        .argParser(rangeArgument)
        .default(range(1, 247), '1-247'),
    );
  for (const option of modbusLineOptions(200)) command.addOption(option);
  return command.addOption(jsonOption()).action(async (address: string, flags: ScanFlags) => {
    const { scanBus } = await import('../modbus-probe.ts');
    await scanBus({ io, address, ...flags, json: flags.json === true });
  });
}

function registerArgument(text: string): number {
  const register = /^0x[0-9a-f]{1,4}$/i.test(text) ? Number(text) : wholeNumberArgument(text);
  if (register > 0xffff) throw new InvalidArgumentError('expected an address from 0 to 65535.');
  return register;
}

function countArgument(text: string): number {
  const count = wholeNumberArgument(text);
  if (count < 1 || count > 125) throw new InvalidArgumentError('expected 1 to 125.');
  return count;
}

function rangeArgument(text: string): readonly number[] {
  const ids = text.split(',').flatMap((part) => {
    const [first = '', last = first, ...rest] = part.split('-');
    if (rest.length > 0) throw new InvalidArgumentError('expected a range such as 1-32.');
    return range(unitIdArgument(first), unitIdArgument(last));
  });
  if (ids.length === 0) throw new InvalidArgumentError('expected at least one unit id.');
  return [...new Set(ids)];
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}
