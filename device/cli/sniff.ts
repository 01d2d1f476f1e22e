import { recordingLinks } from '#bridge/capture/recording-links.ts';
import { linkEndpoint, parseLinkAddress } from '#bridge/link-address.ts';
import type { LinkEndpoint, SerialLine } from '#bridge/ports/link-port.ts';
import { nodePorts } from '#bridge/ports/node-ports.ts';
import { hasCrc } from '#bridge/protocols/modbus/crc16.ts';
import { type VedirectFrame, VedirectSplitter } from '#bridge/protocols/vedirect/frame-splitter.ts';
import { VEDIRECT_LINE } from '#bridge/sources/vedirect/vedirect-source.ts';
import type { ConfigFlags } from '../config/flags.ts';
import type { PathContext } from '../config/paths.ts';
import { loadBoard } from '../daemon/load.ts';
import { createCaptureFile } from './capture-file.ts';
import { linkError, openFieldLink } from './field-link.ts';
import { CliError, type CliIo, EXIT } from './io.ts';
import { printLines } from './output.ts';
import { findSource } from './try-source.ts';

export interface SniffOptions {
  /** An address, or the name of a source in the configuration. */
  readonly what: string;
  /** How a serial port is set that was given by its address. */
  readonly line: SerialLine;
  readonly durationMs: number;
  readonly record?: string;
  readonly flags: ConfigFlags;
  readonly paths: PathContext;
  readonly io: CliIo;
  readonly json: boolean;
}

/** Bytes of one line of a dump. */
const DUMP_BYTES = 16;
/** TCP ports that an address without one is taken to mean. */
const MODBUS_TCP_PORT = 502;

/**
 * Prints every byte that comes, without sending any, and what is recognised among them.
 * @throws CliError where the port can't be opened or is lost, or nothing comes.
 */
export async function sniff(options: SniffOptions): Promise<void> {
  const { io, json, durationMs, record } = options;
  const endpoint = await endpointOf(options);
  const ports = nodePorts({ log: () => {} });
  const capture = record === undefined ? undefined : createCaptureFile(record);
  const links =
    capture === undefined
      ? ports.links
      : recordingLinks(ports.links, ports.clock, (line) => capture.write(line));
  const splitter = new VedirectSplitter();
  const startedAtMs = ports.clock.nowMs();
  let bytes = 0;
  const link = await openFieldLink(links, endpoint, (chunk) => {
    bytes += chunk.length;
    const atMs = ports.clock.nowMs() - startedAtMs;
    const recognised = [...splitter.push(chunk).flatMap(vedirectText), ...modbusText(chunk)];
    if (json) {
      const hex = Buffer.from(chunk).toString('hex');
      printLines(io, [JSON.stringify({ schema: 'gridvine.sniff/1', atMs, hex, recognised })]);
    } else {
      printLines(io, [...dump(atMs, chunk), ...recognised.map((text) => `${' '.repeat(10)}= ${text}`)]);
    }
  }).catch((error: unknown) => {
    capture?.discard();
    throw error;
  });
  const timer = Promise.withResolvers<undefined>();
  const timeout = setTimeout(timer.resolve, durationMs, undefined);
  const end = await Promise.race([timer.promise, link.ended]);
  clearTimeout(timeout);
  await link.close();
  capture?.close();
  if (end !== undefined) throw linkError(endpoint, end);
  if (bytes === 0) {
    throw new CliError(
      `no byte came within ${durationMs} ms; who only answers when asked is tried with \`gridvine modbus scan\` or \`gridvine source test\``,
    );
  }
}

async function endpointOf({ what, line, flags, paths }: SniffOptions): Promise<LinkEndpoint> {
  if (parseLinkAddress(what) !== undefined) return linkEndpoint(what, { line, tcpPort: MODBUS_TCP_PORT });
  const { config } = await loadBoard(flags, paths);
  const source = findSource(config.values.sources, what);
  if (!('address' in source)) {
    throw new CliError(`source sniff: the source ${what} (${source.kind}) has no port`, EXIT.usage);
  }
  const own = 'baudRate' in source ? source : VEDIRECT_LINE;
  return linkEndpoint(source.address, { line: own, tcpPort: MODBUS_TCP_PORT });
}

function dump(atMs: number, chunk: Uint8Array): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < chunk.length; at += DUMP_BYTES) {
    const part = chunk.subarray(at, at + DUMP_BYTES);
    const hex = Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = Array.from(part, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    ).join('');
    const time = at === 0 ? `${(atMs / 1000).toFixed(3)}` : '';
    lines.push(`${time.padStart(9)}  ${hex.padEnd(3 * DUMP_BYTES)} ${text}`);
  }
  return lines;
}

function vedirectText(frame: VedirectFrame): readonly string[] {
  if (frame.kind === 'block') return [`VE.Direct block of ${frame.fields.size} fields`];
  return frame.kind === 'hex' && frame.text.length > 2 ? [`VE.Direct HEX :${frame.text}`] : [];
}

/** A chunk that is a whole frame of a serial line: those come with silence around them. */
function modbusText(chunk: Uint8Array): readonly string[] {
  if (chunk.length < 5 || chunk.length > 256 || !hasCrc(chunk, 0, chunk.length - 2)) return [];
  const [unit = 0, fn = 0] = chunk;
  const what = fn & 0x80 ? `refuses function ${fn & 0x7f}` : `function ${fn}`;
  return [`Modbus frame: unit ${unit}, ${what}, ${chunk.length - 4} bytes`];
}
