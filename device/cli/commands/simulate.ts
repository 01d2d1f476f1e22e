import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import type { SimulationOptions } from '#runtime/simulator/options.ts';
import { replayCommand } from '#runtime/simulator/replay.ts';
import { SCENARIOS } from '#runtime/simulator/scenarios/registry.ts';
import type { SimulationResult } from '#runtime/simulator/simulate.ts';
import { playSeeds, SeedError } from '../../simulation/play-seeds.ts';
import { findWorkerProgram } from '../../simulation/worker-program.ts';
import type { CommandFactory } from '../command-table.ts';
import { CliError, type CliIo, EXIT } from '../io.ts';
import { printJson, printLines } from '../output.ts';
import { documentOf } from './simulate-document.ts';
import {
  bandwidthArgument,
  delayArgument,
  distributionArgument,
  mediumArgument,
  nodesArgument,
  rateArgument,
  type SimulateFlags,
  scenarioArgument,
  seedArgument,
  setArgument,
  shareArgument,
  simulationOptions,
  spanArgument,
  wholeFrom,
} from './simulate-flags.ts';
import { checkWritable, writeReport } from './simulate-report.ts';
import { resultLines } from './simulate-table.ts';

const EXAMPLES = `
Examples:
  gridvine simulate --scenario crash --nodes 100 --seeds 5 --loss 10%
  gridvine simulate --scenario update --set preset=radio --html report.html

Equal flags give equal runs. A broken invariant ends it with 1 and the command that shows it again.`;
const VIOLATIONS_SHOWN = 10;
const SEEDS_MAX = 10_000;
const JOBS_MAX = 1_024;

/** `gridvine simulate`: the daemon's own engine, many times over, in a simulated network on virtual time. */
export const simulateCommand: CommandFactory = (io) => {
  const flag = <T>(text: string, help: string, parse: (text: string) => T, usual?: T, shown?: string) => {
    const option = new Option(text, help).argParser(parse);
    return usual === undefined ? option : option.default(usual, shown);
  };
  return new Command('simulate')
    .addOption(flag('--scenario <name>', 'what happens; see below', scenarioArgument, 'join'))
    .addOption(flag('--nodes <count>', 'how many nodes', nodesArgument, 10))
    .addOption(flag('--seed <number>', 'where all randomness comes from', seedArgument, 1))
    .addOption(
      flag('--seeds <count>', 'so many runs, with seeds from --seed on: medians', wholeFrom(1, SEEDS_MAX), 1),
    )
    .addOption(
      flag('--medium <medium>', 'unicast, or one shared multicast segment', mediumArgument, 'unicast'),
    )
    .addOption(flag('--segments <count>', 'multicast segments, joined in turn', wholeFrom(1, 256), 1))
    .addOption(flag('--delay <duration>', 'one-way delay of links', delayArgument, 2, '2ms'))
    .addOption(flag('--jitter <duration>', 'spread of the delay', delayArgument, 1, '1ms'))
    .addOption(
      flag(
        '--distribution <shape>',
        'of the delay: uniform, normal, pareto',
        distributionArgument,
        'uniform',
      ),
    )
    .addOption(flag('--loss <share>', 'datagrams lost, each way: 10% or 0.1', shareArgument, 0))
    .addOption(flag('--duplicate <share>', 'datagrams that arrive twice', shareArgument, 0))
    .addOption(flag('--reorder <share>', 'datagrams that later ones overtake', shareArgument, 0))
    .addOption(flag('--corrupt <share>', 'datagrams with one bit flipped', shareArgument, 0))
    .addOption(flag('--asymmetric <share>', 'pairs that lose everything one way', shareArgument, 0))
    .addOption(
      flag('--bandwidth <rate>', 'what each node can send, such as 64kB/s (default: all)', bandwidthArgument),
    )
    .addOption(
      flag(
        '--clock-steps <number>',
        'jumps of clocks a minute in the cluster',
        rateArgument({ zero: true }),
        0,
      ),
    )
    .addOption(
      flag('--clock-drift <share>', 'clocks fast or slow by up to so much, such as 5%', shareArgument, 0),
    )
    .addOption(
      flag('--table-writes <duration>', 'nodes keep what others said: written so often', spanArgument),
    )
    .addOption(flag('--duration <duration>', 'of the main part (default: by scenario)', spanArgument))
    .addOption(flag('--rate <number>', 'updates a second in the cluster', rateArgument({ zero: false })))
    .addOption(flag('--crashes <count>', 'nodes that crash', wholeFrom(1, 4095)))
    .addOption(new Option('--certificates', 'a cluster of certificates instead of a pre-shared key'))
    .addOption(new Option('--cold', 'more than 300 nodes play their joins too, before the scenario'))
    .addOption(new Option('--together', 'all crashes at the same moment'))
    .addOption(new Option('--hosts-stay-up', 'crashes end the process, not the power'))
    .addOption(flag('--readings <number>', 'readings a second on each node', rateArgument({ zero: true })))
    .addOption(new Option('--fast', 'sealing modelled: same sizes, less time'))
    .addOption(
      new Option('--set <path=value>', 'an engine setting or preset, such as settings.probeIntervalMs=500')
        .argParser(setArgument)
        .default([], 'none'),
    )
    .addOption(
      flag('--jobs <count>', 'seeds played at the same time (default: one a core)', wholeFrom(1, JOBS_MAX)),
    )
    .addOption(new Option('--html <file>', 'write a report with plots: one file that needs nothing else'))
    .addOption(new Option('--json', 'print one JSON document'))
    .addHelpText('after', `\nScenarios:\n${scenarioHelp()}\n${EXAMPLES}`)
    .action((flags: SimulateFlags) => runSimulate(flags, io));
};

