import { Command, InvalidArgumentError, Option } from 'commander';
import type { ConfigFlags } from '../../config/flags.ts';
import { processPaths } from '../../config/paths.ts';
import { ApiClient } from '../api-client.ts';
import { durationArgument, jsonOption, socketOption } from '../arguments.ts';
import { addConfigOptions } from '../config-options.ts';
import type { SourcesJson } from '../documents.ts';
import type { CliIo } from '../io.ts';
import { type ModbusLineOptions, serialLineOptions } from '../modbus-options.ts';
import { painter, plain, printJson, printLines } from '../output.ts';
import { printTable } from '../table.ts';

/** `gridvine source`: where this node's readings come from. */
export function sourceCommand(io: CliIo): Command {
  return new Command('source')
    .addCommand(listCommand(io))
    .addCommand(testCommand(io))
    .addCommand(sniffCommand(io));
}

function listCommand(io: CliIo): Command {
  return new Command('list')
    .description('the sources of the running daemon')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async ({ json, socket }: { json?: true; socket?: string }) => {
      const document = await new ApiClient({ io, socket }).call<SourcesJson>('GET', '/v1/sources');
      if (json) printJson(io, document);
      else printSources(io, document);
    });
}

function printSources(io: CliIo, { sources }: SourcesJson): void {
  if (sources.length === 0) {
    printLines(io, ['no sources; add some under "sources" in the configuration']);
    return;
  }
  const paint = painter(io);
  printTable(
    io,
    [
      { title: 'NAME' },
      { title: 'KIND' },
      { title: 'STATE' },
      { title: 'SAMPLES', align: 'right' },
      { title: 'SHARED', align: 'right' },
      { title: 'HEALTH', flexible: true, wrap: 'words' },
    ],
    sources.map((source) => [
      plain(source.name),
      source.simulated ? `${source.kind} (simulated)` : source.kind,
      source.state === 'running' ? 'running' : paint('red', source.state),
      String(source.counters.samples ?? 0),
      String(source.counters.published ?? 0),
      plain(source.health.map((item) => item.title).join('; ')) || 'ok',
    ]),
  );
}

interface TestOptions extends ConfigFlags {
  readonly for: number;
  readonly json?: true;
  readonly record?: string;
  readonly replay?: string;
  readonly speed: number;
}

function testCommand(io: CliIo): Command {
  return addConfigOptions(new Command('test'))
    .description('run one configured source on its own, without the daemon, and print its readings')
    .argument('<name>', 'of the source in the configuration')
    .addOption(new Option('--for <duration>', 'how long').argParser(durationArgument).default(10_000, '10s'))
    .addOption(new Option('--record <file>', 'keep what goes over its port').conflicts('replay'))
    .option('--replay <file>', 'play what was recorded in place of its port')
    .addOption(
      new Option('--speed <factor>', 'how many times as fast to play it').argParser(speedArgument).default(1),
    )
    .option('--json', 'print one JSON document a line')
    .action(async (name: string, { for: durationMs, json, record, replay, speed, ...flags }: TestOptions) => {
      const { trySource } = await import('../try-source.ts');
      const world = { flags, paths: processPaths(io.env), io, json: json === true };
      await trySource({ name, durationMs, speed, record, replay, ...world });
    });
}

interface SniffFlags extends ConfigFlags, Omit<ModbusLineOptions, 'timeout'> {
  readonly for: number;
  readonly json?: true;
  readonly record?: string;
}

function sniffCommand(io: CliIo): Command {
  const command = addConfigOptions(new Command('sniff'))
    .description('print every byte that comes over a port, without sending any and without the daemon')
    .argument('<source-or-address>', 'a configured source, a serial port, or tcp://HOST:PORT')
    .addOption(new Option('--for <duration>', 'how long').argParser(durationArgument).default(10_000, '10s'))
    .option('--record <file>', 'keep what comes');
  for (const option of serialLineOptions()) command.addOption(option);
  return command
    .option('--json', 'print one JSON document a line')
    .action(async (what: string, options: SniffFlags) => {
      const { for: durationMs, json, record, baudRate, parity, stopBits, ...flags } = options;
      const { sniff } = await import('../sniff.ts');
      const world = { flags, paths: processPaths(io.env), io, json: json === true };
      await sniff({ what, line: { baudRate, parity, stopBits }, durationMs, record, ...world });
    });
}

function speedArgument(text: string): number {
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(speed >= 0.01 && speed <= 10_000))
    throw new InvalidArgumentError('expected a number from 0.01 to 10000.');
  return speed;
}
