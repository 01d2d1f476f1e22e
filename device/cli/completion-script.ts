import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** One place on the command line: the words before it, and the words that may come next. */
interface Place {
  readonly after: readonly string[];
  readonly words: readonly { readonly word: string; readonly text: string }[];
}

/** A completion script made from the commands themselves: sub-commands and long options. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const first = {
    after: [],
    words: [...commands.map(wordOf), { word: 'help', text: 'show the help of a command' }],
  };
  return WRITERS[shell]([first, ...commands.flatMap((command) => placesOf(command, []))]);
}

const WRITERS: Readonly<Record<Shell, (places: readonly Place[]) => string>> = {
  bash: (places) => `# bash completion for gridvine
_gridvine() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; *) path="$path $word" ;; esac
  done
  local words=""
  case "$path" in
${places.map(bashCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [ "\${#COMPREPLY[@]}" -gt 0 ] || COMPREPLY=($(compgen -f -- "$cur"))
}
complete -o filenames -F _gridvine gridvine
`,
  zsh: (places) => `#compdef gridvine
_gridvine() {
  local path="" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$word" in -*) break ;; *) path="$path $word" ;; esac
  done
  local -a found
  case "$path" in
${places.map(zshCase).join('\n')}
  esac
  _describe 'gridvine' found || _files
}
compdef _gridvine gridvine
`,
  fish: (places) => `# fish completion for gridvine
${places.flatMap(fishLines).join('\n')}
`,
};

/** Arguments may follow a command's words, so longer paths count as the command's too. The top level has no arguments. */
function patternOf({ after }: Place): string {
  return after.length === 0 ? '""' : `" ${after.join(' ')}"*`;
}

function bashCase(place: Place): string {
  return `    ${patternOf(place)}) words="${place.words.map(({ word }) => word).join(' ')}" ;;`;
}

function zshCase(place: Place): string {
  const words = place.words.map(({ word, text }) => quoted(`${word.replaceAll(':', '\\:')}:${text}`));
  return `    ${patternOf(place)}) found=(${words.join(' ')}) ;;`;
}

function fishLines({ after, words }: Place): string[] {
  const condition =
    after.length === 0
      ? '__fish_use_subcommand'
      : after.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
  return words.map(({ word, text }) => {
    const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`;
    return `complete -c gridvine -n ${quoted(condition)} ${what} -d ${quoted(text)}`;
  });
}

/** The deepest places first: the first pattern that fits wins. */
function placesOf(command: Command, parents: readonly string[]): Place[] {
  const after = [...parents, command.name()];
  const options = command.options
    .filter((option) => option.long !== undefined && !option.hidden)
    .map((option) => ({ word: option.long as string, text: option.description }));
  const choices = command.registeredArguments
    .slice(0, 1)
    .flatMap((argument) => argument.argChoices ?? [])
    .map((word) => ({ word, text: '' }));
  const words = [
    ...command.commands.map(wordOf),
    ...choices,
    ...options,
    { word: '--help', text: 'show help' },
  ];
  return [...command.commands.flatMap((child) => placesOf(child, after)), { after, words }];
}

function wordOf(command: Command): { word: string; text: string } {
  return { word: command.name(), text: command.description() };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
