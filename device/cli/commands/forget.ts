import { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { jsonOption, socketOption } from '../arguments.ts';
import type { MembersJson } from '../documents.ts';
import { findMember } from '../find-member.ts';
import type { CliIo } from '../io.ts';
import { plain, printJson, printLines } from '../output.ts';

/** `gridvine forget`: a member that won't come back goes from all lists. */
export function forgetCommand(io: CliIo): Command {
  return new Command('forget')
    .argument('<node>', 'a name, an id, or the first digits of an id; it must be down or have left')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async (node: string, { json, socket }: { json?: true; socket?: string }) => {
      const client = new ApiClient({ io, socket });
      const { members } = await client.call<MembersJson>('GET', '/v1/members');
      const { id, name } = findMember(members, node);
      const forgotten = await client.call('POST', `/v1/members/${id}/forget`);
      if (json) printJson(io, forgotten);
      else
        printLines(io, [
          `${plain(name)} is forgotten here, and by all others as they hear of it. If it returns, it comes back as itself.`,
        ]);
    });
}
