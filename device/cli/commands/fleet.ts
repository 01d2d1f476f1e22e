import { Command, InvalidArgumentError } from 'commander';
import { ApiClient } from '../api-client.ts';
import { jsonOption, socketOption } from '../arguments.ts';
import type { MembersJson } from '../documents.ts';
import { findMember } from '../find-member.ts';
import { type FleetJson, type FleetSetJson, fleetLines, fleetTable, settingsLines } from '../fleet-text.ts';
import { CliError, type CliIo, EXIT } from '../io.ts';
import { painter, printJson, printLines } from '../output.ts';
import { printTable } from '../table.ts';

const INPUT_CHARS_MAX = 65_536;

interface CommonOptions {
  readonly json?: true;
  readonly socket?: string;
}

interface SetOptions extends CommonOptions {
  readonly stage?: readonly string[];
}

/** `gridvine fleet`: settings once for all boards. */
export function fleetCommand(io: CliIo): Command {
  return new Command('fleet')
    .addCommand(setCommand(io))
    .addCommand(showCommand(io))
    .addCommand(statusCommand(io))
    .addCommand(promoteCommand(io))
    .addCommand(rollbackCommand(io))
    .addHelpText(
      'after',
      '\nSettings are written as in a configuration file: preset, single settings, mqtt without its credentials,\n' +
        "log.level. What a board's own file, environment or flags say wins on that board.\n\n" +
        'Example:\n' +
        '  gridvine fleet set radio.yaml --stage role=canary   some boards try it\n' +
        '  gridvine fleet status                               how they fare\n' +
        '  gridvine fleet promote                              now all; or: gridvine fleet rollback',
    );
}

function setCommand(io: CliIo): Command {
  return new Command('set')
    .description('give all boards settings, in place of those that they were given before')
    .argument('<file>', 'YAML or JSON, in the words of the configuration; - for stdin')
    .option(
      '--stage <who...>',
      'these boards first: NAME=VALUE (a tag), 20% (of those that are there), or a board by name or id',
    )
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async (file: string, { stage = [], json, socket }: SetOptions) => {
      const config = await readSettings(io, file);
      const client = new ApiClient({ io, socket });
      const body = stage.length === 0 ? { config } : { config, stage: await readStage(client, stage) };
      const done = await client.call<FleetSetJson>('POST', '/v1/fleet', body);
      report(io, done, { json, text: stage.length === 0 ? 'set for all boards' : 'on trial' });
    });
}

function showCommand(io: CliIo): Command {
  return new Command('show')
    .description('the settings for all boards, and those on trial')
    .option('--document', 'only the settings for all boards, as `fleet set` takes them')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async ({ document, json, socket }: CommonOptions & { readonly document?: true }) => {
      const fleet = await new ApiClient({ io, socket }).call<FleetJson>('GET', '/v1/fleet');
      const { stringify } = await import('yaml');
      if (document) {
        if (fleet.settings === null)
          throw new CliError('the fleet has no settings; see: gridvine fleet status', EXIT.failed);
        const { config } = fleet.settings;
        if (json) printJson(io, config);
        else io.stdout.write(stringify(config));
      } else if (json) {
        const { self, settings, staged, history } = fleet;
        printJson(io, { schema: 'gridvine.fleet-settings/1', self, settings, staged, history });
      } else printLines(io, settingsLines(fleet, { paint: painter(io), yaml: stringify }));
    });
}

function statusCommand(io: CliIo): Command {
  return new Command('status')
    .description('which board runs which settings, or why it refuses; what speaks against promoting')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async ({ json, socket }: CommonOptions) => {
      const fleet = await new ApiClient({ io, socket }).call<FleetJson>('GET', '/v1/fleet');
      if (json) {
        printJson(io, fleet);
        return;
      }
      const { columns, rows } = fleetTable(fleet, painter(io));
      printTable(io, columns, rows);
      printLines(io, fleetLines(fleet, painter(io)));
    });
}

function promoteCommand(io: CliIo): Command {
  return new Command('promote')
    .description('give all boards what some have tried')
    .argument('[version]', 'only if it is this that is on trial, such as 12/3f0c9a12')
    .option('--force', 'also where a board that tried it is down, refuses it or is not well')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async (what: string | undefined, options: CommonOptions & { readonly force?: true }) => {
      const { force, json, socket } = options;
      const client = new ApiClient({ io, socket });
      const body = { force: force === true, ...(await aimOf(client, what)) };
      const done = await client.call<FleetSetJson>('POST', '/v1/fleet/promote', body);
      report(io, done, { json, text: 'set for all boards' });
    });
}

