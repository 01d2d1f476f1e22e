import type { Command, CommanderError } from 'commander';
import { nearest } from '../config/nearest.ts';
import { plain } from './output.ts';

const GOT_CHARS_MAX = 60;

/** The help that says how the command of a command line is meant: `gridvine put --help`, or `gridvine help`. */
export function helpOf(program: Command, words: readonly string[]): string {
  let command = program;
  const path: string[] = [];
  for (const word of words) {
    const next = command.commands.find((child) => child.name() === word);
    if (next !== undefined) {
      command = next;
      path.push(word);
    } else if (!word.startsWith('-') || path.length > 0) break;
  }
  return path.length === 0 ? 'gridvine help' : `gridvine ${path.join(' ')} --help`;
}

/**
 * What commander says of a wrong command line, as one line in our words:
 * `--ttl: expected a duration such as 30s; got 30`.
 */
export function usageText(error: CommanderError): string {
  const text = error.message.replace(/^error: /, '');
  const option = /^option '[^']*?(--[\w-]+)[^']*' argument '([\s\S]*)' is invalid\. ([\s\S]*)$/.exec(text);
  if (option !== null) return reworded(option[1]!, option[2]!, option[3]!);
  const argument = /^command-argument value '([\s\S]*)' is invalid for argument '([^']*)'\. ([\s\S]*)$/.exec(
    text,
  );
  if (argument !== null) return reworded(argument[2]!, argument[1]!, argument[3]!);
  return plain(text.replaceAll('\n', ' ').replace(/\.$/, ''));
}

/** Names known to `help` that come near a word that isn't. */
export function unknownCommandText(word: string, known: readonly string[]): string {
  const suggestion = nearest(word, known);
  const hint = suggestion === undefined ? '' : ` (Did you mean ${suggestion}?)`;
  return `unknown command '${plain(word)}'${hint}`;
}

function reworded(name: string, got: string, reason: string): string {
  const expected = reason
    .replaceAll('\n', ' ')
    .replace(/^Allowed choices are /, 'expected one of ')
    .replace(/\.$/, '');
  const shown = got.length > GOT_CHARS_MAX ? `${got.slice(0, GOT_CHARS_MAX)}...` : got;
  return plain(
    expected.includes('; got ') ? `${name}: ${expected}` : `${name}: ${expected}; got ${shown || 'nothing'}`,
  );
}
