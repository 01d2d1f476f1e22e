import { Command } from 'commander';
import { formatDuration } from '#runtime/core/durations.ts';
import { ApiClient } from '../api-client.ts';
import { jsonOption, socketOption } from '../arguments.ts';
import type { RecordJson, RecordsJson } from '../documents.ts';
import { formatAge, formatValue } from '../format.ts';
import { CliError, type CliIo } from '../io.ts';
import { painter, plain, printJson } from '../output.ts';
import { printTable } from '../table.ts';

interface GetOptions {
  readonly json?: true;
  readonly socket?: string;
  readonly node?: string;
}

/** `gridvine get`: records of all nodes, as this node knows them. */
export function getCommand(io: CliIo): Command {
  return new Command('get')
    .argument('[key]', 'a key, or a prefix that ends with a slash; absent: all records')
    .option('--node <name>', 'only records of this node, by name or id')
    .addOption(jsonOption())
    .addOption(socketOption())
    .action(async (key: string | undefined, { json, socket, node }: GetOptions) => {
      const query = new URLSearchParams({
        ...(key === undefined ? {} : { key }),
        ...(node === undefined ? {} : { node }),
      });
      const document = await new ApiClient({ io, socket }).call<RecordsJson>('GET', `/v1/records?${query}`);
      if (json) printJson(io, document);
      else if (document.records.length > 0) printRecords(io, document.records);
      else if (key === undefined || key.endsWith('/'))
        io.stderr.write(`gridvine: ${nothingText(key, node)}\n`);
      // One named thing that isn't there is a failure that a script can branch on; an empty list is not.
      if (key !== undefined && !key.endsWith('/') && document.records.length === 0) {
        throw new CliError(
          `no record ${key}${node === undefined ? '' : ` of node ${node}`}; see: gridvine get`,
        );
      }
    });
}

/** Said on stderr, so that a pipe gets nothing, and a person knows that nothing is wrong. */
function nothingText(prefix: string | undefined, node: string | undefined): string {
  return `no records${prefix === undefined ? '' : ` below ${plain(prefix)}`}${node === undefined ? '' : ` of node ${plain(node)}`}`;
}

function printRecords(io: CliIo, records: readonly RecordJson[]): void {
  const paint = painter(io);
  printTable(
    io,
    [
      { title: 'NODE' },
      { title: 'KEY' },
      { title: 'VALUE', flexible: true },
      { title: 'AGE', align: 'right' },
      { title: 'TTL', align: 'right' },
      { title: 'QUALITY' },
    ],
    records.map((record) => [
      plain(record.node),
      plain(record.key),
      formatValue(record),
      formatAge(record),
      record.ttlMs === null ? '' : formatDuration(record.ttlMs),
      record.quality === 'good' ? 'good' : paint('yellow', record.quality),
    ]),
  );
}
