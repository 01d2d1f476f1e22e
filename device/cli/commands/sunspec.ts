import { Command, Option } from 'commander';
import { jsonOption, wholeNumberArgument } from '../arguments.ts';
import type { CliIo } from '../io.ts';
import { busArgument, type ModbusLineOptions, modbusLineOptions, unitIdOption } from '../modbus-options.ts';

/** `gridvine sunspec`: devices that describe themselves, without the daemon and without a configuration. */
export function sunspecCommand(io: CliIo): Command {
  return new Command('sunspec').addCommand(dumpCommand(io));
}

interface DumpFlags extends ModbusLineOptions {
  readonly unitId: number;
  readonly base?: number;
  readonly model?: readonly number[];
  readonly json?: true;
}

function dumpCommand(io: CliIo): Command {
  const command = new Command('dump')
    .description('every point of every model that a device has, and the key that each would have')
    .argument('<address>', 'tcp://HOST[:502], rtu+tcp://HOST:PORT, or a serial port', busArgument)
    .addOption(unitIdOption())
    .addOption(
      new Option('--base <register>', 'where the marker SunS is (default: 40000, 50000 or 0)').argParser(
        wholeNumberArgument,
      ),
    )
    .addOption(new Option('--model <id>', 'only this model; may be repeated').argParser(modelArgument));
  for (const option of modbusLineOptions(1000)) command.addOption(option);
  return command.addOption(jsonOption()).action(async (address: string, flags: DumpFlags) => {
    const { dumpSunspec } = await import('../sunspec-dump.ts');
    await dumpSunspec({ io, address, ...flags, json: flags.json === true });
  });
}

function modelArgument(text: string, before: readonly number[] = []): readonly number[] {
  return [...before, wholeNumberArgument(text)];
}