function rollbackCommand(io: CliIo): Command {
  return new Command('rollback')
    .description('take back what is on trial, or else what was set last')
    .argument('[version]', 'only if it is this, such as 12/3f0c9a12; also what is a rollback itself')
    .option('--to <n>', 'go back to these settings for all; see: gridvine fleet show', counterArgument)
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async (what: string | undefined, options: CommonOptions & { readonly to?: number }) => {
      const { to, json, socket } = options;
      const client = new ApiClient({ io, socket });
      const body = { ...(to === undefined ? {} : { to }), ...(await aimOf(client, what)) };
      const done = await client.call<FleetSetJson>('POST', '/v1/fleet/rollback', body);
      report(io, done, { json, text: 'set for all boards' });
    });
}

/** A version as people write it, whole. @throws CliError where it is neither on trial nor what counts. */
async function aimOf(client: ApiClient, what: string | undefined): Promise<{ readonly of?: string }> {
  if (what === undefined) return {};
  const { staged, settings } = await client.call<FleetJson>('GET', '/v1/fleet');
  const there = [staged, settings].filter((one) => one !== null);
  const found = there.find(({ name, counter, setter }) => [name, `${counter}/${setter}`].includes(what));
  if (found !== undefined) return { of: `${found.counter}/${found.setter}` };
  const names = there.map(({ name }) => name).join(', ') || 'nothing';
  throw new CliError(`nothing is changed: expected ${what}, but there is ${names} now`, EXIT.failed);
}

function report(
  io: CliIo,
  done: FleetSetJson,
  { json, text }: { readonly json: true | undefined; readonly text: string },
): void {
  if (json) printJson(io, done);
  else printLines(io, [`${done.settings.name}: ${text}; who has followed: gridvine fleet status`]);
}

async function readSettings(io: CliIo, file: string): Promise<unknown> {
  const { layerOfFile, readConfigFile } = await import('../../config/config-file.ts');
  const { mergeLayers } = await import('../../config/layers.ts');
  const text = file === '-' ? await readInput(io) : undefined;
  // The end of a pipe whose beginning failed must not take everything back.
  if (text !== undefined && text.trim() === '')
    throw new CliError('stdin: expected settings, or {} for none; got nothing', EXIT.failed);
  const layer = text === undefined ? await readConfigFile(file) : await layerOfFile('stdin', text);
  return mergeLayers([layer]).tree;
}

async function readInput({ stdin }: CliIo): Promise<string> {
  let text = '';
  for await (const chunk of stdin ?? []) {
    text += String(chunk);
    if (text.length > INPUT_CHARS_MAX)
      throw new CliError(`stdin: expected at most ${INPUT_CHARS_MAX} characters`, EXIT.usage);
  }
  return text;
}

/** What people call boards, as the API takes it. @throws CliError. */
async function readStage(client: ApiClient, words: readonly string[]) {
  const tags: Record<string, string> = {};
  const names: string[] = [];
  let percent: number | null = null;
  for (const word of words) {
    const share = /^(\d{1,3}(?:\.\d+)?)%$/.exec(word);
    const at = word.indexOf('=');
    if (share !== null) percent = percentOf(Number(share[1]), word);
    else if (at > 0) tags[word.slice(0, at)] = word.slice(at + 1);
    else names.push(word);
  }
  if (names.length === 0) return { nodes: [], tags, percent };
  const { members } = await client.call<MembersJson>('GET', '/v1/members');
  return { nodes: names.map((name) => findMember(members, name).id), tags, percent };
}

function percentOf(percent: number, word: string): number {
  if (percent > 0 && percent <= 100) return percent;
  throw new CliError(`--stage ${word}: expected a share above 0%, up to 100%`, EXIT.usage);
}

function counterArgument(text: string): number {
  const counter = Number(/^\d{1,10}(?=\/|$)/.exec(text)?.[0]);
  if (!(counter >= 1))
    throw new InvalidArgumentError('expected a number such as 12, of: gridvine fleet show.');
  return counter;
}
