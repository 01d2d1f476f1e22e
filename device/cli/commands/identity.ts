import { Command } from 'commander';
import type { ConfigFlags } from '../../config/flags.ts';
import { jsonOption } from '../arguments.ts';
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
  const install = addConfigOptions(new Command('install'))
    .description('take what the CA issued for this board: a certificate, or a bundle with its keys')
    .argument('<file>', 'of: gridvine ca issue')
    .action(async (file: string, flags: ConfigFlags) => {
      const { installIdentity } = await import('../identity-install.ts');
      await installIdentity(io, file, flags);
    });
  const show = addConfigOptions(new Command('show'))
    .description('who this board is, and what it is certified for')
    .addOption(jsonOption())
    .action(async (flags: ConfigFlags & { readonly json?: true }) => {
      const { showIdentity } = await import('../identity-install.ts');
      await showIdentity(io, flags);
    });
  const command = new Command('identity');
  for (const one of [show, request, install]) command.addCommand(one);
  return command;
}
