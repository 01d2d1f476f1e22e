import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { SimulationOptions } from '#runtime/simulator/options.ts';
import { replayCommand } from '#runtime/simulator/replay.ts';
import type { SimulationResult } from '#runtime/simulator/simulate.ts';
import { buildInfo } from '../../build-info.ts';
import { CliError, EXIT } from '../io.ts';
import type { SimulationDocument } from './simulate-document.ts';
import type { SimulateFlags } from './simulate-flags.ts';

/**
 * Sees before a long run whether its report can be written.
 * @throws CliError that names the file and what is in the way.
 */
export function checkWritable(file: string): void {
  const folder = dirname(resolve(file));
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true)
    throw new CliError(`--html: expected a file to write; got the directory ${file}`, EXIT.usage);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new CliError(`--html ${file}: expected an existing directory; there is no ${folder}`, EXIT.usage);
  try {
    accessSync(stats === undefined ? folder : file, constants.W_OK);
  } catch {
    throw new CliError(
      `--html ${file}: may not be written; choose another place or change its permissions`,
      EXIT.usage,
    );
  }
}

/** Writes the report. @throws CliError where the disk refuses. */
export async function writeReport(
  file: string,
  report: {
    readonly options: SimulationOptions;
    readonly flags: SimulateFlags;
    readonly runs: readonly SimulationResult[];
    readonly document: SimulationDocument;
  },
): Promise<void> {
  const { simulationReport } = await import('../../simulation/report/simulation-report.ts');
  const { options, flags, runs, document } = report;
  const build = buildInfo();
  const html = simulationReport({
    options,
    fast: flags.fast === true,
    runs,
    results: document.results,
    wallMs: document.wallMs,
    program: `gridvine ${build.version} (${build.commit})`,
    command: replayCommand(options, { fast: flags.fast, seeds: runs.length }),
  });
  try {
    writeFileSync(file, html);
  } catch (error) {
    throw new CliError(`--html ${file}: could not be written: ${(error as Error).message}`, EXIT.failed);
  }
}
