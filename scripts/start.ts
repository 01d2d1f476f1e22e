/**
 * `npm start -- [options of gridvine demo]`: bundles the program and runs its demo as the single binary would run it, with the
 * same flags. From a bundle a daemon needs half the memory that it needs from the sources.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { scriptProgram } from '#device/demo/program.ts';
import { bundleForHere } from './release/bundle-here.ts';
import { EXEC_ARGV } from './release/sea.ts';

/** What ends a demo. The terminal sends it to the demo as well; the demo takes what comes twice at once for one. */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function main(): Promise<void> {
  const { file, args, env } = scriptProgram({ script: await bundleForHere(), flags: EXEC_ARGV });
  const demo = spawn(file, [...args, 'demo', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...env, ...process.env },
  });
  // Whoever waits for this process waits for the demo, which ends in its own time.
  for (const signal of PASSED_ON) process.on(signal, () => demo.kill(signal));
  process.exitCode = await new Promise((resolve, reject) => {
    demo.once('error', reject);
    demo.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
