import { Command, CommanderError } from 'commander';
import { GridvineError } from '#runtime/core/errors.ts';
import { COMMANDS, type CommandEntry } from './command-table.ts';
import { CliError, type CliIo, EXIT } from './io.ts';
import { helpOf, unknownCommandText, usageText } from './usage-error.ts';

const CONFIG_CODES: ReadonlySet<string> = new Set(['E_CONFIG', 'E_KEY_FILE', 'E_CERTIFICATE']);

/**
 * Runs one command line, without the program's own name. Never rejects for what a user can cause.
 * @returns the exit code.
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const words = rewrite(argv);
  let help = 'gridvine help';
  try {
    checkHelpTopic(words);
    const program = await buildProgram(words, io);
    help = helpOf(program, words);
    await program.parseAsync(words, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    const { message, exitCode } = explain(error, help);
    if (message !== '') io.stderr.write(`gridvine: ${message.replaceAll('\n', '\ngridvine: ')}\n`);
    return exitCode;
  }
}

/** The program with all commands in its help, of which those that this command line needs are complete. */
export async function buildProgram(argv: readonly string[], io: CliIo): Promise<Command> {
  const program = new Command('gridvine')
    .description('Gossip runtime for the boards of a solar micro-grid.')
    .usage('<command> [options]')
    .helpOption('-h, --help', 'show help; also: gridvine <command> --help')
    .helpCommand('help [command]', 'show the help of a command')
    .version('', '-V, --version', 'same as: gridvine version')
    .showHelpAfterError(false);
  for (const entry of COMMANDS) {
    program.addCommand(await commandOf(entry, argv, io), { hidden: entry.hidden === true });
  }
  settle(program, io);
  return program;
}

async function commandOf(entry: CommandEntry, argv: readonly string[], io: CliIo): Promise<Command> {
  if (argv.includes(entry.name)) return (await entry.load())(io).description(entry.summary);
  const shell = new Command(entry.name).description(entry.summary);
  if (entry.usage !== undefined) shell.arguments(entry.usage);
  return shell.usage(entry.usage ?? '').allowUnknownOption();
}

/** The same output and way of ending for all commands and sub-commands. */
function settle(command: Command, io: CliIo): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void io.stdout.write(text),
    writeErr: (text) => void io.stderr.write(text),
    // Told by `explain`, with the next step added.
    outputError: () => undefined,
    getOutHelpWidth: () => Math.min(io.stdout.columns ?? 80, 100),
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  for (const child of command.commands) settle(child, io);
}

/** `--version` becomes the command of that name, so that there is one answer to the question. */
function rewrite(argv: readonly string[]): string[] {
  return argv[0] === '--version' || argv[0] === '-V' ? ['version', ...argv.slice(1)] : [...argv];
}

/** commander shows the general help for a topic that isn't there, as if nothing were wrong. */
function checkHelpTopic([first, topic]: readonly string[]): void {
  if (first !== 'help' || topic === undefined || topic.startsWith('-')) return;
  const names = [...COMMANDS.map(({ name }) => name), 'help'];
  if (!names.includes(topic))
    throw new CliError(`${unknownCommandText(topic, names)}; see: gridvine help`, EXIT.usage);
}

function explain(error: unknown, help: string): { message: string; exitCode: number } {
  if (error instanceof CommanderError) return explainUsage(error, help);
  if (error instanceof CliError) return error;
  if (error instanceof GridvineError) {
    return { message: error.message, exitCode: CONFIG_CODES.has(error.code) ? EXIT.config : EXIT.failed };
  }
  // Our own bug: all there is to know about it.
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { message: `internal error: ${stack}`, exitCode: EXIT.failed };
}

function explainUsage(error: CommanderError, help: string): { message: string; exitCode: number } {
  if (error.exitCode === 0) return { message: '', exitCode: EXIT.done };
  // commander shows the help of a group that got no sub-command, and calls it an error.
  if (error.code === 'commander.help') return { message: '', exitCode: EXIT.usage };
  return { message: `${usageText(error)}; see: ${help}`, exitCode: EXIT.usage };
}
