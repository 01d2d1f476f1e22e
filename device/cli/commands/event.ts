import { Command, Option } from 'commander';
import { formatDuration } from '#runtime/core/durations.ts';
import { EVENT_WINDOW_MS_DEFAULT } from '#runtime/core/event-views.ts';
import { ApiClient } from '../api-client.ts';
import { durationArgument, jsonOption, sendable, socketOption, valueArgument } from '../arguments.ts';
import type { CliIo } from '../io.ts';
import { printJson } from '../output.ts';
import { printForPeople, printJsonLine } from '../stream-text.ts';
import { StreamWatcher } from '../stream-watcher.ts';

interface SendOptions {
  readonly window: number;
  readonly urgent?: true;
  readonly json?: true;
  readonly socket?: string;
}

/** `gridvine event`: tells something to all members once, and follows what is told. */
export function eventCommand(io: CliIo): Command {
  return new Command('event').addCommand(sendCommand(io)).addCommand(watchCommand(io));
}

function sendCommand(io: CliIo): Command {
  return new Command('send')
    .description('send an event to all members')
    .argument('<name>', 'such as deploy; letters, digits and . _ - /')
    .argument('[payload]', 'JSON; a bare word is text; up to about 800 bytes', valueArgument)
    .addOption(
      new Option('--window <duration>', 'members that come late get it for so long; 100ms to 1h')
        .argParser(durationArgument)
        .default(EVENT_WINDOW_MS_DEFAULT, formatDuration(EVENT_WINDOW_MS_DEFAULT)),
    )
    .addOption(new Option('--urgent', 'send it at once, in a packet of its own'))
    .addOption(jsonOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      '\nEach live member gets it once, in the order in which this node sends.\n' +
        '\nExamples:\n  gridvine event send deploy \'{"version":7}\'\n  gridvine event send alarm/smoke --urgent --window 1h',
    )
    .action(async (name: string, payload: unknown, { window, urgent, json, socket }: SendOptions) => {
      const priority = urgent ? 'urgent' : undefined;
      const body = { name, payload: sendable(payload), windowMs: window, priority };
      const emitted = await new ApiClient({ io, socket }).call('POST', '/v1/events', body);
      if (json) printJson(io, emitted);
    });
}

function watchCommand(io: CliIo): Command {
  return new Command('watch')
    .description('follow events as they are delivered here')
    .argument('[name]', 'only these; with a slash at its end, all below it')
    .addOption(new Option('--json', 'print one JSON object a line'))
    .addOption(socketOption())
    .action(async (name: string | undefined, { json, socket }: { json?: true; socket?: string }) => {
      const print = json ? printJsonLine(io) : printForPeople(io);
      const query = { types: 'user-event,event-gap', ...(name === undefined ? {} : { name }) };
      await new StreamWatcher(io, new ApiClient({ io, socket }), query).run(print);
    });
}
