import { Command, InvalidArgumentError, Option } from 'commander';
import { formatDuration } from '#runtime/core/durations.ts';
import { QUERY_TIMEOUT_MS_DEFAULT } from '#runtime/core/query-views.ts';
import { ApiClient } from '../api-client.ts';
import { durationArgument, sendable, socketOption, valueArgument } from '../arguments.ts';
import type { RecordJson } from '../documents.ts';
import { formatValue, shortId } from '../format.ts';
import { CliError, type CliIo } from '../io.ts';
import { painter, plain } from '../output.ts';
import { askQuery, type QueryAnswerJson, type QueryOverJson } from '../query-client.ts';

interface QueryOptions {
  readonly node: readonly string[];
  readonly tag: readonly (readonly [string, string])[];
  readonly group: readonly string[];
  readonly timeout: number;
  readonly ack?: true;
  readonly json?: true;
  readonly socket?: string;
}

/** `gridvine query`: asks nodes, and shows their answers as they come. */
export function queryCommand(io: CliIo): Command {
  return new Command('query')
    .argument('<name>', 'ping, uptime, version, reach, or what a handler answers to')
    .argument('[payload]', 'JSON; a bare word is text', valueArgument)
    .option(
      '--node <pattern>',
      'only nodes of this name (* and ? stand for others) or id; may be repeated',
      collect,
      [],
    )
    .option('--tag <tag=pattern>', 'only nodes with this tag; several must all fit', collectTag, [])
    .option('--group <group>', 'only nodes whose certificate names one of these groups', collect, [])
    .addOption(
      new Option('--timeout <duration>', 'how long to wait; it is over sooner once all have answered')
        .argParser(durationArgument)
        .default(QUERY_TIMEOUT_MS_DEFAULT, formatDuration(QUERY_TIMEOUT_MS_DEFAULT)),
    )
    .option('--ack', 'show also who got the query')
    .addOption(new Option('--json', 'print one JSON object a line'))
    .addOption(socketOption())
    .addHelpText(
      'after',
      '\nExits with 0 only where all that were asked have answered: with 1 where nobody was asked, or one said nothing, or failed, or no node knows the name.\n' +
        "\nExamples:\n  gridvine query uptime\n  gridvine query load --tag role=inverter --timeout 2s\n  gridvine query version --node 'roof-*'",
    )
    .action(async (name: string, payload: unknown, options: QueryOptions) => {
      const { node, tag, group, timeout, ack, json, socket } = options;
      const request = {
        name,
        payload: sendable(payload),
        nodes: node,
        tags: Object.fromEntries(tag),
        groups: group,
        timeoutMs: timeout,
        ...(ack && { ack }),
      };
      const print = json ? printLine : printAnswer;
      const client = new ApiClient({ io, socket });
      const kinds = new Set<QueryAnswerJson['kind']>();
      const over = await askQuery(client, request, (answer) => {
        kinds.add(answer.kind);
        print(io, answer);
      });
      if (json) io.stdout.write(`${JSON.stringify(over)}\n`);
      else io.stderr.write(`${overText(over)}\n`);
      if (!isWell(over, kinds)) throw new CliError('');
    });
}

/** Whether scripts may take it that all was done. */
function isWell({ end, expected }: QueryOverJson, kinds: ReadonlySet<QueryAnswerJson['kind']>): boolean {
  return end === 'complete' && expected > 0 && kinds.has('answer') && !kinds.has('failed');
}

/** How a query ended, in a sentence. */
export function overText({ end, expected, answers, silent, tookMs }: QueryOverJson): string {
  if (expected === 0 && end !== 'cancelled') return 'no member that this node knows is asked';
  const silentText =
    silent.length === 0
      ? ''
      : `; no word of ${silent.slice(0, 8).map(shortId).join(', ')}${silent.length > 8 ? ` and ${silent.length - 8} more` : ''}`;
  const why =
    end === 'limit' ? ', then the limit was reached' : end === 'cancelled' ? ', then it was ended' : '';
  return `${answers} of ${expected} answered in ${formatDuration(tookMs)}${why}${silentText}`;
}

function printLine(io: CliIo, answer: QueryAnswerJson): void {
  io.stdout.write(`${JSON.stringify(answer)}\n`);
}

function printAnswer(io: CliIo, { name, kind, value, cutFrom, afterMs, relayed }: QueryAnswerJson): void {
  const paint = painter(io);
  const how = `${formatDuration(afterMs)}${relayed ? ', relayed' : ''}`;
  const shown = formatValue({ value: value as RecordJson['value'], unit: null });
  const cut = cutFrom === null ? '' : paint('yellow', ` (the first part of ${cutFrom} bytes)`);
  const text =
    kind === 'answer'
      ? `${shown}${cut}`
      : kind === 'failed'
        ? paint('red', `failed: ${shown}${cut}`)
        : paint('dim', kind === 'ack' ? 'got it' : 'nothing answers to that name there');
  io.stdout.write(`${plain(name)} ${text} ${paint('dim', `(${how})`)}\n`);
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

function collectTag(
  text: string,
  before: readonly (readonly [string, string])[],
): readonly (readonly [string, string])[] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected TAG=PATTERN.');
  return [...before, [text.slice(0, at), text.slice(at + 1)]];
}
