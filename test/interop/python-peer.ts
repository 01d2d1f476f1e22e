import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectPath } from '../../scripts/release/project.ts';
import type { Playground } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';

/** Debian's own Python, which alone sees the bindings that Debian packages. */
const PYTHON = '/usr/bin/python3';
const PACKAGES = ['python3-cbor2', 'python3-nacl'];
const FOLDER = projectPath('test', 'interop', 'peer');

/** A record as the Python peer shows it; `meta` by the numbers of the specification. */
export interface PeerRecord {
  readonly owner: string;
  readonly key: string;
  readonly value: unknown;
  readonly ageMs: number;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** What the Python peer knows. */
export interface PeerReport {
  readonly id: string;
  readonly boot: number;
  readonly incarnation: number;
  readonly records: readonly PeerRecord[];
  readonly members: readonly { id: string; name: string; state: string; boot: number; incarnation: number }[];
  /** Datagrams dropped, by reason and detail. */
  readonly drops: Readonly<Record<string, number>>;
  /** Digests that named the same table hash as its own. */
  readonly hashMatches: number;
  /** Fingerprints of the keys that it holds, and of the one that it writes with. */
  readonly keys: readonly string[];
  readonly writes: string;
}

export interface PeerOptions {
  readonly name: string;
  readonly join: readonly string[];
  /** Key files: the first writes, all read. The playground's if absent. */
  readonly keyFiles?: readonly string[];
  readonly bind?: string;
}

/** A running Python peer. */
export type PythonPeer = {
  readonly child: ChildProcess;
  readonly id: string;
  readonly bind: string;
  /** Gives a command and returns what the peer knows after it. */
  ask(what: string, more?: Readonly<Record<string, unknown>>): Promise<PeerReport>;
  /** Asks again until the condition holds; fails with the last report. */
  waitFor(condition: (report: PeerReport) => boolean, what: string): Promise<PeerReport>;
  /** Says goodbye; returns how many acknowledged. */
  leave(): Promise<number>;
  stop(signal: NodeJS.Signals): Promise<void>;
};

/** Says what to install where the bindings are missing. @throws Error */
export function needBindings(): void {
  const { status, stderr, error } = spawnSync(PYTHON, ['-c', 'import cbor2, nacl.bindings'], {
    encoding: 'utf8',
  });
  if (status === 0) return;
  const saw = error?.message ?? stderr.trim().split('\n').at(-1);
  throw new Error(`${PYTHON}: expected the Debian packages ${PACKAGES.join(' and ')}; got: ${saw}`);
}

/** Runs one program of the peer's folder to its end. */
export function runPython(program: string, args: readonly string[]) {
  return spawnSync(PYTHON, ['-B', join(FOLDER, program), ...args], { encoding: 'utf8', timeout: 60_000 });
}

/** Starts a peer; its identity and boot counter are kept in the playground under its name. */
export async function startPeer(playground: Playground, options: PeerOptions): Promise<PythonPeer> {
  needBindings();
  const args = ['--name', options.name, '--cluster', 'gridvine'];
  args.push('--state', join(playground.directory, `${options.name}.json`));
  args.push('--bind', options.bind ?? '127.0.0.1:0');
  for (const file of options.keyFiles ?? [playground.keyFile]) args.push('--key-file', file);
  for (const peer of options.join) args.push('--join', peer);
  const child = spawn(PYTHON, ['-B', join(FOLDER, 'peer.py'), ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const lines: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  const next = (is: (line: Record<string, unknown>) => boolean, from: number) =>
    eventually(
      () => {
        const found = lines.slice(from).find(is);
        if (found === undefined && child.exitCode !== null)
          throw new Error(`${options.name} ended with ${child.exitCode}: ${errors}`);
        return found;
      },
      { what: `an answer of ${options.name}` },
    );
  const started = await next(({ event }) => event === 'started', 0);
  const ask = async (what: string, more: Readonly<Record<string, unknown>> = {}) => {
    const from = lines.length;
    child.stdin.write(`${JSON.stringify({ do: what, ...more })}\n`);
    return (await next(({ re }) => re === what, from)) as unknown as PeerReport;
  };
  return {
    child,
    id: String(started.id),
    bind: `127.0.0.1:${started.port}`,
    ask,
    waitFor: (condition, what) => {
      let last: PeerReport | undefined;
      return eventually(
        async () => {
          last = await ask('status');
          return condition(last) && last;
        },
        { what, withinMs: 30_000, everyMs: 50 },
      ).catch((error) => {
        throw new Error(`${options.name}: ${error.message}: ${JSON.stringify(last)}\n${errors}`);
      });
    },
    leave: async () => {
      const from = lines.length;
      const ended = once(child, 'exit');
      child.stdin.write('{"do": "leave"}\n');
      const left = await next(({ event }) => event === 'left', from);
      await ended;
      return Number(left.acknowledged);
    },
    stop: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}
