import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { AnswerScanner, type Framing } from '#bridge/protocols/modbus/answer-scanner.ts';
import { crc16 } from '#bridge/protocols/modbus/crc16.ts';
import { rtuFraming } from '#bridge/protocols/modbus/rtu-framing.ts';
import { tcpFraming } from '#bridge/protocols/modbus/tcp-framing.ts';
import { VedirectSplitter } from '#bridge/protocols/vedirect/frame-splitter.ts';
import { SeededRandom } from '#runtime/core/random.ts';

/*
 * How many hostile bytes a second the decoders of field buses take, and whether they miss a frame behind them: noise of several
 * kinds, in chunks as ports give them, and after each stretch of it frames that have to be read.
 * node scripts/bench/decoders.ts [--megabytes N] [--json]
 */

interface Row {
  readonly decoder: string;
  readonly noise: string;
  readonly megabytesPerSecond: number;
  readonly frames: number;
  readonly missed: number;
}

/** A kind of noise: fills a stretch of bytes. */
type Noise = (random: SeededRandom, length: number) => Uint8Array;

/** Noise between frames, bytes; a large read of a socket. */
const STRETCH_BYTES = 65_536;
const CHUNK_BYTES = 4096;

const utf8 = (text: string) => new TextEncoder().encode(text);
const random: Noise = (source, length) => source.bytes(length);
const repeated =
  (...parts: readonly Uint8Array[]): Noise =>
  (source, length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const part = parts[source.bytes(1)[0]! % parts.length]!;
      bytes.set(part.subarray(0, length - at), at);
      at += part.length;
    }
    return bytes;
  };

function main(): void {
  const { values } = parseArgs({
    options: { megabytes: { type: 'string', default: '32' }, json: { type: 'boolean', default: false } },
  });
  const stretches = Math.max(1, Math.round((Number(values.megabytes) * 1e6) / STRETCH_BYTES));
  const rows = [...vedirectRows(stretches), ...modbusRows(stretches)];
  process.stdout.write(values.json ? `${JSON.stringify({ benchmark: 'decoders', rows })}\n` : table(rows));
}

function vedirectRows(stretches: number): readonly Row[] {
  const block = vedirectBlock('\r\nPID\t0xA053\r\nV\t12800\r\nI\t5200\r\nPPV\t71\r\nCS\t3');
  const damaged = block.slice();
  damaged[damaged.length - 1] = (block.at(-1)! + 1) & 0xff;
  const noises: Readonly<Record<string, Noise>> = {
    'random bytes': random,
    'damaged blocks': repeated(damaged),
    'pieces of blocks': repeated(block.subarray(0, 30), block.subarray(20), utf8(':7F0'), utf8('Checksum\t')),
    'HEX without end': repeated(utf8(':'), utf8('0A')),
  };
  return Object.entries(noises).map(([name, noise]) =>
    measure({ decoder: 'VE.Direct', name, noise, stretches }, () => {
      const splitter = new VedirectSplitter();
      return (bytes) => {
        inChunks(bytes, (chunk) => void splitter.push(chunk));
        // The first behind the noise may be lost with it; the second may not.
        splitter.push(block);
        return splitter.push(block).some((frame) => frame.kind === 'block');
      };
    }),
  );
}

function modbusRows(stretches: number): readonly Row[] {
  const request = { unitId: 1, table: 'holding', address: 0x6b, count: 120 } as const;
  const data = Uint8Array.from({ length: 240 }, (_, i) => i);
  const body = Uint8Array.of(1, 3, 240, ...data);
  const crc = crc16(body);
  const rtuAnswer = Uint8Array.of(...body, crc & 0xff, crc >> 8);
  const tcpAnswer = Uint8Array.of(0, 1, 0, 0, 0, 243, ...body);
  const kinds: readonly (readonly [string, Framing, Uint8Array])[] = [
    ['Modbus RTU', rtuFraming, rtuAnswer],
    ['Modbus TCP', tcpFraming, tcpAnswer],
  ];
  return kinds.flatMap(([decoder, framing, answer]) => {
    const damaged = answer.slice();
    const spoilAt = decoder === 'Modbus RTU' ? damaged.length - 1 : 8;
    damaged[spoilAt] = damaged[spoilAt]! ^ 0x5a;
    const noises: Readonly<Record<string, Noise>> = {
      'random bytes': random,
      'damaged answers': repeated(damaged),
      // By TCP nine bytes of header and whatever follows are an answer.
      'beginnings of answers': repeated(answer.subarray(0, 8)),
      'the shortest beginnings': repeated(Uint8Array.of(1, 3, 240)),
    };
    return Object.entries(noises).map(([name, noise]) =>
      measure({ decoder, name, noise, stretches }, () => (bytes) => {
        // A new one each time: the number of the first request is the one in the answer.
        const scanner = new AnswerScanner(framing);
        scanner.request(request);
        let found = false;
        inChunks(bytes, (chunk) => {
          found = scanner.push(chunk) !== undefined || found;
        });
        return !found && scanner.push(answer)?.kind === 'data';
      }),
    );
  });
}

interface Case {
  readonly decoder: string;
  readonly name: string;
  readonly noise: Noise;
  readonly stretches: number;
}

/** Plays noise and frames; `make` gives what takes a stretch of noise and tells whether the frame behind it was read. */
function measure({ decoder, name, noise, stretches }: Case, make: () => (bytes: Uint8Array) => boolean): Row {
  const source = new SeededRandom(1);
  const samples = Array.from({ length: 8 }, () => noise(source, STRETCH_BYTES));
  const play = make();
  for (const sample of samples) play(sample);
  let missed = 0;
  const startMs = performance.now();
  for (let i = 0; i < stretches; i++) if (!play(samples[i % samples.length]!)) missed += 1;
  const seconds = (performance.now() - startMs) / 1000;
  const megabytesPerSecond = (stretches * STRETCH_BYTES) / 1e6 / seconds;
  return { decoder, noise: name, megabytesPerSecond, frames: stretches, missed };
}

function inChunks(bytes: Uint8Array, take: (chunk: Uint8Array) => void): void {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) take(bytes.subarray(at, at + CHUNK_BYTES));
}

function vedirectBlock(text: string): Uint8Array {
  const body = utf8(`${text}\r\nChecksum\t`);
  const sum = body.reduce((total, byte) => total + byte, 0);
  return Uint8Array.of(...body, (256 - (sum % 256)) % 256);
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ decoder, noise, megabytesPerSecond, frames, missed }) =>
      `${decoder.padEnd(12)}${noise.padEnd(26)}${megabytesPerSecond.toFixed(1).padStart(8)} MB/s   ${missed} of ${frames} frames missed`,
  );
  return `${lines.join('\n')}\n`;
}

main();
