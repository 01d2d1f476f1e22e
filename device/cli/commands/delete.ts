import { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { jsonOption, socketOption } from '../arguments.ts';
import type { WrittenJson } from '../documents.ts';
import type { CliIo } from '../io.ts';
import { printJson } from '../output.ts';

/** `gridvine delete`: one of this node's own records, everywhere. */
export function deleteCommand(io: CliIo): Command {
  return new Command('delete')
    .argument('<key>')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async (key: string, { json, socket }: { json?: true; socket?: string }) => {
      const path = `/v1/records/${encodeURIComponent(key)}`;
      const deleted = await new ApiClient({ io, socket }).call<WrittenJson>('DELETE', path);
      if (json) printJson(io, deleted);
    });
}
