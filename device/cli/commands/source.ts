import { Command, Option } from 'commander';
import type { ConfigFlags } from '../../config/flags.ts';
import { processPaths } from '../../config/paths.ts';
import { ApiClient } from '../api-client.ts';
import { durationArgument, jsonOption, socketOption } from '../arguments.ts';
import { addConfigOptions } from '../config-options.ts';
import type { SourcesJson } from '../documents.ts';
import type { CliIo } from '../io.ts';
import { painter, plain, printJson, printLines } from '../output.ts';
import { printTable } from '../table.ts';

/** `gridvine source`: where this node's readings come from. */
export function sourceCommand(io: CliIo): Command {
  return new Command('source').addCommand(listCommand(io)).addCommand(testCommand(io));
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

type TestOptions = ConfigFlags & { readonly for: number; readonly json?: true };

function testCommand(io: CliIo): Command {
  return addConfigOptions(new Command('test'))
    .description('run one configured source on its own, without the daemon, and print its readings')
    .argument('<name>', 'of the source in the configuration')
    .addOption(new Option('--for <duration>', 'how long').argParser(durationArgument).default(10_000, '10s'))
    .option('--json', 'print one JSON document a line')
    .action(async (name: string, { for: durationMs, json, ...flags }: TestOptions) => {
      const { trySource } = await import('../try-source.ts');
      await trySource({ name, durationMs, flags, paths: processPaths(io.env), io, json: json === true });
    });
}
