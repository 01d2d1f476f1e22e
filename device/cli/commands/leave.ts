import { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { jsonOption, socketOption } from '../arguments.ts';
import type { CliIo } from '../io.ts';
import { printJson } from '../output.ts';

/** `gridvine leave`: the daemon says goodbye to the cluster and ends. */
export function leaveCommand(io: CliIo): Command {
  return new Command('leave')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async ({ json, socket }: { json?: true; socket?: string }) => {
      const document = await new ApiClient({ io, socket }).call('POST', '/v1/leave');
      if (json) printJson(io, document);
    });
}
