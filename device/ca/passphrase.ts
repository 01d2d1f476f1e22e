import { passphraseError } from './ca-error.ts';
import { readWhole } from './private-file.ts';

/** A shorter one is guessed. */
export const PASSPHRASE_CHARS_MIN = 12;
const PASSPHRASE_CHARS_MAX = 1024;

export interface PassphraseSource {
  /** `--passphrase-file`: mode 0600; its first line counts. */
  readonly file?: string;
  readonly ask: (prompt: string) => Promise<string>;
}

/** The passphrase of a CA that is there. @throws GridvineError `E_PASSPHRASE`, `E_CA`; never with a part of it. */
export async function presentPassphrase(source: PassphraseSource, what: string): Promise<Uint8Array> {
  if (source.file !== undefined) return bytesOf(fromFile(source.file));
  return bytesOf(await source.ask(`Passphrase of ${what}: `));
}

/** A new passphrase: asked for twice, and not too short. */
export async function newPassphrase(source: PassphraseSource, what: string): Promise<Uint8Array> {
  const text = source.file === undefined ? await askTwice(source, what) : fromFile(source.file);
  const { length } = [...text];
  if (length < PASSPHRASE_CHARS_MIN)
    throw passphraseError(`passphrase: expected at least ${PASSPHRASE_CHARS_MIN} characters; got ${length}`);
  return bytesOf(text);
}

async function askTwice({ ask }: PassphraseSource, what: string): Promise<string> {
  const first = await ask(`New passphrase of ${what} (at least ${PASSPHRASE_CHARS_MIN} characters): `);
  const second = await ask('The same again: ');
  if (first !== second) throw passphraseError('passphrase: the two are not the same; nothing was changed');
  return first;
}

function fromFile(path: string): string {
  const bytes = readWhole(path, 'secret');
  if (bytes === undefined) throw passphraseError(`--passphrase-file ${path}: no such file`);
  const [line = ''] = new TextDecoder().decode(bytes).split(/\r?\n/, 1);
  if (line === '')
    throw passphraseError(
      `--passphrase-file ${path}: expected the passphrase on its first line; got nothing`,
    );
  if (line.length > PASSPHRASE_CHARS_MAX)
    throw passphraseError(`--passphrase-file ${path}: expected at most ${PASSPHRASE_CHARS_MAX} characters`);
  return line;
}

/** One form for what looks the same, whatever keyboard it was typed on. */
function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text.normalize('NFC'));
}
