import { readFile } from 'node:fs/promises';
import { parseJson } from '../api/parse-json.ts';
import { CliError, type CliIo, EXIT } from './io.ts';

/** The daemon takes no longer body. */
const INPUT_CHARS_MAX = 65_536;

/** What stands in a file of records, as far as this program looks: the daemon checks the rest. */
export interface BatchLine {
  readonly key: string;
  readonly value: unknown;
}

/** Records from a file, or from stdin (`-`): a JSON list of objects with `key` and `value`. @throws CliError that names the place. */
export async function readBatch(io: CliIo, file: string): Promise<BatchLine[]> {
  const name = file === '-' ? 'stdin' : file;
  const refuse = (problem: string) => new CliError(`--batch ${name}: ${problem}`, EXIT.usage);
  const text = file === '-' ? await readInput(io) : await readWhole(file, refuse);
  if (text.length > INPUT_CHARS_MAX) throw refuse(`expected at most ${INPUT_CHARS_MAX} characters; got more`);
  let list: unknown;
  try {
    list = parseJson(text);
  } catch (error) {
    throw refuse(`expected JSON (${(error as Error).message})`);
  }
  if (!Array.isArray(list)) throw refuse('expected a list such as [{"key": "mode", "value": "manual"}]');
  for (const [i, entry] of (list as unknown[]).entries()) {
    if (typeof entry !== 'object' || entry === null || !('key' in entry && 'value' in entry))
      throw refuse(
        `[${i}]: expected an object with key and value; got ${JSON.stringify(entry)?.slice(0, 60)}`,
      );
  }
  return list as BatchLine[];
}

async function readWhole(file: string, refuse: (problem: string) => CliError): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw refuse(`it can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

async function readInput({ stdin }: CliIo): Promise<string> {
  let text = '';
  for await (const chunk of stdin ?? []) {
    text += String(chunk);
    if (text.length > INPUT_CHARS_MAX) break;
  }
  return text;
}
