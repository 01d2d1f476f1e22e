import { Command } from 'commander';
import type { ConfigFlags } from '../../config/flags.ts';
import { addConfigOptions } from '../config-options.ts';
import type { CliIo } from '../io.ts';

/** `gridvine run`: the daemon. Logs go to stderr, one JSON object a line. */
export function runCommand(_io: CliIo): Command {
  return addConfigOptions(new Command('run')).action(async (flags: ConfigFlags) => {
    const { runDaemon } = await import('../../daemon/run-daemon.ts');
    await runDaemon(flags);
  });
}
