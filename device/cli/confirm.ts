import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CliError, type CliIo, EXIT } from './io.ts';
import { plain } from './output.ts';

/**
 * Has a person type a word before something that can't be undone.
 * @throws CliError where there is no terminal to ask on (usage), or something else was typed: nothing was changed.
 */
export async function confirm(
  io: CliIo,
  about: { readonly question: string; readonly word: string },
): Promise<void> {
  const { question, word } = about;
  const prompt = `${question} Type ${plain(word)} to go on: `;
  const typed = await (io.askLine ?? askOnStdin)(prompt);
  if (typed === undefined)
    throw new CliError('there is no terminal to ask on; to go on without being asked: --yes', EXIT.usage);
  if (typed.trim() !== word)
    throw new CliError(
      `expected ${plain(word)}; got ${JSON.stringify(plain(typed.trim()))}. Nothing was changed`,
    );
}

async function askOnStdin(prompt: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    terminal.setPrompt(prompt);
    terminal.prompt();
    const [line] = await Promise.race([once(terminal, 'line'), once(terminal, 'close').then(() => [''])]);
    return String(line);
  } finally {
    terminal.close();
  }
}