async function runSimulate(flags: SimulateFlags, io: CliIo): Promise<void> {
  const options = simulationOptions(flags);
  if (flags.html !== undefined) checkWritable(flags.html);
  const startMs = performance.now();
  const runs = await play(options, flags, io);
  const wallMs = Math.round(performance.now() - startMs);
  const document = documentOf(options, runs, wallMs);
  if (flags.html !== undefined) await writeReport(flags.html, { options, flags, runs, document });
  if (flags.json === true) printJson(io, document);
  else printLines(io, resultLines(document));
  reportViolations(io, { options, runs, fast: flags.fast === true });
}

/** All seeds, on as many threads as there may be. @throws CliError that names the seed that failed. */
async function play(
  options: SimulationOptions,
  flags: SimulateFlags,
  io: CliIo,
): Promise<SimulationResult[]> {
  const fast = flags.fast === true;
  const tasks = Array.from({ length: flags.seeds }, (_, i) => ({
    options: { ...options, seed: options.seed + i },
    extras: { series: flags.html !== undefined },
    fast,
  }));
  const jobs = flags.jobs ?? availableParallelism();
  const program = findWorkerProgram();
  if (program === undefined && tasks.length > 1 && jobs > 1)
    io.stderr.write('gridvine: no worker threads here: one seed after the other\n');
  try {
    return await playSeeds(tasks, { jobs, program });
  } catch (error) {
    if (!(error instanceof SeedError)) throw error;
    const { stack, message } = error.cause as Error;
    io.stderr.write(`${stack ?? message}\n`);
    const replay = replayCommand(error.task.options, { fast });
    throw new CliError(
      `seed ${error.task.options.seed}: the run did not end: ${message}; replay: ${replay}`,
      EXIT.failed,
    );
  }
}

/** A broken invariant is a failure, told with the command that shows it again. @throws CliError where there is one. */
function reportViolations(
  io: CliIo,
  {
    options,
    runs,
    fast,
  }: {
    readonly options: SimulationOptions;
    readonly runs: readonly SimulationResult[];
    readonly fast: boolean;
  },
): void {
  const broken = runs.filter((run) => run.violationCount > 0);
  if (broken.length === 0) return;
  for (const run of broken) {
    for (const { checker, atMs, text } of run.violations.slice(0, VIOLATIONS_SHOWN))
      io.stderr.write(`seed ${run.seed}, ${(atMs / 1000).toFixed(3)} s: ${checker}: ${text}\n`);
    const more = run.violationCount - VIOLATIONS_SHOWN;
    if (more > 0) io.stderr.write(`seed ${run.seed}: and ${more} more\n`);
    io.stderr.write(`replay: ${replayCommand({ ...options, seed: run.seed }, { fast })}\n`);
  }
  throw new CliError(
    `${broken.length} of ${runs.length} runs broke an invariant; replay one to look into it`,
    EXIT.failed,
  );
}

function scenarioHelp(): string {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  return SCENARIOS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n');
}
