import { Command } from 'commander';
import { formatPath } from '../../config/config-path.ts';
import type { ConfigFlags } from '../../config/flags.ts';
import type { LoadedConfig } from '../../config/load-config.ts';
import { processPaths } from '../../config/paths.ts';
import type { LoadedBoard } from '../../daemon/load.ts';
import { jsonOption } from '../arguments.ts';
import { addConfigOptions } from '../config-options.ts';
import { CliError, type CliIo, EXIT } from '../io.ts';
import { printJson, printLines } from '../output.ts';
import { printTable } from '../table.ts';

const SCHEMA = 'gridvine.config-check/1';

type Options = ConfigFlags & { readonly json?: true; readonly origin?: true };

/** `gridvine config`: what is in force, and whether it is right. Works without a daemon. */
export function configCommand(io: CliIo): Command {
  const check = addConfigOptions(new Command('check'))
    .description('check the configuration and the key or certificate files as `run` would')
    .addOption(jsonOption())
    .action((options: Options) => runCheck(io, options));
  const show = addConfigOptions(new Command('show'))
    .description('the values in force, secrets left out')
    .option('--origin', 'with who set each of them')
    .addOption(jsonOption())
    .action((options: Options) => runShow(io, options));
  return new Command('config').addCommand(check).addCommand(show);
}

async function runCheck(io: CliIo, options: Options): Promise<void> {
  const { loadBoard } = await import('../../daemon/load.ts');
  const { readNodeSecrets } = await import('../../config/node-secrets.ts');
  const { ConfigError, formatProblem } = await import('../../config/problem.ts');
  const { config } = await loadBoard(options, processPaths(io.env)).catch((error) => {
    if (!options.json || !(error instanceof ConfigError)) throw error;
    printJson(io, { schema: SCHEMA, ok: false, problems: error.problems.map(formatProblem) });
    throw new CliError('', EXIT.config);
  });
  await readNodeSecrets(config.values);
  for (const warning of config.warnings) io.stderr.write(`gridvine: warning: ${warning}\n`);
  const file = config.file ?? null;
  if (options.json) printJson(io, { schema: SCHEMA, ok: true, file, warnings: config.warnings });
  else printLines(io, [`the configuration is right (${file ?? 'no file'})`]);
}

async function runShow(io: CliIo, options: Options): Promise<void> {
  const { loadBoard } = await import('../../daemon/load.ts');
  const { effectiveValues, effectiveTree } = await import('../../config/effective.ts');
  const loaded = await loadBoard(options, processPaths(io.env));
  const config = await withKeptFleet(io, loaded);
  const values = effectiveValues(config);
  if (options.json) {
    const origins = Object.fromEntries(values.map(({ path, origin }) => [formatPath(path), origin]));
    printJson(io, {
      schema: 'gridvine.config/1',
      file: config.file ?? null,
      config: effectiveTree(config),
      origins,
    });
  } else if (options.origin) {
    printTable(
      io,
      [{ title: 'KEY' }, { title: 'VALUE', flexible: true, wrap: 'anywhere' }, { title: 'ORIGIN' }],
      values.map(({ path, value, origin }) => [formatPath(path), JSON.stringify(value), origin]),
    );
  } else {
    const { stringify } = await import('yaml');
    io.stdout.write(stringify(effectiveTree(config)));
  }
}

/** With the settings for all boards that the daemon keeps, as far as this user may look into its directory. */
async function withKeptFleet(io: CliIo, { config, withFleet }: LoadedBoard): Promise<LoadedConfig> {
  const { FleetFile } = await import('../../fleet/fleet-file.ts');
  const { ConfigError } = await import('../../config/problem.ts');
  const { originOf } = await import('../../fleet/follower.ts');
  const { nodeFiles } = await import('#runtime/storage/node-files.ts');
  const { dataDir, fleet } = config.values;
  if (!fleet.accept) return config;
  const file = new FleetFile({ files: nodeFiles, directory: dataDir });
  try {
    const running = (await file.peek())?.running;
    return running === undefined ? config : withFleet(running.config, originOf(running));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isRefused = error instanceof ConfigError;
    const hint = isRefused
      ? '; the daemon refuses them too: gridvine fleet status'
      : `: ${file.path}; run it as the daemon's user or as root`;
    io.stderr.write(`gridvine: warning: without the fleet's settings: ${reason}${hint}\n`);
    return config;
  }
}
