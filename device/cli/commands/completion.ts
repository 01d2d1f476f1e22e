import { Argument, Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion-script.ts';
import type { CliIo } from '../io.ts';

/** `gridvine completion`: a script for the user's shell. */
export function completionCommand(io: CliIo): Command {
  return new Command('completion')
    .addArgument(new Argument('<shell>').choices([...SHELLS]))
    .addHelpText(
      'after',
      '\nExamples:\n  bash:  source <(gridvine completion bash)\n' +
        '  zsh:   gridvine completion zsh > ~/.zfunc/_gridvine\n' +
        '  fish:  gridvine completion fish > ~/.config/fish/completions/gridvine.fish',
    )
    .action(async (shell: Shell) => {
      const { COMMANDS } = await import('../command-table.ts');
      const visible = COMMANDS.filter((entry) => entry.hidden !== true);
      const commands = await Promise.all(
        visible.map(async (entry) => (await entry.load())(io).description(entry.summary)),
      );
      io.stdout.write(completionScript(shell, commands));
    });
}
