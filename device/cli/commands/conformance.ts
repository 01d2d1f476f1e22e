import { Command } from 'commander';
import { parseAuthority } from '#runtime/core/endpoint.ts';
import type { ConfigFlags } from '../../config/flags.ts';
import { processPaths } from '../../config/paths.ts';
import type { Outcome } from '../../conformance/conformance.ts';
import { jsonOption } from '../arguments.ts';
import { addConfigOptions } from '../config-options.ts';
import { CliError, type CliIo, EXIT } from '../io.ts';
import { painter, plain, printJson, printLines } from '../output.ts';
import { printTable } from '../table.ts';

const SCHEMA = 'gridvine.conformance/1';
const COLOURS = { holds: 'dim', fails: 'red', 'not observable': 'yellow' } as const;

type Options = ConfigFlags & { readonly peer: string; readonly json?: true };

/** `gridvine conformance`: drives a live peer of any make through the specification, as a temporary member of its cluster. */
export function conformanceCommand(io: CliIo): Command {
  return addConfigOptions(new Command('conformance'))
    .requiredOption('--peer <address>', 'the peer to try, as ADDR:PORT')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nUses the cluster and key of the configuration, or of --cluster and --key-file. Exit code 1 when a requirement fails.',
    )
    .action((options: Options) => runIt(io, options));
}

async function runIt(io: CliIo, options: Options): Promise<void> {
  const target = parseAuthority(options.peer);
  if (target === undefined || target.port === 0) {
    throw new CliError(`--peer: expected ADDR:PORT; got ${JSON.stringify(options.peer)}`, EXIT.usage);
  }
  const { readConfigSources, resolveConfig } = await import('../../config/load-config.ts');
  const { readKeyFile } = await import('../../config/key-file.ts');
  const { createNodeProvider } = await import('#runtime/crypto/node-provider.ts');
  const { groupKeyOf } = await import('#runtime/crypto/keyring.ts');
  const { runConformance } = await import('../../conformance/conformance.ts');
  const { cluster, keyFile } = resolveConfig(await readConfigSources(options, processPaths(io.env))).values;
  const provider = createNodeProvider();
  const key = groupKeyOf(provider, readKeyFile(keyFile), cluster);
  const outcomes = await runConformance({ target, cluster, key, provider });
  if (outcomes === undefined) {
    throw new CliError(
      `${options.peer}: expected an answer to a join of cluster ${JSON.stringify(cluster)}; got none; check the address, --cluster and --key-file`,
      EXIT.unreachable,
    );
  }
  if (options.json) printJson(io, { schema: SCHEMA, peer: options.peer, cluster, outcomes });
  else printOutcomes(io, outcomes);
  if (outcomes.some(({ verdict }) => verdict === 'fails')) throw new CliError('', EXIT.failed);
}

function printOutcomes(io: CliIo, outcomes: readonly Outcome[]): void {
  const paint = painter(io);
  printTable(
    io,
    [
      { title: 'NUMBER' },
      { title: 'REQUIREMENT', flexible: true, wrap: 'words' },
      { title: 'VERDICT' },
      { title: 'SEEN' },
    ],
    outcomes.map(({ id, sentence, verdict, seen }) => [
      id,
      sentence,
      paint(COLOURS[verdict], verdict),
      plain(seen),
    ]),
  );
  const count = (verdict: Outcome['verdict']) => outcomes.filter((each) => each.verdict === verdict).length;
  printLines(io, [
    '',
    `${count('holds')} hold, ${count('fails')} fail, ${count('not observable')} not observable`,
  ]);
}
