import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freeUdpPort } from '#device/demo/free-port.ts';
import { type Command, SOURCE_COMMAND } from './binary.ts';

const POLL_MS = 50;
const LOG_LINES_MAX = 200;

/** What the daemons of one test share: a directory that goes when the test ends, and a key. */
export type Playground = { readonly directory: string; readonly keyFile: string };

/** How a daemon of a test is started. */
export type DaemonOptions = {
  readonly name: string;
  /** Program to run; from source if absent. */
  readonly command?: Command;
  /** Address of its UDP socket, as `ADDR:PORT`; a free port of the loopback if absent. */
  readonly bind?: string;
  /** By what it is let in: the playground's key, or the certificate in its data directory. Default `key`. */
  readonly security?: 'key' | 'certificates';
  /** Endpoints to join, as `ADDR:PORT`. */
  readonly join?: readonly string[];
  /** More arguments of `gridvine run`. Multicast is off unless this says otherwise. */
  readonly args?: readonly string[];
  readonly multicast?: boolean;
  /** Longest wait for its API. An emulated daemon needs some 10 s on a busy machine. Default 60 s. */
  readonly readyWithinMs?: number;
};

/** Answer of the API. */
export type ApiAnswer = { readonly status: number; readonly body: string };

/** A daemon that answers on its API socket. */
export type RunningDaemon = {
  readonly name: string;
  readonly bind: string;
  readonly socket: string;
  readonly dataDir: string;
  readonly child: ChildProcess;
  /** The last lines that it wrote, for the message of a failing test. */
  log(): string;
  /** One request to its API over the unix socket. */
  api(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  /** Asks again until the parsed answer satisfies the condition; fails with the last answer and the log. */
  waitFor<T>(path: string, condition: (answer: T) => boolean, options?: { withinMs: number }): Promise<T>;
  /** Ends it by a signal, SIGTERM if none is named, and resolves to its exit code (null when a signal ended it). */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
};

/** Makes the shared directory; call `after` of the test with `close`. */
export function createPlayground(): Playground & { close(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'gridvine-e2e-'));
  const keyFile = join(directory, 'cluster.key');
  writeFileSync(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  return { directory, keyFile, close: () => rmSync(directory, { recursive: true, force: true }) };
}

/** Starts a daemon and waits until its API answers. Throws with its log when it ends before, or is too slow. */
export async function startDaemon(playground: Playground, options: DaemonOptions): Promise<RunningDaemon> {
  const home = join(playground.directory, options.name);
  mkdirSync(home, { recursive: true });
  const socket = join(home, 'api.sock');
  const dataDir = join(home, 'data');
  const bind = options.bind ?? `127.0.0.1:${await freeUdpPort()}`;
  const [program, ...before] = options.command ?? SOURCE_COMMAND;
  const secured =
    options.security === 'certificates'
      ? ['--set', 'security.mode=certificates']
      : ['--key-file', playground.keyFile];
  const args = ['run', '--name', options.name, ...secured, '--socket', socket];
  args.push(
    '--data-dir',
    dataDir,
    '--bind',
    bind,
    ...(options.join ?? []).flatMap((peer) => ['--join', peer]),
  );
  if (options.multicast !== true) args.push('--no-multicast');
  const child = spawn(program, [...before, ...args, ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const daemon = attach(child, { name: options.name, bind, socket, dataDir });
  try {
    await waitUntilReady(daemon, options.readyWithinMs ?? 60_000);
  } catch (error) {
    await daemon.stop('SIGKILL');
    throw error;
  }
  return daemon;
}

function attach(
  child: ChildProcess,
  place: Pick<RunningDaemon, 'name' | 'bind' | 'socket' | 'dataDir'>,
): RunningDaemon {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n').filter((line) => line !== ''));
      lines.splice(0, lines.length - LOG_LINES_MAX);
    });
  }
  child.on('error', (error) => lines.push(String(error)));
  const api = (method: string, path: string, body?: unknown) => ask(place.socket, { method, path, body });
  return {
    ...place,
    child,
    api,
    log: () => lines.join('\n'),
    waitFor: async <T>(
      path: string,
      condition: (answer: T) => boolean,
      { withinMs } = { withinMs: 30_000 },
    ) => {
      const deadline = performance.now() + withinMs;
      for (;;) {
        const { status, body } = await api('GET', path);
        const answer = status === 200 ? (JSON.parse(body) as T) : undefined;
        if (answer !== undefined && condition(answer)) return answer;
        if (performance.now() > deadline) {
          throw new Error(
            `${place.name}: GET ${path}: not as expected in ${withinMs} ms: ${status} ${body}\n${lines.join('\n')}`,
          );
        }
        await delay(POLL_MS);
      }
    },
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        const ended = once(child, 'exit');
        child.kill(signal);
        await ended;
      }
      return child.exitCode;
    },
  };
}

async function waitUntilReady(daemon: RunningDaemon, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await daemon.api('GET', '/healthz').catch(() => undefined);
    if (answer?.status === 200) return;
    const { exitCode, signalCode, pid } = daemon.child;
    const ended = pid === undefined || exitCode !== null || signalCode !== null;
    if (ended || performance.now() > deadline) {
      const what = ended ? `ended with ${exitCode ?? signalCode}` : `not ready in ${withinMs} ms`;
      throw new Error(`daemon ${daemon.name}: ${what}\n${daemon.log()}`);
    }
    await delay(POLL_MS);
  }
}

function ask(
  socketPath: string,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body: unknown },
): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const call = request({ socketPath, method, path, headers, timeout: 10_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    call.on('timeout', () => call.destroy(new Error(`${method} ${path}: no answer in 10 s`)));
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
