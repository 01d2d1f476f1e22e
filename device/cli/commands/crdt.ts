import { Command, InvalidArgumentError, Option } from 'commander';
import { CRDT_TYPE_NAMES } from '#runtime/data/crdt/type-names.ts';
import { ApiClient } from '../api-client.ts';
import { jsonOption, sendable, socketOption, valueArgument } from '../arguments.ts';
import { printCrdt, printCrdts } from '../crdt-text.ts';
import type { CrdtJson, CrdtsJson } from '../documents.ts';
import { CliError, type CliIo, EXIT } from '../io.ts';
import { printJson } from '../output.ts';

interface Options {
  readonly type?: string;
  readonly key?: string;
  readonly json?: true;
  readonly socket?: string;
}

/** What is asked of one name, as the API takes it. */
interface Change {
  readonly op: 'increment' | 'set' | 'add' | 'remove';
  readonly by?: number;
  readonly value?: unknown;
}

/** `gridvine crdt`: counters, registers, sets and maps that all nodes write at the same time. */
export function crdtCommand(io: CliIo): Command {
  return new Command('crdt')
    .addCommand(listCommand(io))
    .addCommand(getCommand(io))
    .addCommand(countCommand(io, 'inc'))
    .addCommand(countCommand(io, 'dec'))
    .addCommand(setCommand(io))
    .addCommand(addCommand(io))
    .addCommand(removeCommand(io))
    .addHelpText(
      'after',
      '\nTypes:\n' +
        '  gcounter, pncounter   counts up; up and down\n' +
        '  max, min              the highest, the lowest number that anybody set\n' +
        '  lww, lwwmap           the last write counts; of each key\n' +
        '  mv, ormap             shows all that was set at the same time; of each key\n' +
        '  gset, orset           a set that only grows; one that elements are removed from\n' +
        'A new name gets the type of --type, else pncounter (inc), lww (set), lwwmap (set --key) or orset (add).\n' +
        '\nExamples:\n' +
        '  gridvine crdt inc energy/total 250\n' +
        '  gridvine crdt add batteries b1\n' +
        '  gridvine crdt set tariff 0.31 --key night',
    );
}

function listCommand(io: CliIo): Command {
  return withCommon(new Command('list'))
    .description('all shared data that this node knows of')
    .action(async ({ json, socket }: Options) => {
      const document = await new ApiClient({ io, socket }).call<CrdtsJson>('GET', '/v1/crdts');
      if (json) printJson(io, document);
      else printCrdts(io, document);
    });
}

function getCommand(io: CliIo): Command {
  return withCommon(new Command('get'))
    .description('the value of one')
    .argument('<name>')
    .addOption(typeOption('which one, where several types have the name'))
    .action(async (name: string, { type, json, socket }: Options) => {
      const query = type === undefined ? '' : `?${new URLSearchParams({ type })}`;
      const document = await new ApiClient({ io, socket }).call<CrdtJson>('GET', `${pathOf(name)}${query}`);
      if (json) printJson(io, document);
      else printCrdt(io, document);
    });
}

function countCommand(io: CliIo, word: 'inc' | 'dec'): Command {
  return withCommon(new Command(word))
    .description(word === 'inc' ? 'count up' : 'count down')
    .argument('<name>')
    .argument('[by]', 'a whole number', countArgument, 1)
    .addOption(typeOption())
    .action((name: string, by: number, options: Options) =>
      change(io, name, { op: 'increment', by: word === 'inc' ? by : -by }, options),
    );
}

function setCommand(io: CliIo): Command {
  return withCommon(new Command('set'))
    .description('set a register, or with --key a key of a map')
    .argument('<name>')
    .argument('<value>', 'JSON; a bare word is text', valueArgument)
    .option('--key <key>', 'of a map')
    .addOption(typeOption())
    .action((name: string, value: unknown, options: Options) =>
      change(io, name, { op: 'set', value }, options),
    );
}

function addCommand(io: CliIo): Command {
  return withCommon(new Command('add'))
    .description('add an element to a set')
    .argument('<name>')
    .argument('<element>', 'JSON; a bare word is text', valueArgument)
    .addOption(typeOption())
    .action((name: string, value: unknown, options: Options) =>
      change(io, name, { op: 'add', value }, options),
    );
}

function removeCommand(io: CliIo): Command {
  return withCommon(new Command('remove'))
    .description('remove an element of a set, or with --key a key of a map')
    .argument('<name>')
    .argument('[element]', 'JSON; a bare word is text', valueArgument)
    .option('--key <key>', 'of a map')
    .addOption(typeOption())
    .action((name: string, value: unknown, options: Options) => {
      if ((value === undefined) === (options.key === undefined))
        throw new CliError(
          'expected an ELEMENT of a set, or --key KEY of a map; see: gridvine crdt remove --help',
          EXIT.usage,
        );
      return change(io, name, { op: 'remove', value }, options);
    });
}

async function change(
  io: CliIo,
  name: string,
  { op, by, value }: Change,
  { type, key, json, socket }: Options,
): Promise<void> {
  const body = { op, type, by, key, value: value === undefined ? undefined : sendable(value) };
  const document = await new ApiClient({ io, socket }).call<CrdtJson>('POST', pathOf(name), body);
  if (json) printJson(io, document);
  else printCrdt(io, document);
}

function withCommon(command: Command): Command {
  return command.addOption(jsonOption()).addOption(socketOption());
}

function typeOption(description = 'of a new name, or which one where several types have it'): Option {
  return new Option('--type <type>', description).choices(CRDT_TYPE_NAMES);
}

function countArgument(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('expected a whole number from 0.');
  return value;
}

function pathOf(name: string): string {
  return `/v1/crdts/${encodeURIComponent(name)}`;
}
