import { openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { ReadStream, WriteStream } from 'node:tty';
import { passphraseError } from './ca-error.ts';

const INTERRUPT = '\u0003';
const END = '\u0004';
const RUBOUT: ReadonlySet<string> = new Set(['\u007f', '\b']);
const KILL = '\u0015';

/** A terminal, as far as asking needs one. */
export interface Terminal {
  readonly input: Readable & { setRawMode(on: boolean): unknown };
  readonly output: Writable;
}

/**
 * Asks on the controlling terminal, whatever stdin and stdout are, without echo.
 * @throws GridvineError `E_PASSPHRASE` where there is no terminal, or the person gave up (Ctrl-C).
 */
export async function askOnTerminal(prompt: string): Promise<string> {
  return askOn(controllingTerminal(), prompt);
}

/** The same on a given terminal, which is closed after. */
export async function askOn({ input, output }: Terminal, prompt: string): Promise<string> {
  try {
    // Before the prompt: whoever types at once on seeing it must not be echoed.
    input.setRawMode(true);
    output.write(prompt);
    return await readLine(input);
  } finally {
    input.setRawMode(false);
    output.write('\n');
    input.destroy();
    output.destroy();
  }
}

function controllingTerminal(): Terminal {
  try {
    return {
      input: new ReadStream(openSync('/dev/tty', 'r')),
      output: new WriteStream(openSync('/dev/tty', 'w')),
    };
  } catch {
    throw passphraseError(
      'passphrase: there is no terminal to ask on; give it in a file: --passphrase-file FILE (mode 0600)',
    );
  }
}

function readLine(input: Readable): Promise<string> {
  input.setEncoding('utf8');
  return new Promise((resolve, reject) => {
    let line: string[] = [];
    const giveUp = () => reject(passphraseError('passphrase: not given; nothing was changed'));
    input.on('data', (chunk: string | Buffer) => {
      for (const char of String(chunk)) {
        if (char === '\r' || char === '\n') return resolve(line.join(''));
        if (char === INTERRUPT || (char === END && line.length === 0)) return giveUp();
        if (RUBOUT.has(char)) line.pop();
        else if (char === KILL) line = [];
        else if (char >= ' ') line.push(char);
      }
      return undefined;
    });
    input.on('end', giveUp).on('error', giveUp);
  });
}
