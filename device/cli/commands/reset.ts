import { Command } from 'commander';
import type { ConfigFlags } from '../../config/flags.ts';
import { jsonOption } from '../arguments.ts';
import { addConfigOptions } from '../config-options.ts';
import type { CliIo } from '../io.ts';

/** `gridvine reset`: this board stops being a node; nothing of it is left in the data directory. */
export function resetCommand(io: CliIo): Command {
  return addConfigOptions(new Command('reset'))
    .option('--yes', "don't ask")
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nStop the daemon first, by `gridvine leave`, so that the others show this board as left. Its identity, keys, certificate and' +
        '\nrecords are overwritten and deleted; the configuration and the key file stay.',
    )
    .action(async (flags: ConfigFlags & { readonly yes?: true; readonly json?: true }) => {
      const { resetBoard } = await import('../reset-board.ts');
      await resetBoard(io, flags);
    });
}
