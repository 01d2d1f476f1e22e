import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, statSync } from 'node:fs';
import { Command } from 'commander';
import { GridvineError } from '#runtime/core/errors.ts';
import type { Rekeyed } from '#runtime/driver/rekey.ts';
import type { ConfigFlags } from '../../config/flags.ts';
import { processPaths } from '../../config/paths.ts';
import { jsonOption } from '../arguments.ts';
import { addConfigOptions } from '../config-options.ts';
import { CliError, type CliIo } from '../io.ts';
import { painter, plain, printJson, printLines } from '../output.ts';

/** Files that are written anew, or may be: where root does it, they stay the daemon's. */
const WRITTEN = ['identity.json', 'boot-a.json', 'lock'];

type Options = ConfigFlags & { readonly json?: true };

/** `gridvine rekey`: a new identity for this board, for the copy of a card or when the boots run out. */
export function rekeyCommand(io: CliIo): Command {
  return addConfigOptions(new Command('rekey'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nStop the daemon first: it then says goodbye under the old identity. The old key is kept aside. Records, name and' +
        '\nsettings stay; to others the board is a newcomer with the same name.',
    )
    .action(async (options: Options) => {
      const { loadBoard } = await import('../../daemon/load.ts');
      const { config } = await loadBoard(options, processPaths(io.env));
      const { dataDir, name, security } = config.values;
      // Opening it would make it.
      if (!existsSync(dataDir))
        throw new CliError(
          `${dataDir}: expected this node's data directory; there is none. Name it: --data-dir DIR, or --config FILE`,
        );
      const rekeyed = await rekeyStopped(dataDir);
      keepOwner(dataDir, rekeyed.kept);
      if (options.json) printJson(io, { schema: 'gridvine.rekeyed/1', name, dataDir, ...rekeyed });
      else printRekeyed(io, { name, dataDir, mode: security.mode, ...rekeyed });
    });
}

/** @throws GridvineError; one that holds the directory is told how to end it. */
async function rekeyStopped(dataDir: string) {
  const { rekey } = await import('#runtime/driver/rekey.ts');
  const { createNodeProvider } = await import('#runtime/crypto/node-provider.ts');
  try {
    return await rekey({ dataDir, provider: createNodeProvider(), randomBytes });
  } catch (error) {
    if (!(error instanceof GridvineError) || error.code !== 'E_DATA_DIR_IN_USE') throw error;
    const [who] = error.message.split('; stop it');
    throw new GridvineError(
      'E_DATA_DIR_IN_USE',
      `${who}. A running node keeps its identity: stop it (systemctl stop gridvine, or gridvine leave), which says goodbye for the old one, and run this again`,
      { cause: error },
    );
  }
}

function keepOwner(dataDir: string, kept: readonly string[]): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dataDir);
  for (const path of [...WRITTEN.map((name) => `${dataDir}/${name}`), ...kept])
    if (existsSync(path)) chownSync(path, uid, gid);
}

function printRekeyed(
  io: CliIo,
  about: { readonly name: string; readonly dataDir: string; readonly mode: string } & Rekeyed,
): void {
  const { name, dataDir, mode, oldId, newId, kept } = about;
  const paint = painter(io);
  const fact = (label: string, text: string) => `${paint('dim', label.padEnd(9))} ${text}`;
  printLines(io, [
    fact('node', paint('bold', plain(name))),
    fact('new id', newId),
    fact('old id', oldId ?? 'unknown: its key was damaged'),
    fact('in', plain(dataDir)),
    ...kept.map((path) => fact('kept', plain(path))),
    'At its next start this board joins as a newcomer with the same name and its own records. Others show the old identity as left,',
    'or as down where its daemon ended without a goodbye. Nothing reads the kept files: delete them when nobody needs the old key.',
    ...(mode === 'certificates'
      ? [
          'Next: gridvine identity request, have it issued at the CA (gridvine ca issue), gridvine identity install FILE, and start the daemon',
          '(systemctl start gridvine). Where the old key may be in wrong hands, revoke the old id: gridvine ca revoke.',
        ]
      : ['Next: start the daemon (systemctl start gridvine).']),
  ]);
}
