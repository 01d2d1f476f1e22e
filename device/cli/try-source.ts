import { recordingLinks } from '#bridge/capture/recording-links.ts';
import { replayingLinks } from '#bridge/capture/replaying-links.ts';
import type { SourceConfig } from '#bridge/config.ts';
import { createSource } from '#bridge/create-source.ts';
import { nodePorts } from '#bridge/ports/node-ports.ts';
import type { SourcePorts } from '#bridge/ports/source-ports.ts';
import type { Source } from '#bridge/source.ts';
import { valueToJson } from '#runtime/core/value-json.ts';
import type { ConfigFlags } from '../config/flags.ts';
import type { PathContext } from '../config/paths.ts';
import { inventoryCommand, sensorsOf } from '../daemon/board-sensors.ts';
import { loadBoard } from '../daemon/load.ts';
import { type CaptureFile, createCaptureFile, readCaptureFile } from './capture-file.ts';
import { CliError, type CliIo, EXIT } from './io.ts';

export interface TrySourceOptions {
  /** Of a source in the configuration. */
  readonly name: string;
  readonly durationMs: number;
  readonly flags: ConfigFlags;
  readonly paths: PathContext;
  readonly io: CliIo;
  readonly json: boolean;
  /** File to write what goes over the source's port to. */
  readonly record?: string;
  /** Capture file to play in place of the port. */
  readonly replay?: string;
  /** How many times as fast as it was recorded it is played. */
  readonly speed: number;
}

/**
 * Runs one source for a while and prints what comes, each reading and each condition on a line.
 * @throws CliError where there is no such source, or nothing came.
 */
export async function trySource(options: TrySourceOptions): Promise<void> {
  const { config, board } = await loadBoard(options.flags, options.paths);
  const found = findSource(config.values.sources, options.name);
  if ((options.record ?? options.replay) !== undefined && !('address' in found)) {
    throw new CliError(
      `--record, --replay: the source ${options.name} (${found.kind}) has no port`,
      EXIT.usage,
    );
  }
  const capture = options.record === undefined ? undefined : createCaptureFile(options.record);
  const over = Promise.withResolvers<void>();
  const source = createSource(found, {
    ports: portsFor(options, { capture, onEnd: over.resolve }),
    inventoryCommand: inventoryCommand(),
    board: sensorsOf(board.profile),
  });
  const readings = await listen(source, options, over.promise);
  capture?.close();
  if (readings === 0) {
    throw new CliError(
      `no reading came within ${options.durationMs} ms; check the source, or give it longer with --for`,
    );
  }
}

/**
 * The source of this name.
 * @throws CliError where there is none.
 */
export function findSource(sources: readonly SourceConfig[], name: string): SourceConfig {
  const found = sources.find((source) => source.name === name);
  if (found !== undefined) return found;
  const names = sources.map((source) => source.name).join(', ') || 'none configured';
  throw new CliError(`source: expected the name of a configured source (${names}); got ${name}`, EXIT.usage);
}

function portsFor(
  { io, replay, speed }: TrySourceOptions,
  { capture, onEnd }: { readonly capture: CaptureFile | undefined; readonly onEnd: () => void },
): SourcePorts {
  const ports = nodePorts({ log: ({ event, text }) => void io.stderr.write(`${event}: ${text}\n`) });
  if (replay !== undefined) {
    const entries = readCaptureFile(replay);
    return { ...ports, links: replayingLinks({ entries, clock: ports.clock, speed, onEnd }) };
  }
  if (capture === undefined) return ports;
  return { ...ports, links: recordingLinks(ports.links, ports.clock, (line) => capture.write(line)) };
}

async function listen(
  source: Source,
  { io, json, durationMs }: TrySourceOptions,
  over: Promise<void>,
): Promise<number> {
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
  const time = Promise.withResolvers<void>();
  const timer = setTimeout(time.resolve, durationMs);
  await Promise.race([time.promise, over]);
  clearTimeout(timer);
  await source.stop();
  return readings;
}
