import { GridvineError } from '../core/errors.ts';
import { fromHex, toHex } from '../core/ids.ts';
import { encodeChecked, readChecked } from './checked-json.ts';
import { asidePath, type FilePort, replaceFile, setAside } from './file-port.ts';
import { fileErrorCode } from './notice.ts';

const NAME = 'identity.json';
const SCHEMA = 'gridvine.identity/1';
const SEED_BYTES = 32;

export interface IdentityFileOptions {
  readonly files: FilePort;
  readonly directory: string;
  /** Cryptographically random bytes. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/** The seed of a node's identity, and whether it was made just now. */
export interface StoredSeed {
  readonly seed: Uint8Array;
  readonly created: boolean;
}

/**
 * Reads the node's Ed25519 seed, making one at the first start. An identity is never replaced silently: while a damaged file is
 * there, or stands aside, the start is refused until a person decides.
 * @throws GridvineError `E_IDENTITY`.
 */
export async function loadOrCreateSeed(options: IdentityFileOptions): Promise<StoredSeed> {
  const { files, directory } = options;
  const path = `${directory}/${NAME}`;
  try {
    const content = await readChecked(files, path, SCHEMA);
    if (content.status === 'absent') return await create(options, path);
    const seed = content.status === 'ok' ? seedOf(content.body) : undefined;
    if (seed === undefined) {
      const aside = await setAside(files, directory, NAME);
      throw new GridvineError(
        'E_IDENTITY',
        `${path}: expected this node's key; the file is damaged, and was set aside as ${aside}. ${nextStep(path)}`,
      );
    }
    await checkMode(files, path);
    return { seed, created: false };
  } catch (error) {
    if (error instanceof GridvineError) throw error;
    throw new GridvineError(
      'E_IDENTITY',
      `${path}: can't be read or written (${fileErrorCode(error)}); check its owner and mode, and that the disk has space`,
      { cause: error },
    );
  }
}

/** The node's seed; undefined where it has none yet. @throws GridvineError `E_IDENTITY` where it is damaged, or others may read it. */
export async function loadSeed(
  place: Pick<IdentityFileOptions, 'files' | 'directory'>,
): Promise<Uint8Array | undefined> {
  const path = `${place.directory}/${NAME}`;
  if ((await place.files.modeOf(path)) === undefined) return undefined;
  const randomBytes = () => {
    throw new GridvineError('E_IDENTITY', `${path}: it vanished while it was read`);
  };
  return (await loadOrCreateSeed({ ...place, randomBytes })).seed;
}

/** What a new identity took the place of. */
export interface ReplacedSeed {
  /** undefined where there was none that is whole. */
  readonly old: Uint8Array | undefined;
  readonly seed: Uint8Array;
  /** Paths at which the old file, or damaged ones, are kept. */
  readonly kept: readonly string[];
}

/**
 * Puts a new seed in the place of whatever is there, damaged or not. What was there is kept as `identity.json.replaced-N`, which no
 * start reads. A power cut leaves the old seed in force or the new one, and loses neither.
 * @throws GridvineError `E_IDENTITY`: where nothing could be written the old one is in force still.
 */
export async function replaceSeed({
  files,
  directory,
  randomBytes,
}: IdentityFileOptions): Promise<ReplacedSeed> {
  const path = `${directory}/${NAME}`;
  try {
    const content = await readChecked(files, path, SCHEMA);
    const old = content.status === 'ok' ? seedOf(content.body) : undefined;
    const damaged = (await files.list(directory)).filter((name) => name.startsWith(`${NAME}.corrupt-`));
    if (content.status === 'absent' && damaged.length === 0)
      throw new GridvineError(
        'E_IDENTITY',
        `${path}: expected this node's key; there is none yet, so there is nothing to replace: the first start makes one. Check that this is the node's data directory`,
      );
    const kept: string[] = [];
    const bytes = await files.read(path);
    if (bytes !== undefined) {
      const aside = await asidePath(files, directory, NAME, 'replaced');
      await replaceFile(files, aside, bytes);
      kept.push(aside);
    }
    const seed = randomBytes(SEED_BYTES);
    await replaceFile(files, path, encodeChecked(SCHEMA, { seed: toHex(seed) }));
    for (const name of damaged) {
      const aside = await asidePath(files, directory, NAME, 'replaced');
      await files.rename(`${directory}/${name}`, aside);
      kept.push(aside);
    }
    return { old, seed, kept };
  } catch (error) {
    if (error instanceof GridvineError) throw error;
    throw new GridvineError(
      'E_IDENTITY',
      `${path}: can't be read or written (${fileErrorCode(error)}); check its owner and mode, and that the disk has space`,
      { cause: error },
    );
  }
}

async function create(
  { files, directory, randomBytes }: IdentityFileOptions,
  path: string,
): Promise<StoredSeed> {
  const aside = (await files.list(directory)).find((name) => name.startsWith(`${NAME}.corrupt-`));
  if (aside !== undefined)
    throw new GridvineError(
      'E_IDENTITY',
      `${path}: expected this node's key; there is only the damaged ${aside}. ${nextStep(path)}`,
    );
  const seed = randomBytes(SEED_BYTES);
  await replaceFile(files, path, encodeChecked(SCHEMA, { seed: toHex(seed) }));
  return { seed, created: true };
}

async function checkMode(files: FilePort, path: string): Promise<void> {
  const mode = await files.modeOf(path);
  if (mode === undefined || (mode & 0o077) === 0) return;
  throw new GridvineError(
    'E_IDENTITY',
    `${path}: expected mode 0600; got 0${mode.toString(8)}, so others may have read this node's key. If nobody did: chmod 600 ${path}`,
  );
}

function nextStep(path: string): string {
  return `Restore ${path} from a backup; or, to start as a new node with a new id, run \`gridvine rekey\``;
}

function seedOf(body: unknown): Uint8Array | undefined {
  const text = (body as { seed?: unknown } | null)?.seed;
  if (typeof text !== 'string' || !/^[0-9a-f]{64}$/.test(text)) return undefined;
  return fromHex(text);
}
