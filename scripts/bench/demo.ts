/**
 * What the daemons of the demo cost and how fast they are, with real processes on this machine:
 * `node scripts/bench/demo.ts [--json] [--rounds 5] [--settle 120] [--idle 30] [--binary dist/gridvine-linux-x64]`.
 * It measures what `npm start` runs, or the binary that it is given.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { convergence } from '#device/demo/convergence.ts';
import { DaemonClient } from '#device/demo/daemon-client.ts';
import { DaemonProcess } from '#device/demo/daemon-process.ts';
import { DemoBroker } from '#device/demo/demo-broker.ts';
import { freeUdpPort } from '#device/demo/free-port.ts';
import { memberConfig } from '#device/demo/member-config.ts';
import { daemonNames } from '#device/demo/names.ts';
import { binaryProgram, type Program, scriptProgram } from '#device/demo/program.ts';
import { median, putToRead } from '#device/demo/put-to-read.ts';
import { createWorkspace } from '#device/demo/workspace.ts';
import { bundleForHere } from '../release/bundle-here.ts';
import { EXEC_ARGV } from '../release/sea.ts';

const NODES = 3;
const PUT_ROUNDS = 50;
const CONVERGENCE_LIMIT_MS = 60_000;
/** Ticks of the CPU clock in a second (`getconf CLK_TCK`), the same on all Linux platforms that Node runs on. */
const TICKS_PER_SECOND = 100;
const LOOP_DELAY_MS = 5;

interface Start {
  readonly seenMs: number;
  readonly seenAfterReadyMs: number;
  readonly readyMs: readonly number[];
}

interface Idle {
  readonly name: string;
  readonly publishes: boolean;
  readonly rssMb: number;
  readonly anonymousMb: number;
  readonly cpuPercent: number;
}

interface Result {
  readonly program: string;
  readonly starts: readonly Start[];
  readonly putToReadMs: readonly number[];
  readonly idle: readonly Idle[];
}

interface Fleet {
  readonly daemons: readonly { readonly process: DaemonProcess; readonly client: DaemonClient }[];
  readonly startedAtMs: number;
  end(): Promise<void>;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      idle: { type: 'string', default: '30' },
      // Only then a daemon has allocated enough for its heap to be as large as it stays.
      settle: { type: 'string', default: '120' },
      binary: { type: 'string' },
    },
  });
  const result = await measure(await programOf(values.binary), {
    rounds: Number(values.rounds),
    settleS: Number(values.settle),
    idleS: Number(values.idle),
  });
  const loadAverage = Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ benchmark: 'demo', loadAverage, ...result })}\n`
      : table(result, loadAverage),
  );
}

async function programOf(binary: string | undefined): Promise<Program> {
  if (binary !== undefined) return binaryProgram(resolve(binary));
  return scriptProgram({ script: await bundleForHere(), flags: EXEC_ARGV });
}

async function measure(
  program: Program,
  options: { rounds: number; settleS: number; idleS: number },
): Promise<Result> {
  const starts: Start[] = [];
  for (let round = 1; round < options.rounds; round++) {
    const fleet = await startFleet(program);
    try {
      starts.push(await measureStart(fleet));
    } finally {
      await fleet.end();
    }
  }
  const fleet = await startFleet(program);
  try {
    starts.push(await measureStart(fleet));
    const [writer, ...readers] = fleet.daemons.map(({ client }) => client);
    if (writer === undefined) throw new Error('expected at least one daemon');
    const putToReadMs = await putToRead({ writer, readers, rounds: PUT_ROUNDS });
    await sleep(options.settleS * 1_000);
    return {
      program: program.args.at(-1) ?? program.file,
      starts,
      putToReadMs,
      idle: await measureIdle(fleet, options.idleS),
    };
  } finally {
    await fleet.end();
  }
}

async function startFleet(program: Program): Promise<Fleet> {
  const workspace = createWorkspace();
  const broker = await DemoBroker.start();
  const multicastPort = await freeUdpPort();
  const { cluster, keyFile } = workspace;
  const daemons = daemonNames(NODES).map((name, index) => {
    const directory = workspace.nodeDirectory(name);
    const place = { name, index, cluster, keyFile, multicastPort, directory, nowMs: Date.now() };
    const config = memberConfig({ ...place, ...(index === 0 ? { brokerUrl: broker.url } : {}) });
    const process = new DaemonProcess({ name, directory, config, program });
    return { process, client: new DaemonClient(process.socket) };
  });
  return {
    daemons,
    startedAtMs: performance.now(),
    async end() {
      await Promise.all(daemons.map(({ process }) => process.leave()));
      await broker.close();
      workspace.remove();
    },
  };
}

async function measureStart({ daemons, startedAtMs }: Fleet): Promise<Start> {
  const clients = daemons.map(({ client }) => client);
  const found = await convergence(clients, AbortSignal.timeout(CONVERGENCE_LIMIT_MS));
  if (found === undefined) {
    throw new Error(
      `the daemons did not see each other; the first one's log:\n${daemons[0]?.process.logTail()}`,
    );
  }
  const readyMs = await Promise.all(daemons.map(({ process }) => startToReady(process)));
  return {
    seenMs: found.convergedAtMs - startedAtMs,
    seenAfterReadyMs: found.convergedAtMs - found.answeredAtMs,
    readyMs,
  };
}

