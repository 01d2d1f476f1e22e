import { Command, InvalidArgumentError, Option } from 'commander';
import { parseValidity } from '../../ca/validity.ts';
import { jsonOption, socketOption } from '../arguments.ts';
import type { CliIo } from '../io.ts';

/** Flags that all sub-commands have. */
export interface CaFlags {
  readonly dir?: string;
  readonly passphraseFile?: string;
  readonly json?: true;
}

export interface InitFlags extends CaFlags {
  readonly cluster: string;
  readonly valid: number;
}

export interface IssueFlags extends CaFlags {
  readonly group: readonly string[];
  readonly valid: number;
  readonly registrar?: true;
  readonly mayIssue: readonly string[];
  readonly longest: number;
  readonly out?: string;
  readonly again?: true;
}

export interface RevokeFlags extends CaFlags {
  readonly reason: string;
  readonly out?: string;
}

export interface PolicyFlags extends CaFlags {
  readonly write: readonly string[];
  readonly right: readonly string[];
  readonly drop: readonly string[];
}

export interface RosterFlags extends CaFlags {
  readonly settled?: true;
  readonly instead?: true;
}

export interface RotateFlags extends CaFlags {
  readonly valid: number;
}

/** `gridvine ca`: an offline CA in a directory. Its work is loaded when it is asked for. */
export function caCommand(io: CliIo): Command {
  const load = () => import('../ca-commands.ts');
  const init = caOptions(new Command('init'))
    .description('make a CA: a root key, encrypted by a passphrase, in a directory of its own')
    .requiredOption('--cluster <name>', 'the cluster that it certifies for')
    .addOption(validityOption('--valid <time>', 'how long its root counts', '20y'))
    .action(async (flags: InitFlags) => (await load()).runInit(io, flags));
  const issue = caOptions(new Command('issue'))
    .description('certify a board: from its request, or whole, as a bundle to provision it with')
    .argument('<name|request>', "a board's name, or the file of: gridvine identity request")
    .addOption(listOption('--group <name>', 'a group it belongs to; may be repeated'))
    .addOption(validityOption('--valid <time>', 'how long', '2y'))
    .option('--registrar', 'let it certify others in turn (it renews certificates while the CA is offline)')
    .addOption(listOption('--may-issue <group>', 'registrar: a group that it may give; may be repeated'))
    .addOption(validityOption('--longest <time>', 'registrar: the longest validity it may give', '90d'))
    .option('--out <file>', 'where to (default: NAME.cert, or NAME.bundle with the secret key in it)')
    .option('--again', 'although another board of this name has a valid certificate')
    .action(async (what: string, flags: IssueFlags) => (await load()).runIssue(io, what, flags));
  const revoke = caOptions(new Command('revoke'))
    .description('put a board out for good (by name or id), or one certificate (by serial)')
    .argument('<name|id|serial>', 'as in: gridvine ca show')
    .option('--reason <text>', 'why, for people', '')
    .option('--out <file>', 'write the statement there (default: stdout)')
    .action(async (what: string, flags: RevokeFlags) => (await load()).runRevoke(io, what, flags));
  const policy = caOptions(new Command('policy'))
    .description('which groups may write which keys, vote, command, mint; without options: show it')
    .addOption(
      listOption('--write <prefix=groups>', "'setpoint/=controller,operator', 'pv/=*', 'old/=nobody'"),
    )
    .addOption(listOption('--right <right=groups>', "'vote=controller'; command, mint or vote"))
    .addOption(listOption('--drop <prefix>', 'a prefix that gets no rule of its own any more'))
    .addOption(jsonOption())
    .action(async (flags: PolicyFlags) => (await load()).runPolicy(io, flags));
  const roster = caOptions(new Command('roster'))
    .description('who votes on leases (up to 7 boards, by name or id); without names: show it')
    .argument('[name|id...]', 'boards with a certificate whose groups may vote; always all of them')
    .option('--settled', 'the roster before has settled on its voters: see gridvine lease list')
    .option('--instead', 'in the place of the roster before, which was brought to no board')
    .addOption(jsonOption())
    .action(async (voters: string[], flags: RosterFlags) => (await load()).runRoster(io, voters, flags));
  const rotate = caOptions(new Command('rotate'))
    .description('make the next root, endorsed by the present one; both count until the next rotation')
    .addOption(validityOption('--valid <time>', 'how long it counts', '20y'))
    .action(async (flags: RotateFlags) => (await load()).runRotate(io, flags));
  const show = new Command('show')
    .description('what the CA has issued and revoked, and what ends soon; or what is in a file')
    .argument('[file]', 'a certificate, request, bundle or root.cert')
    .addOption(dirOption())
    .addOption(jsonOption())
    .action(async (file: string | undefined, flags: CaFlags) => (await load()).runShow(io, file, flags));
  const publish = new Command('publish')
    .description(
      'bring what the CA signed (a revocation, a policy, a roster, a next root) to the cluster of the daemon here',
    )
    .argument('<file>', 'of: gridvine ca revoke --out, or fleet.statements; - for stdin')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async (file: string, flags: { readonly json?: true; readonly socket?: string }) => {
      const { runPublish } = await import('../ca-publish.ts');
      await runPublish(io, file, flags);
    });
  const command = new Command('ca');
  for (const one of [init, issue, revoke, policy, roster, rotate, show, publish]) command.addCommand(one);
  return command;
}

function caOptions(command: Command): Command {
  return command
    .addOption(dirOption())
    .option('--passphrase-file <file>', 'read the passphrase there (mode 0600) instead of asking for it');
}

function dirOption(): Option {
  return new Option('--dir <dir>', "the CA's directory (default: $GRIDVINE_CA_DIR, or ./gridvine-ca)");
}

/** An option that may be repeated. */
function listOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(collect).default([], 'none');
}

function validityOption(flags: string, description: string, byDefault: string): Option {
  return new Option(flags, description)
    .argParser(validityArgument)
    .default(parseValidity(byDefault), byDefault);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function validityArgument(text: string): number {
  const seconds = parseValidity(text);
  if (seconds === undefined)
    throw new InvalidArgumentError('expected a time such as 12h, 90d, 8w or 2y, up to 50y.');
  return seconds;
}
