import { Command, Option } from 'commander';
import { ApiClient } from '../api-client.ts';
import { durationArgument, jsonOption, socketOption } from '../arguments.ts';
import type { KeysJson, MemberKeysJson } from '../documents.ts';
import { CliError, type CliIo, EXIT } from '../io.ts';
import { makeKeyFile, readKey } from '../key-input.ts';
import { type AskedOfMembers, fateOf, isLive, type KeyProgress, waitForAll } from '../key-progress.ts';
import { painter, plain, printJson, printLines } from '../output.ts';
import { printTable } from '../table.ts';

const WAIT_MS_DEFAULT = 30_000;
const PREFIX_MIN = 4;

interface CommonOptions {
  readonly json?: true;
  readonly socket?: string;
}

interface OperationOptions extends CommonOptions {
  readonly wait: number;
  readonly force?: true;
}

/** `gridvine keys`: the keys that the cluster's datagrams are sealed with, changed while it runs. */
export function keysCommand(io: CliIo): Command {
  return new Command('keys')
    .addCommand(listCommand(io))
    .addCommand(installCommand(io))
    .addCommand(useCommand(io))
    .addCommand(removeCommand(io))
    .addHelpText(
      'after',
      '\nTo change the key of a running cluster:\n' +
        '  gridvine keys install --generate --out new.key   all members can read with it\n' +
        '  gridvine keys use FINGERPRINT                    all members write with it\n' +
        '  gridvine keys remove OLD_FINGERPRINT             nobody reads with the old one any more\n' +
        "Then put new.key into each board's key file. Whoever holds an old key and listens meanwhile learns the\n" +
        'new one: to shut out somebody who has the key, change the key files by hand.',
    );
}

function listCommand(io: CliIo): Command {
  return new Command('list')
    .description('which keys there are, who has them and who writes with them')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async ({ json, socket }: CommonOptions) => {
      const document = await new ApiClient({ io, socket }).call<KeysJson>('GET', '/v1/keys');
      if (json) printJson(io, document);
      else if (document.mode === 'certificates')
        printLines(io, [
          'a cluster of certificates makes its keys itself, every day and at each revocation; see: gridvine trust',
        ]);
      else printKeys(io, document);
    });
}

function installCommand(io: CliIo): Command {
  return operationOptions(new Command('install'))
    .description('let all members read with a further key')
    .argument('[file]', 'key file (0600), or - for stdin')
    .option('--generate', 'make a new key, into the file of --out')
    .option('--out <file>', 'new file for the generated key; readable by its owner only')
    .action(
      async (
        file: string | undefined,
        options: OperationOptions & { readonly generate?: true; readonly out?: string },
      ) => {
        const { generate, out } = options;
        if (
          generate === true
            ? file !== undefined || out === undefined
            : file === undefined || out !== undefined
        )
          throw new CliError(
            'expected FILE, or --generate --out FILE; see: gridvine keys install --help',
            EXIT.usage,
          );
        const client = new ApiClient({ io, socket: options.socket });
        // Before a key is made: that there is somebody to give it to.
        if (out !== undefined) await client.call('GET', '/v1/keys');
        const key = out === undefined ? await readKey(io, file ?? '-') : makeKeyFile(out);
        const done = await client.call<AskedOfMembers>('POST', '/v1/keys', { key });
        await report(io, client, done, options);
      },
    );
}

function useCommand(io: CliIo): Command {
  return operationOptions(new Command('use'))
    .description('let all members write with a key that all of them have')
    .argument('<fingerprint>', 'of the key, or its first digits; see: gridvine keys list')
    .option('--force', 'also where a live member lacks it: it hears the others only once it has caught up')
    .action((text: string, options: OperationOptions) => operate(io, 'use', text, options));
}

function removeCommand(io: CliIo): Command {
  return operationOptions(new Command('remove'))
    .description('let all members forget a key that nobody writes with')
    .argument('<fingerprint>', 'of the key, or its first digits; see: gridvine keys list')
    .option(
      '--force',
      'also where a live member still needs it: it is cut off until it is given the new key by hand',
    )
    .action((text: string, options: OperationOptions) => operate(io, 'remove', text, options));
}

function operationOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--wait <duration>', 'how long to wait until all live members have followed; 0s: not at all')
        .argParser(durationArgument)
        .default(WAIT_MS_DEFAULT, '30s'),
    )
    .addOption(jsonOption())
    .addOption(socketOption());
}

