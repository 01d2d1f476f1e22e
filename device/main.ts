import { runCli } from './cli/run-cli.ts';

// A reader that goes away (`gridvine watch | head`) is no error; nothing more can be told to anybody.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

void runCli(process.argv.slice(2), process).then((code) => {
  process.exitCode = code;
});
