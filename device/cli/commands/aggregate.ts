import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { AGGREGATE_FUNCTIONS } from '#runtime/coordination/aggregates/contract.ts';
import { formatDuration } from '#runtime/core/durations.ts';
import { ApiClient } from '../api-client.ts';
import { durationArgument, jsonOption, socketOption, wholeNumberArgument } from '../arguments.ts';
import type { AggregateGroupJson, AggregateJson } from '../documents.ts';
import { formatValue } from '../format.ts';
import { CliError, type CliIo } from '../io.ts';
import { painter, plain, printJson } from '../output.ts';
import { printTable } from '../table.ts';

interface Options {
  readonly minCoverage: number;
  readonly maxAge: number;
  readonly quantile?: number;
  readonly by?: string;
  readonly where: readonly string[];
  readonly expected?: number;
  readonly quality?: string;
  readonly json?: true;
  readonly socket?: string;
}

/** `gridvine aggregate`: one number of many nodes' values, or why there is none. */
export function aggregateCommand(io: CliIo): Command {
  return new Command('aggregate')
    .addArgument(new Argument('<function>', 'what to make of the values').choices(AGGREGATE_FUNCTIONS))
    .argument('<key>', 'of the records, such as sim/pv/power')
    .addOption(
      new Option('--min-coverage <share>', 'the least share of the expected nodes that must count, 0 to 1')
        .argParser(shareArgument)
        .default(1, '1: all of them'),
    )
    .addOption(
      new Option('--max-age <duration>', 'the oldest value that counts, its error bound included')
        .argParser(durationArgument)
        .default(30_000, '30s'),
    )
    .option('--quantile <share>', 'of the function quantile: 0.5 is the median', shareArgument)
    .option('--by <tag>', 'one row for each value of this tag')
    .option('--where <tag=value>', 'only nodes with this tag; may be given several times', collect, [])
    .option(
      '--expected <n>',
      'how many nodes there should be (default: all that have not left)',
      wholeNumberArgument,
    )
    .addOption(
      new Option('--quality <worst>', 'the worst quality that counts').choices(['good', 'sub', 'stale']),
    )
    .addOption(jsonOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      '\nExits with 1 where a value is unknown: a sum of fewer nodes than asked for is never shown.\n' +
        '\nExamples:\n' +
        '  gridvine aggregate sum sim/pv/power --max-age 10s\n' +
        '  gridvine aggregate quantile cpu/temperature --quantile 0.9 --by site --min-coverage 0.8',
    )
    .action(async (name: string, key: string, options: Options) => {
      const query = new URLSearchParams({
        function: name,
        key,
        minCoverage: String(options.minCoverage),
        maxAgeMs: String(options.maxAge),
        ...(options.quantile === undefined ? {} : { quantile: String(options.quantile) }),
        ...(options.by === undefined ? {} : { groupBy: options.by }),
        ...(options.where.length === 0 ? {} : { where: options.where.join(',') }),
        ...(options.expected === undefined ? {} : { expected: String(options.expected) }),
        ...(options.quality === undefined ? {} : { quality: options.quality }),
      });
      const client = new ApiClient({ io, socket: options.socket });
      const document = await client.call<AggregateJson>('GET', `/v1/aggregate?${query}`);
      if (options.json) printJson(io, document);
      else printGroups(io, document.groups, options);
      const [unknown] = document.groups.filter((group) => group.unknown !== null);
      if (document.groups.length === 0)
        throw new CliError('unknown: no member is asked: none has these tags, or all have left');
      if (unknown !== undefined) throw new CliError(unknownText(unknown, options));
    });
}

function printGroups(io: CliIo, groups: readonly AggregateGroupJson[], { by }: Options): void {
  if (groups.length === 0) return;
  const paint = painter(io);
  const tag = by === undefined ? [] : [{ title: plain(by).toUpperCase() }];
  printTable(
    io,
    [
      ...tag,
      { title: 'VALUE' },
      { title: 'NODES', align: 'right' },
      { title: 'OLDEST', align: 'right' },
      { title: 'QUALITY' },
      { title: 'WEAKEST', flexible: true },
    ],
    groups.map((group) => [
      ...(by === undefined ? [] : [group.tag === null ? '-' : plain(group.tag)]),
      group.value === null ? paint('yellow', 'unknown') : formatValue(group),
      `${group.n} of ${group.expected}`,
      ageText(group),
      group.quality ?? '-',
      group.weakest === null ? '-' : plain(group.weakest.node),
    ]),
  );
}

function ageText({ oldestMs, oldestBoundMs }: AggregateGroupJson): string {
  return oldestMs === null ? '-' : `${oldestBoundMs === null ? '>' : ''}${formatDuration(oldestMs)}`;
}

function unknownText({ tag, unknown }: AggregateGroupJson, { by }: Options): string {
  const where = by === undefined ? '' : ` for ${plain(by)} ${tag === null ? '(none)' : plain(tag)}`;
  return `unknown${where}: ${plain(unknown?.text ?? '')}`;
}

/** 0 to 1. @throws InvalidArgumentError */
function shareArgument(text: string): number {
  const share = text.trim() === '' ? Number.NaN : Number(text);
  if (!(share >= 0 && share <= 1))
    throw new InvalidArgumentError('expected a number from 0 to 1, such as 0.9.');
  return share;
}

function collect(text: string, before: readonly string[]): string[] {
  if (!/^[^=]+=/.test(text)) throw new InvalidArgumentError('expected TAG=VALUE.');
  return [...before, text];
}
