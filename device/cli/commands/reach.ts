import { Command, Option } from 'commander';
import { formatDuration } from '#runtime/core/durations.ts';
import { ApiClient } from '../api-client.ts';
import { durationArgument, jsonOption, socketOption } from '../arguments.ts';
import type { MembersJson } from '../documents.ts';
import { CliError, type CliIo } from '../io.ts';
import { painter, plain, printJson, printLines } from '../output.ts';
import { askQuery, type QueryAnswerJson } from '../query-client.ts';
import { printTable } from '../table.ts';

interface ReachOptions {
  readonly timeout: number;
  readonly json?: true;
  readonly socket?: string;
}

/** What a node answers to `reach`. */
interface Sight {
  readonly alive: number;
  readonly notReached: number;
  readonly named: readonly (readonly [string, string])[];
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  /** null: it didn't answer. */
  readonly afterMs: number | null;
  readonly relayed: boolean;
  readonly sees: Sight | null;
}

const TIMEOUT_MS = 3_000;

/** `gridvine reach`: asks all members whom they see, and says who can't be reached by whom. */
export function reachCommand(io: CliIo): Command {
  return new Command('reach')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for answers')
        .argParser(durationArgument)
        .default(TIMEOUT_MS, formatDuration(TIMEOUT_MS)),
    )
    .addOption(jsonOption())
    .addOption(socketOption())
    .addHelpText('after', '\nExits with 1 where somebody does not answer, or does not see somebody else.')
    .action(async ({ timeout, json, socket }: ReachOptions) => {
      const client = new ApiClient({ io, socket });
      const { members } = await client.call<MembersJson>('GET', '/v1/members');
      const answers = new Map<string, QueryAnswerJson>();
      const request = { name: 'reach', timeoutMs: timeout };
      await askQuery(client, request, (answer) => void answers.set(answer.node, answer));
      const rows = members
        .filter(({ state }) => state !== 'left')
        .map(({ id, name, state }) => rowOf({ id, name, state }, answers.get(id)));
      if (json) printJson(io, { schema: 'gridvine.reach/1', nodes: rows });
      else print(io, rows);
      if (rows.some(({ sees }) => sees === null || sees.notReached > 0)) throw new CliError('');
    });
}

function rowOf(member: Pick<Row, 'id' | 'name' | 'state'>, answer: QueryAnswerJson | undefined): Row {
  if (answer?.kind !== 'answer') return { ...member, afterMs: null, relayed: false, sees: null };
  return { ...member, afterMs: answer.afterMs, relayed: answer.relayed, sees: answer.value as Sight };
}

function print(io: CliIo, rows: readonly Row[]): void {
  const paint = painter(io);
  const columns = [
    { title: 'NAME' },
    { title: 'STATE HERE' },
    { title: 'ANSWER', align: 'right' as const },
    { title: 'SEES', align: 'right' as const },
    { title: 'DOES NOT SEE', flexible: true, wrap: 'words' as const },
  ];
  printTable(
    io,
    columns,
    rows.map(({ name, state, afterMs, relayed, sees }) => [
      plain(name),
      state,
      afterMs === null ? paint('red', 'none') : `${formatDuration(afterMs)}${relayed ? ' relayed' : ''}`,
      sees === null ? '' : String(sees.alive),
      sees === null ? '' : lostText(sees),
    ]),
  );
  printLines(io, ['', ...advice(rows)]);
}

function lostText({ notReached, named }: Sight): string {
  const shown = named.map(([name, state]) => `${plain(name)} (${state})`);
  if (notReached > named.length) shown.push(`and ${notReached - named.length} more`);
  return shown.join(', ');
}

/** What to look at, in the order in which it is likeliest to be the cause. */
function advice(rows: readonly Row[]): string[] {
  const silent = rows.filter(({ sees }) => sees === null);
  const alive = silent.filter(({ state }) => state === 'alive');
  const relayed = rows.filter((row) => row.relayed);
  const partial = rows.filter(({ sees }) => sees !== null && sees.notReached > 0);
  if (silent.length === 0 && relayed.length === 0 && partial.length === 0)
    return ['All members answer, and see all others.'];
  const names = (some: readonly Row[]) =>
    some
      .slice(0, 6)
      .map(({ name }) => plain(name))
      .join(', ');
  const lines: string[] = [];
  if (alive.length > 0)
    lines.push(
      `${names(alive)}: alive for this node, and without an answer. Its datagrams arrive and answers get lost, or its daemon is of another version: try again with --timeout 10s, then gridvine why NAME.`,
    );
  const down = silent.filter(({ state }) => state !== 'alive');
  if (down.length > 0) lines.push(`${names(down)}: not reached from here either. See gridvine why NAME.`);
  if (relayed.length > 0)
    lines.push(
      `${names(relayed)}: answers only through others. A firewall or NAT keeps its datagrams from this node: open UDP port 18262 both ways, or set advertise.`,
    );
  if (partial.length > 0)
    lines.push(
      `${names(partial)}: does not see some members. Where others see them, look at the link between these; where nobody does, at the members themselves.`,
    );
  return lines;
}
