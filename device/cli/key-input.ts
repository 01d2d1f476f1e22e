import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { parsePsk } from '#runtime/crypto/keyring.ts';
import { KEY_BYTES, readKeyFile } from '../config/key-file.ts';
import { CliError, type CliIo, EXIT } from './io.ts';

const INPUT_CHARS_MAX = 1_024;

/**
 * The key in a file that only its owner can read, or on stdin (`-`), as base64.
 * @throws GridvineError `E_KEY_FILE`, CliError; never with a part of the key in the message.
 */
export async function readKey(io: CliIo, file: string): Promise<string> {
  const psk = file === '-' ? parsePsk(await readInput(io)) : readKeyFile(file);
  if (psk === undefined)
    throw new CliError(`stdin: expected ${KEY_BYTES} bytes as base64; got something else`, EXIT.usage);
  return base64(psk);
}

/**
 * Makes a key and writes it to a new file that only its owner can read, on the medium when this returns.
 * @returns it as base64. @throws CliError where the file is there already, or can't be written.
 */
export function makeKeyFile(path: string): string {
  const key = base64(randomBytes(KEY_BYTES));
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const next = code === 'EEXIST' ? 'it is there already; name a new file' : `can't be made (${code})`;
    throw new CliError(`--out ${path}: ${next}`);
  }
  try {
    writeSync(file, `${key}\n`);
    fsyncSync(file);
  } catch (error) {
    throw new CliError(`--out ${path}: can't be written (${(error as NodeJS.ErrnoException).code})`);
  } finally {
    closeSync(file);
  }
  return key;
}

async function readInput({ stdin }: CliIo): Promise<string> {
  let text = '';
  for await (const chunk of stdin ?? []) {
    text += String(chunk);
    if (text.length > INPUT_CHARS_MAX) break;
  }
  return text;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
