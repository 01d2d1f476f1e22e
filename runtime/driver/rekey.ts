import { GridvineError } from '../core/errors.ts';
import type { NodeId } from '../core/ids.ts';
import { identityFromSeed } from '../crypto/identity.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { BootCounter } from '../storage/boot-counter.ts';
import { DataDir } from '../storage/data-dir.ts';
import { type FilePort, setAside } from '../storage/file-port.ts';
import { replaceSeed } from '../storage/identity-file.ts';
import { LeaseFile } from '../storage/lease-file.ts';
import { fileErrorCode } from '../storage/notice.ts';

export interface RekeyOptions {
  readonly dataDir: string;
  readonly provider: CryptoProvider;
  /** Cryptographically random bytes. */
  readonly randomBytes: (length: number) => Uint8Array;
  readonly files?: FilePort;
}

export interface Rekeyed {
  /** null: the old key was damaged. */
  readonly oldId: NodeId | null;
  readonly newId: NodeId;
  /** Paths at which the files of the old identity are kept. */
  readonly kept: readonly string[];
}

/** What a CA and its members gave to the old identity alone, and what that one promised. */
const BELONGINGS = ['node.cert', 'trust.json', 'leases.json'];

/**
 * Gives the node of a data directory a new identity, with a boot counter of its own; its records, keys of the cluster and the peers that
 * it knows stay, the files of the old identity are kept aside. The directory is locked meanwhile. Cut off between the writes the node
 * has its new identity and goes on counting.
 * @throws GridvineError `E_DATA_DIR`, `E_DATA_DIR_IN_USE` while a daemon runs on it, `E_IDENTITY`, `E_BOOT_COUNTER`.
 */
export async function rekey({ dataDir, provider, randomBytes, files }: RekeyOptions): Promise<Rekeyed> {
  const directory = await DataDir.open(dataDir, files);
  try {
    const place = { files: directory.files, directory: directory.path };
    const { old, seed, kept } = await replaceSeed({ ...place, randomBytes });
    await new BootCounter(place).reset();
    const belongings = await setBelongingsAside(place);
    // Nobody has promised anything under the new one: it may vote at once.
    await new LeaseFile(place).load('new');
    const idOf = (one: Uint8Array) => identityFromSeed(provider, one).id;
    return { oldId: old === undefined ? null : idOf(old), newId: idOf(seed), kept: [...kept, ...belongings] };
  } finally {
    directory.close();
  }
}

async function setBelongingsAside({
  files,
  directory,
}: {
  files: FilePort;
  directory: string;
}): Promise<string[]> {
  const kept: string[] = [];
  for (const name of BELONGINGS) {
    try {
      if ((await files.list(directory)).includes(name))
        kept.push(await setAside(files, directory, name, 'replaced'));
    } catch (error) {
      throw new GridvineError(
        'E_IDENTITY',
        `${directory}/${name}: can't be set aside (${fileErrorCode(error)}); it belongs to the old identity: move it away before the next start`,
        { cause: error },
      );
    }
  }
  return kept;
}
