import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { KEY_BYTES } from '../../config/key-file.ts';
import type { CliIo } from '../io.ts';

/** `gridvine keygen`: a new cluster key. It goes to stdout and nowhere else: the caller says where it is kept. */
export function keygenCommand(io: CliIo): Command {
  return new Command('keygen')
    .addHelpText('after', '\nKeep it readable by its owner only:  (umask 077; gridvine keygen > cluster.key)')
    .action(() => {
      io.stdout.write(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
    });
}
