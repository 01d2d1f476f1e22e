import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { runProcess } from '../peers/process.ts';
import { GOPATH, INSTALL_HINT, LIBRARY } from '../peers/sides.ts';
import { PacketBench } from './packet.ts';
import { parseSample, type Sample } from './sample.ts';

/** One of the things compared: measures for `ms` milliseconds, of which the first fifth warms up. */
export type SealSide = (ms: number) => Promise<Sample>;

/** As many are sealed before they are opened. */
const BATCH = 500;
const BUILD_LIMIT_MS = 300_000;
const ROUND_GRACE_MS = 30_000;

/** Our own side, in this process. */
export function gridvineSeal(provider: CryptoProvider, datagramBytes: number): SealSide {
  const bench = new PacketBench(provider, datagramBytes);
  return async (ms) => {
    const warmUntil = performance.now() + ms / 5;
    while (performance.now() < warmUntil) batch(bench);
    let sending = 0;
    let receiving = 0;
    let count = 0;
    let bytes = 0;
    const startMs = performance.now();
    const until = startMs + (4 * ms) / 5;
    while (performance.now() < until) {
      const round = batch(bench);
      sending += round.sending;
      receiving += round.receiving;
      bytes = round.datagramBytes;
      count += BATCH;
    }
    return {
      datagramBytes: bytes,
      messages: 1 + bench.records,
      sendMicros: sending / count,
      receiveMicros: receiving / count,
      wallMicros: (1_000 * (performance.now() - startMs)) / count,
    };
  };
}

function batch(bench: PacketBench): { sending: number; receiving: number; datagramBytes: number } {
  const datagrams: Uint8Array[] = [];
  const from = cpuMicros();
  for (let i = 0; i < BATCH; i++) datagrams.push(bench.send());
  const between = cpuMicros();
  for (const datagram of datagrams)
    if (bench.receive(datagram) !== bench.records) throw new Error('a record of the benchmark is missing');
  const to = cpuMicros();
  return { sending: between - from, receiving: to - between, datagramBytes: datagrams[0].length };
}

/** Of all threads: garbage collection and compilation count. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

export interface MemberlistSeal {
  /** Compiled by `buildMemberlistSeal`. */
  readonly command: string;
  readonly datagramBytes: number;
  readonly compressed: boolean;
  readonly signal: AbortSignal;
}

/** memberlist's side, a process a round. */
export function memberlistSeal({ command, datagramBytes, compressed, signal }: MemberlistSeal): SealSide {
  return async (ms) =>
    parseSample(
      await runProcess({
        command,
        args: [`-bytes=${datagramBytes}`, `-compressed=${compressed}`, `-ms=${ms}`],
        env: process.env,
        limitMs: ms + ROUND_GRACE_MS,
        signal,
      }),
    );
}

/**
 * Compiles the Go program with a file laid over memberlist's package, since nothing of this is exported; without a network.
 * @returns the command. @throws Error with a hint where compiler or library is missing.
 */
export async function buildMemberlistSeal(directory: string, signal: AbortSignal): Promise<string> {
  if (!existsSync(LIBRARY)) throw new Error(INSTALL_HINT);
  const sources = join(import.meta.dirname, 'memberlist');
  const overlay = join(directory, 'overlay.json');
  const Replace = { [join(LIBRARY, 'gridvine_inside.go')]: join(sources, 'inside', 'inside.go') };
  await writeFile(overlay, JSON.stringify({ Replace }));
  const command = join(directory, 'memberlist-seal');
  try {
    await runProcess({
      command: 'go',
      args: ['build', '-overlay', overlay, '-o', command, join(sources, 'main.go')],
      env: { ...process.env, GO111MODULE: 'off', GOPATH, GOFLAGS: '', GOCACHE: join(directory, 'go-cache') },
      limitMs: BUILD_LIMIT_MS,
      signal,
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw new Error(INSTALL_HINT);
    throw error;
  }
  return command;
}
