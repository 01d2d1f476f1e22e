import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { GridvineError } from '#runtime/core/errors.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { DataDir } from '#runtime/storage/data-dir.ts';
import { loadSeed } from '#runtime/storage/identity-file.ts';
import { stateFilesIn, type Wiped, wipeState } from '#runtime/storage/wipe.ts';
import type { ConfigFlags } from '../config/flags.ts';
import { processPaths } from '../config/paths.ts';
import type { GridvineConfig } from '../config/schema.ts';
import { loadBoard } from '../daemon/load.ts';
import { confirm } from './confirm.ts';
import { CliError, type CliIo } from './io.ts';
import { plain, printJson, printLines } from './output.ts';

type Options = ConfigFlags & { readonly yes?: true; readonly json?: true };

/**
 * Wipes what a stopped node keeps in its data directory, and says what is left to do elsewhere.
 * @throws GridvineError `E_DATA_DIR`, `E_DATA_DIR_IN_USE`; CliError where nothing is there, or the person says no.
 */
export async function resetBoard(io: CliIo, { yes, json, ...flags }: Options): Promise<void> {
  const { values } = (await loadBoard(flags, processPaths(io.env))).config;
  const { dataDir, name } = values;
  // Opening it would make it.
  if (!existsSync(dataDir)) throw nothingThere(dataDir);
  const held = await openStopped(dataDir);
  try {
    const { files, path } = held;
    const names = await stateFilesIn(files, path);
    if (names.length === 0) throw nothingThere(path);
    const id = await idIn(held);
    if (!yes)
      await confirm(io, {
        question: `${path}: ${plain(name)} (${id ?? 'of an unknown id'}) will be gone for good, with its keys and records.`,
        word: name,
      });
    const wiped = await wipeState({ files, directory: path, randomBytes });
    if (json) printJson(io, { schema: 'gridvine.reset/1', name, id: id ?? null, dataDir: path, ...wiped });
    else printReset(io, { values, id, path, ...wiped });
  } finally {
    held.close();
  }
}

function nothingThere(directory: string): CliError {
  return new CliError(
    `${directory}: expected a node's data directory; there is nothing of a node. Name it: --data-dir DIR, or --config FILE`,
  );
}

async function openStopped(directory: string): Promise<DataDir> {
  try {
    return await DataDir.open(directory);
  } catch (error) {
    if (!(error instanceof GridvineError) || error.code !== 'E_DATA_DIR_IN_USE') throw error;
    const [who] = error.message.split('; stop it');
    throw new GridvineError(
      'E_DATA_DIR_IN_USE',
      `${who}. A running node isn't reset: stop it (gridvine leave; where it is a service, systemctl disable --now gridvine) and run this again`,
      { cause: error },
    );
  }
}

async function idIn({ files, path }: DataDir): Promise<string | undefined> {
  try {
    const seed = await loadSeed({ files, directory: path });
    return seed && identityFromSeed(createNodeProvider(), seed).id;
  } catch {
    // Damaged, or readable by others: it goes all the same.
    return undefined;
  }
}

function printReset(
  io: CliIo,
  about: { readonly values: GridvineConfig; readonly id: string | undefined; readonly path: string } & Wiped,
): void {
  const { values, id, path, wiped, notOverwritten } = about;
  const { keyFile, name, security } = values;
  printLines(io, [
    `overwrote and deleted in ${plain(path)}: ${wiped.filter((each) => !notOverwritten.includes(each)).join(', ') || 'nothing'}`,
    ...(notOverwritten.length === 0
      ? []
      : [
          `deleted, but not overwritten: ${notOverwritten.join(', ')}: their content may still be on the medium`,
        ]),
    'An SD card or SSD may keep old copies of what was overwritten: where the board leaves your hands, destroy the medium.',
    ...(security.mode === 'certificates'
      ? [
          `Next, at the CA: gridvine ca revoke ${plain(id ?? name)} --out FILE, and gridvine ca publish FILE on any live board.`,
          'Delete request, certificate and bundle of this board wherever they were carried.',
        ]
      : [
          `Next: delete the cluster's key${keyFile === undefined ? '' : ` (${plain(keyFile)})`}, which this command leaves.`,
          'Whoever could have copied it has it still: then give all other boards a new one by hand.',
        ]),
    'The configuration stays. A daemon that is started here again is a new node.',
  ]);
}
