import { dirname } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { NODES_DEFAULT, NODES_MAX, NODES_MIN } from '../../demo/limits.ts';
import { durationArgument } from '../arguments.ts';
import { CliError, type CliIo, EXIT } from '../io.ts';

interface DemoFlags {
  readonly nodes: number;
  readonly duration?: number;
  readonly once?: true;
  readonly json?: true;
}

/** `gridvine demo`: a small micro-grid on this machine, live on the terminal. */
export function demoCommand(io: CliIo): Command {
  return new Command('demo')
    .usage('[options]')
    .option('--nodes <count>', `daemons to start, ${NODES_MIN} to ${NODES_MAX}`, nodesArgument, NODES_DEFAULT)
    .option('--duration <time>', 'end after this time, such as 30s (default: until Ctrl-C)', durationArgument)
    .option('--once', 'end as soon as all see each other and have readings, and show one picture')
    .option('--json', 'print one JSON document at the end, and no pictures; without --duration, as --once')
    .addCommand(memberCommand(io), { hidden: true })
    .helpCommand(false)
    .action(async ({ nodes, duration, once, json }: DemoFlags) => {
      const { runDemo } = await import('../../demo/demo.ts');
      const converged = await runDemo(
        {
          nodes,
          once: once === true || (json === true && duration === undefined),
          json: json === true,
          ...(duration === undefined ? {} : { durationMs: duration }),
        },
        io,
      );
      if (!converged) throw new CliError('', EXIT.failed);
    });
}

/** One daemon of the demo: `gridvine run`, but it leaves when its standard input ends, that is when the demo is gone. */
function memberCommand(io: CliIo): Command {
  return new Command('member')
    .description('used by the demo itself')
    .requiredOption('--config <path>')
    .action(async ({ config }: { readonly config: string }) => {
      const [{ runCommand }, { removeOrphaned }] = await Promise.all([
        import('./run.ts'),
        import('../../demo/workspace.ts'),
      ]);
      const cleanUp = () => removeOrphaned(dirname(config));
      let orphaned = false;
      const leave = () => {
        orphaned = true;
        // While it is still starting nobody has begun to listen to signals.
        if (process.listenerCount('SIGTERM') === 0) process.once('SIGTERM', () => process.exit(EXIT.failed));
        process.once('exit', cleanUp);
        process.kill(process.pid, 'SIGTERM');
      };
      process.stdin.on('error', leave).on('end', leave).resume();
      try {
        await runCommand(io).exitOverride().parseAsync(['--config', config], { from: 'user' });
      } finally {
        process.stdin.destroy();
        if (orphaned) cleanUp();
      }
    });
}

function nodesArgument(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= NODES_MIN && count <= NODES_MAX)) {
    throw new InvalidArgumentError(`expected a whole number from ${NODES_MIN} to ${NODES_MAX}.`);
  }
  return count;
}