/** What the daemon itself wrote into its log on being ready: milliseconds since its process began. */
async function startToReady(daemon: DaemonProcess): Promise<number> {
  for (;;) {
    for (const line of readFileSync(daemon.logFile, 'utf8').split('\n')) {
      const entry = line.startsWith('{') ? JSON.parse(line) : {};
      if (entry.event === 'ready') return Number(entry.startMs);
    }
    await sleep(LOOP_DELAY_MS);
  }
}

async function measureIdle({ daemons }: Fleet, seconds: number): Promise<Idle[]> {
  const pids = daemons.map(({ process }) => process.pid ?? 0);
  const before = pids.map(cpuTicks);
  const startMs = performance.now();
  await sleep(seconds * 1_000);
  const elapsedS = (performance.now() - startMs) / 1_000;
  return daemons.map(({ process }, index) => {
    const pid = pids[index] ?? 0;
    const ticks = cpuTicks(pid) - (before[index] ?? 0);
    return {
      name: process.name,
      publishes: index === 0,
      ...memoryOf(pid),
      cpuPercent: (100 * ticks) / TICKS_PER_SECOND / elapsedS,
    };
  });
}

/** User and system time of all threads of a process (proc_pid_stat(5), fields 14 and 15). */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function memoryOf(pid: number): { readonly rssMb: number; readonly anonymousMb: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const megabytes = (field: string) =>
    Number(new RegExp(`^${field}: +(\\d+) kB$`, 'm').exec(rollup)?.[1]) / 1_024;
  return { rssMb: megabytes('Rss'), anonymousMb: megabytes('Anonymous') };
}

function table({ program, starts, putToReadMs, idle }: Result, loadAverage: number): string {
  const lines = [
    `${program}  (${NODES} daemons, ${starts.length} starts)`,
    row(
      'start of the process to ready',
      starts.flatMap(({ readyMs }) => readyMs),
      'ms',
    ),
    row(
      'start of the last to all see all',
      starts.map(({ seenMs }) => seenMs),
      'ms',
    ),
    row(
      'ready of the last to all see all',
      starts.map(({ seenAfterReadyMs }) => seenAfterReadyMs),
      'ms',
    ),
    row(`put on one to read on the others (${putToReadMs.length})`, putToReadMs, 'ms'),
    ...idle.map(
      ({ name, publishes, rssMb, anonymousMb, cpuPercent }) =>
        `  ${`idle ${name}${publishes ? ' (publishes to MQTT)' : ''}`.padEnd(40)}` +
        `RSS ${rssMb.toFixed(1)} MB, anonymous ${anonymousMb.toFixed(1)} MB, ${cpuPercent.toFixed(2)} % of a core`,
    ),
    '',
  ];
  return `${lines.join('\n')}load average ${loadAverage}\n`;
}

function row(label: string, samples: readonly number[], unit: string): string {
  const figures = [Math.min(...samples), median(samples) ?? Number.NaN, Math.max(...samples)];
  const [least, middle, most] = figures.map((figure) => figure.toFixed(0));
  return `  ${label.padEnd(40)}median ${middle} ${unit} (${least} to ${most})`;
}

await main();
