/**
 * What a datagram costs beside HashiCorp's memberlist, in one run and alternating: encode and seal, open and decode, of 300 and of
 * 500 bytes on the wire: `node scripts/bench/seal.ts [--rounds 5] [--seconds 1] [--only gridvine|memberlist] [--json]`.
 * What a datagram holds and how to read it: `seal/README.md`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { createSodiumProvider } from '#runtime/crypto/sodium-provider.ts';
import { hostFacts } from './peers/host.ts';
import { median, type Sample } from './seal/sample.ts';
import { buildMemberlistSeal, gridvineSeal, memberlistSeal, type SealSide } from './seal/sides.ts';

const SIZES = [300, 500];

interface Row {
  readonly side: string;
  /** Of a datagram that isn't compressed. */
  readonly bytes: number;
  readonly samples: Sample[];
}

interface Contender extends Row {
  readonly run: SealSide;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '1' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const rounds = integer('--rounds', values.rounds, { min: 1, max: 101 });
  const seconds = integer('--seconds', values.seconds, { min: 1, max: 60 });
  const { only } = values;
  if (only !== undefined && only !== 'gridvine' && only !== 'memberlist')
    throw new Error(`--only: expected gridvine or memberlist; got ${only}`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new Error(`interrupted by ${signal}`)));
  const directory = await mkdtemp(join(tmpdir(), 'gridvine-seal-'));
  try {
    const contenders = [
      ...(only === 'memberlist' ? [] : await gridvineContenders()),
      ...(only === 'gridvine' ? [] : await memberlistContenders(directory, stop.signal)),
    ];
    const loadAverage = [loadavg()[0]];
    for (let round = 0; round < rounds; round++) {
      // Who goes first changes, so that a neighbour's rhythm favours nobody.
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        stop.signal.throwIfAborted();
        contender.samples.push(await contender.run(1_000 * seconds));
      }
      loadAverage.push(loadavg()[0]);
    }
    const rows = contenders.map(({ side, bytes, samples }) => ({
      side,
      bytes,
      samples,
      ...summaryOf(samples),
    }));
    const document = {
      schema: 'gridvine.bench-seal/1',
      host: hostFacts(),
      rounds,
      seconds,
      loadAverage,
      rows,
    };
    process.stdout.write(values.json ? `${JSON.stringify(document, null, 2)}\n` : table(rows));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function gridvineContenders(): Promise<Contender[]> {
  const node = createNodeProvider();
  return [await createSodiumProvider(node), node, nobleProvider].flatMap((provider) =>
    SIZES.map((bytes) => ({
      side: `gridvine, ${provider.name}`,
      bytes,
      samples: [],
      run: gridvineSeal(provider, bytes),
    })),
  );
}

async function memberlistContenders(directory: string, signal: AbortSignal): Promise<Contender[]> {
  const command = await buildMemberlistSeal(directory, signal);
  return [true, false].flatMap((compressed) =>
    SIZES.map((bytes) => ({
      side: compressed ? 'memberlist' : 'memberlist, no LZW',
      bytes,
      samples: [],
      run: memberlistSeal({ command, datagramBytes: bytes, compressed, signal }),
    })),
  );
}

interface Summary {
  readonly datagramBytes: number;
  readonly messages: number;
  readonly sendMicros: number;
  readonly receiveMicros: number;
  readonly perSecondAndCore: number;
}

function summaryOf(samples: readonly Sample[]): Summary {
  const [{ datagramBytes, messages }] = samples;
  const of = (field: (sample: Sample) => number) => median(samples.map(field));
  return {
    datagramBytes,
    messages,
    sendMicros: of((sample) => sample.sendMicros),
    receiveMicros: of((sample) => sample.receiveMicros),
    perSecondAndCore: Math.round(1e6 / of((sample) => sample.sendMicros + sample.receiveMicros)),
  };
}

function table(rows: readonly (Summary & Row)[]): string {
  const line = (cells: readonly string[]) =>
    `${cells.map((cell, i) => (i === 0 ? cell.padEnd(20) : cell.padStart(15))).join(' ')}\n`;
  const head = ['side', 'plain bytes', 'on the wire', 'messages', 'send us', 'receive us', 'a s and core'];
  const body = rows
    .toSorted((a, b) => a.bytes - b.bytes)
    .map((row) =>
      line([
        row.side,
        ...[row.bytes, row.datagramBytes, row.messages].map(String),
        row.sendMicros.toFixed(1),
        row.receiveMicros.toFixed(1),
        String(row.perSecondAndCore),
      ]),
    );
  return `${line(head)}${body.join('')}medians of ${rows[0]?.samples.length ?? 0} rounds; microseconds of processor time\n`;
}

function integer(name: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${name}: expected an integer from ${min} to ${max}; got ${text}`);
}

main();
