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
import { readBatch } from '../batch-input.ts';
import type { WrittenBatchJson, WrittenJson } from '../documents.ts';
import { CliError, type CliIo, EXIT } from '../io.ts';
import { printJson } from '../output.ts';

interface PutOptions {
  readonly ttl?: number;
  readonly unit?: string;
  readonly urgent?: true;
  readonly lazy?: true;
  readonly ifVersion?: number;
  readonly durable?: true;
  readonly batch?: string;
  readonly json?: true;
  readonly socket?: string;
}

const EXAMPLES = `
Examples:
  gridvine put pump/target 40 --unit %
  gridvine put mode '"5"'   (the text 5)
  gridvine put -- offset -3
  echo '[{"key": "mode", "value": "manual"}, {"key": "target", "value": 40, "unit": "%"}]' | gridvine put --batch -`;

/** `gridvine put`: one of this node's own records. */
export function putCommand(io: CliIo): Command {
  return new Command('put')
    .argument('[key]', 'such as pump/target; slashes make groups')
    .argument('[value]', 'JSON; a bare word is text', valueArgument)
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
    .addOption(
      new Option(
        '--batch <file>',
        'up to 32 records that are seen together or not at all: a JSON list of {"key", "value", ...}, - for stdin',
      ).conflicts(['ttl', 'unit', 'urgent', 'lazy', 'ifVersion']),
    )
    .addOption(jsonOption())
    .addOption(socketOption())
    .addHelpText('after', EXAMPLES)
    .action(async (key: string | undefined, value: unknown, options: PutOptions) => {
      if (options.batch !== undefined) {
        if (key !== undefined) throw new CliError('--batch: expected no key and value beside it', EXIT.usage);
        await putBatch(io, options.batch, options);
        return;
      }
      if (key === undefined || value === undefined) {
        const missing = key === undefined ? 'key' : 'value';
        throw new CliError(
          `missing required argument '${missing}'; put takes a key and a value, or --batch FILE. See gridvine put --help`,
          EXIT.usage,
        );
      }
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

async function putBatch(io: CliIo, file: string, { durable, json, socket }: PutOptions): Promise<void> {
  const records = (await readBatch(io, file)).map(({ value, ...entry }) => ({
    ...entry,
    value: sendable(value),
  }));
  const client = new ApiClient({ io, socket });
  const written = await client.call<WrittenBatchJson>('POST', '/v1/records', { records, durable });
  if (json) printJson(io, written);
}
