import { Command } from 'commander';
import type { ConfigFlags } from '../../config/flags.ts';
import { addConfigOptions } from '../config-options.ts';
import type { CliIo } from '../io.ts';

/** `gridvine identity`: this board's own keys. */
export function identityCommand(io: CliIo): Command {
  const request = addConfigOptions(new Command('request'))
    .description(
      "print a request for a certificate, to be taken to the CA: this board's public keys and name",
    )
    .action(async (flags: ConfigFlags) => {
      const { printRequest } = await import('../identity-request.ts');
      await printRequest(io, flags);
    });
  return new Command('identity').addCommand(request);
}
