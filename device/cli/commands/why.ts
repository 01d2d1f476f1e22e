import { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { jsonOption, socketOption } from '../arguments.ts';
import type { MembersJson, WhyJson } from '../documents.ts';
import { findMember } from '../find-member.ts';
import type { CliIo } from '../io.ts';
import { painter, printJson, printLines } from '../output.ts';
import { whyLines } from '../why-text.ts';

const COLUMNS_DEFAULT = 80;

/** `gridvine why`: the evidence behind a member's state. */
export function whyCommand(io: CliIo): Command {
  return new Command('why')
    .argument('<node>', 'a name, an id, or the first digits of an id')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async (node: string, { json, socket }: { json?: true; socket?: string }) => {
      const client = new ApiClient({ io, socket });
      const { members } = await client.call<MembersJson>('GET', '/v1/members');
      const { id } = findMember(members, node);
      const why = await client.call<WhyJson>('GET', `/v1/members/${id}/why`);
      if (json) printJson(io, why);
      else printLines(io, whyLines(why, { paint: painter(io), width: io.stdout.columns ?? COLUMNS_DEFAULT }));
    });
}
