import { GridvineError } from '#runtime/core/errors.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { SystemRandom } from '#runtime/driver/system-random.ts';
import { armor } from '#runtime/pki/armor.ts';
import { signRequest } from '#runtime/pki/request.ts';
import { DataDir } from '#runtime/storage/data-dir.ts';
import { loadOrCreateSeed } from '#runtime/storage/identity-file.ts';
import { nodeFiles } from '#runtime/storage/node-files.ts';
import { prepareIdentity } from '#runtime/storage/prepare-identity.ts';
import type { ConfigFlags } from '../config/flags.ts';
import { processPaths } from '../config/paths.ts';
import { loadBoard } from '../daemon/load.ts';
import type { CliIo } from './io.ts';
import { plain } from './output.ts';

/**
 * Prints a request for this board, made from its data directory; its identity is made where there is none yet. Works beside a
 * running daemon, whose identity exists then.
 */
export async function printRequest(io: CliIo, flags: ConfigFlags): Promise<void> {
  const { values } = (await loadBoard(flags, processPaths(io.env))).config;
  const { dataDir, cluster, name } = values;
  const provider = createNodeProvider();
  const seed = await seedOf(dataDir);
  const identity = identityFromSeed(provider, seed);
  const { publicKey: agreementKey } = agreementKeyOf(provider, seed);
  const bytes = signRequest(provider, identity, { cluster, name, agreementKey });
  io.stdout.write(armor({ kind: 'request', bytes }));
  io.stderr.write(
    `gridvine: request of ${plain(name)} (${identity.id}) for cluster ${plain(cluster)}; take it to the CA: gridvine ca issue FILE\n`,
  );
}

async function seedOf(directory: string): Promise<Uint8Array> {
  const options = {
    files: nodeFiles,
    directory,
    randomBytes: (length: number) => new SystemRandom().bytes(length),
  };
  let held: DataDir;
  try {
    held = await DataDir.open(directory);
  } catch (error) {
    if (!(error instanceof GridvineError && error.code === 'E_DATA_DIR_IN_USE')) throw error;
    // A daemon holds it: it has made the identity, and only reading is left to do.
    return (await loadOrCreateSeed(options)).seed;
  }
  try {
    return (await prepareIdentity(options)).seed;
  } finally {
    held.close();
  }
}
