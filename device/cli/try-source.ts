import { createSource } from '#bridge/create-source.ts';
import { nodePorts } from '#bridge/ports/node-ports.ts';
import type { Source } from '#bridge/source.ts';
import { valueToJson } from '#runtime/core/value-json.ts';
import type { ConfigFlags } from '../config/flags.ts';
import type { PathContext } from '../config/paths.ts';
import { inventoryCommand, sensorsOf } from '../daemon/board-sensors.ts';
import { loadBoard } from '../daemon/load.ts';
import { CliError, type CliIo, EXIT } from './io.ts';

export interface TrySourceOptions {
  /** Of a source in the configuration. */
  readonly name: string;
  readonly durationMs: number;
  readonly flags: ConfigFlags;
  readonly paths: PathContext;
  readonly io: CliIo;
  readonly json: boolean;
}

/**
 * Runs one source for a while and prints what comes, each reading and each condition on a line.
 * @throws CliError where there is no such source, or nothing came.
 */
export async function trySource(options: TrySourceOptions): Promise<void> {
  const { config, board } = await loadBoard(options.flags, options.paths);
  const found = config.values.sources.find(({ name }) => name === options.name);
  if (found === undefined) {
    const names = config.values.sources.map(({ name }) => name).join(', ') || 'none configured';
    throw new CliError(
      `source: expected the name of a configured source (${names}); got ${options.name}`,
      EXIT.usage,
    );
  }
  const log = ({ event, text }: { event: string; text: string }) => {
    options.io.stderr.write(`${event}: ${text}\n`);
  };
  const ports = nodePorts({ log });
  const source = createSource(found, {
    ports,
    inventoryCommand: inventoryCommand(),
    board: sensorsOf(board.profile),
  });
  const readings = await listen(source, options);
  if (readings === 0) {
    throw new CliError(
      `no reading came within ${options.durationMs} ms; check the source, or give it longer with --for`,
    );
  }
}

async function listen(source: Source, { io, json, durationMs }: TrySourceOptions): Promise<number> {
  let readings = 0;
  const print = (type: string, fields: Record<string, unknown>, text: string) =>
    io.stdout.write(
      json ? `${JSON.stringify({ schema: 'gridvine.source-test/1', type, ...fields })}\n` : `${text}\n`,
    );
  source.start({
    reading({ key, value, unit, quality }) {
      readings++;
      const shown = valueToJson(value);
      const fields = { key, value: shown, unit: unit ?? null, quality };
      const mark = quality === 'good' ? '' : ` (${quality})`;
      print(
        'reading',
        fields,
        `${key} = ${JSON.stringify(shown)}${unit === undefined ? '' : ` ${unit}`}${mark}`,
      );
    },
    health(change) {
      const { code, subject } = change.kind === 'raise' ? change.item : change;
      const text = change.kind === 'raise' ? change.item.text : 'is over';
      print('condition', { kind: change.kind, code, subject, text }, `! ${subject}: ${code}: ${text}`);
    },
  });
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  await source.stop();
  return readings;
}
