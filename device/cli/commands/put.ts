import { Command, Option } from 'commander';
import { ApiClient } from '../api-client.ts';
import {
  durationArgument,
  jsonOption,
  sendable,
  socketOption,
  valueArgument,
  wholeNumberArgument,
} from '../arguments.ts';
import type { WrittenJson } from '../documents.ts';
import type { CliIo } from '../io.ts';
import { printJson } from '../output.ts';

interface PutOptions {
  readonly ttl?: number;
  readonly unit?: string;
  readonly urgent?: true;
  readonly lazy?: true;
  readonly ifVersion?: number;
  readonly durable?: true;
  readonly json?: true;
  readonly socket?: string;
}

/** `gridvine put`: one of this node's own records. */
export function putCommand(io: CliIo): Command {
  return new Command('put')
    .argument('<key>', 'such as pump/target; slashes make groups')
    .argument('<value>', 'JSON; a bare word is text', valueArgument)
    .option(
      '--ttl <duration>',
      'valid for so long, such as 30s or 5m; absent: until deleted',
      durationArgument,
    )
    .option('--unit <unit>', 'unit of the value, such as W')
    .addOption(new Option('--urgent', 'send it at once, in a packet of its own').conflicts('lazy'))
    .option('--lazy', 'leave it to anti-entropy: others get it within seconds, at no extra packet')
    .option(
      '--if-version <n>',
      'only if the record has this version now; 0: only if there is none',
      wholeNumberArgument,
    )
    .addOption(
      new Option('--durable', 'answer when it is on the disk, so that no power cut can undo it').conflicts(
        'ttl',
      ),
    )
    .addOption(jsonOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      '\nExamples:\n  gridvine put pump/target 40 --unit %\n  gridvine put mode \'"5"\'   (the text 5)\n  gridvine put -- offset -3',
    )
    .action(async (key: string, value: unknown, options: PutOptions) => {
      const body = {
        value: sendable(value),
        ttlMs: options.ttl,
        unit: options.unit,
        priority: options.urgent ? 'urgent' : options.lazy ? 'lazy' : undefined,
        ifVersion: options.ifVersion,
        durable: options.durable,
      };
      const path = `/v1/records/${encodeURIComponent(key)}`;
      const written = await new ApiClient({ io, socket: options.socket }).call<WrittenJson>(
        'PUT',
        path,
        body,
      );
      if (options.json) printJson(io, written);
    });
}
