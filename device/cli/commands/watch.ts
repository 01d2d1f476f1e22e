import { Command, Option } from 'commander';
import { ApiClient } from '../api-client.ts';
import { socketOption } from '../arguments.ts';
import type { CliIo } from '../io.ts';
import { printForPeople, printJsonLine } from '../stream-text.ts';
import { StreamWatcher } from '../stream-watcher.ts';

interface WatchOptions {
  readonly json?: true;
  readonly socket?: string;
  readonly since?: string;
}

/** `gridvine watch`: changes as they arrive, until interrupted. It goes on where it was after the daemon restarts. */
export function watchCommand(io: CliIo): Command {
  return new Command('watch')
    .argument('[prefix]', 'only keys that start with this; absent: all records, and members')
    .option(
      '--since <cursor>',
      'go on behind the event with this cursor (see --json), or start: all records first. After a gap all records come again',
    )
    .addOption(new Option('--json', 'print one JSON object a line'))
    .addOption(socketOption())
    .action(async (prefix: string | undefined, { json, socket, since }: WatchOptions) => {
      const print = json ? printJsonLine(io) : printForPeople(io);
      const query = {
        ...(prefix === undefined ? {} : { prefix }),
        ...(since === undefined ? {} : { since }),
      };
      await new StreamWatcher(io, new ApiClient({ io, socket }), query).run(print);
    });
}