async function operate(
  io: CliIo,
  operation: 'use' | 'remove',
  text: string,
  options: OperationOptions,
): Promise<void> {
  const client = new ApiClient({ io, socket: options.socket });
  const fingerprint = findKey(await client.call<KeysJson>('GET', '/v1/keys'), text);
  const body = options.force === true ? { force: true } : {};
  const done = await client.call<AskedOfMembers>('POST', `/v1/keys/${fingerprint}/${operation}`, body);
  await report(io, client, done, options);
}

/** @throws CliError 1 where a live member has not followed in time. */
async function report(
  io: CliIo,
  client: ApiClient,
  { operation, fingerprint }: AskedOfMembers,
  { wait, json }: OperationOptions,
): Promise<void> {
  const asked = { operation, fingerprint };
  const { document, progress } = await waitForAll(client, asked, wait);
  if (json) {
    const idsAndNames = (members: readonly MemberKeysJson[]) => members.map(({ id, name }) => ({ id, name }));
    printJson(io, {
      schema: 'gridvine.keys-followed/1',
      ...asked,
      followed: idsAndNames(progress.followed),
      behind: idsAndNames(progress.behind),
      down: progress.down.map((member) => ({
        id: member.id,
        name: member.name,
        fate: fateOf(member, asked, document),
      })),
    });
  } else printProgress(io, asked, progress, document);
  const { behind } = progress;
  if (behind.length > 0)
    throw new CliError(
      `${namesOf(behind)}: not followed yet; look again with: gridvine keys list, and at their health: gridvine status`,
    );
}

const DONE = { install: 'installed on', use: 'written with by', remove: 'removed from' } as const;

function printProgress(
  io: CliIo,
  asked: AskedOfMembers,
  { followed, behind, down }: KeyProgress,
  document: KeysJson,
): void {
  const live = followed.length + behind.length;
  printLines(io, [
    `key ${asked.fingerprint}: ${DONE[asked.operation]} ${followed.length} of ${live} live members`,
    ...down.map((member) => `down: ${plain(member.name)} ${fateOf(member, asked, document)}`),
  ]);
}

function printKeys(io: CliIo, document: KeysJson): void {
  const { keys, members, waiting } = document;
  const paint = painter(io);
  const live = members.filter(isLive);
  const count = (ids: readonly string[]) => live.filter(({ id }) => ids.includes(id)).length;
  printTable(
    io,
    [
      { title: 'FINGERPRINT' },
      { title: 'STATE' },
      { title: 'READ BY', align: 'right' },
      { title: 'WRITTEN BY', align: 'right' },
      { title: 'NOT FOLLOWED', flexible: true, wrap: 'words' },
    ],
    keys.map((key) => {
      const behind = live.filter(({ id }) =>
        key.state === 'removed'
          ? key.have.includes(id)
          : key.lack.includes(id) || (document.use === key.fingerprint && !key.write.includes(id)),
      );
      return [
        key.fingerprint,
        key.state === 'removed' ? paint('dim', 'removed') : key.write.length > 0 ? 'in use' : 'installed',
        `${count(key.have)} of ${live.length}`,
        String(count(key.write)),
        behind.length === 0 ? '' : paint('yellow', namesOf(behind)),
      ];
    }),
  );
  const down = members.filter(({ state }) => state === 'down');
  printLines(io, [
    ...down.map(({ name, reads }) => `down: ${plain(name)}, last heard with ${reads.join(', ') || 'no key'}`),
    ...waiting.map(
      ({ fingerprint, reason }) => `not followed here: ${fingerprint} (${reason}); see: gridvine status`,
    ),
  ]);
}

/** The key that a person means by its first digits. @throws CliError where that is none, or more than one. */
function findKey({ keys }: KeysJson, text: string): string {
  const wanted = text.toLowerCase();
  if (!/^[0-9a-f]{1,16}$/.test(wanted))
    throw new CliError(
      `fingerprint: expected hex digits; got ${JSON.stringify(plain(text).slice(0, 40))}; see: gridvine keys list`,
      EXIT.usage,
    );
  const found = keys.filter(({ fingerprint }) => fingerprint.startsWith(wanted));
  const [only] = found;
  if (only === undefined) throw new CliError(`no key ${wanted}; see: gridvine keys list`);
  if (found.length > 1 || wanted.length < PREFIX_MIN)
    throw new CliError(
      `${wanted}: expected at least ${PREFIX_MIN} digits of one key; got those of ${found.map(({ fingerprint }) => fingerprint).join(', ')}`,
    );
  return only.fingerprint;
}

function namesOf(members: readonly MemberKeysJson[]): string {
  return members.map(({ name }) => plain(name)).join(', ');
}
