import { Command } from 'commander';
import { formatDuration } from '#runtime/core/durations.ts';
import { formatEndpoint } from '#runtime/core/endpoint.ts';
import { ApiClient } from '../api-client.ts';
import { jsonOption, socketOption } from '../arguments.ts';
import type { MemberJson, MembersJson } from '../documents.ts';
import { shortId, stateColour } from '../format.ts';
import type { CliIo } from '../io.ts';
import { painter, plain, printJson } from '../output.ts';
import { printTable } from '../table.ts';

/** `gridvine members`: who is in the cluster, and in what state. */
export function membersCommand(io: CliIo): Command {
  return new Command('members')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async ({ json, socket }: { json?: true; socket?: string }) => {
      const document = await new ApiClient({ io, socket }).call<MembersJson>('GET', '/v1/members');
      if (json) printJson(io, document);
      else printMembers(io, document);
    });
}

function printMembers(io: CliIo, { self, members }: MembersJson): void {
  const paint = painter(io);
  const rows = [...members]
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map((member) => [
      plain(member.name),
      shortId(member.id),
      paint(stateColour(member.state), member.state),
      member.id === self ? 'this node' : heard(member),
      member.rttMs === null ? '' : `${member.rttMs.toFixed(1)} ms`,
      address(member),
      plain(member.flags.join(' ')),
    ]);
  printTable(
    io,
    [
      { title: 'NAME', flexible: true },
      { title: 'ID' },
      { title: 'STATE' },
      { title: 'HEARD', align: 'right' },
      { title: 'RTT', align: 'right' },
      { title: 'ADDRESS' },
      { title: 'FLAGS' },
    ],
    rows,
  );
}

function heard({ lastHeardMs }: MemberJson): string {
  return lastHeardMs === null ? 'never' : `${formatDuration(lastHeardMs)} ago`;
}

function address({ path, endpoints, flags }: MemberJson): string {
  if (path === null && flags.includes('relayed')) return 'through others';
  const used = path ?? endpoints[0];
  return used === undefined ? '' : formatEndpoint(used);
}
