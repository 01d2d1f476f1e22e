/**
 * What it costs to keep a table of records on a medium: `node scripts/bench/store.ts [DIRECTORY]`. Plays one day of 20 readings a second
 * as it reaches the medium, coalesced, and shows bytes written a day, memory, and how long a start reads.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { KeptDay, READERS, type Reader } from './store/keeper.ts';
import { LOADS, type Row, SIDES, type SideOptions } from './store/sides.ts';

const DAY_S = 86_400;
const FLUSH_S = 100;
const READINGS = 20;
const BODY_BYTES = 110;

/** Which records change: all of one node, or one each of as many nodes. */
const SHAPES = ['one-node', 'many-nodes'] as const;

interface Task {
  readonly side: string;
  readonly shape: (typeof SHAPES)[number];
  readonly owners: number;
  readonly pageBytes: number;
  readonly logBytesMax: number;
}

interface Result {
  /** Bytes that the process gave to the operating system, and whole blocks that it made dirty, in MB a day. */
  readonly givenMb: number;
  readonly blocksMb: number;
  readonly fileKb: number;
  readonly anonymousMb: number;
  readonly commitMs: number;
  readonly loadMs: number;
  readonly rows: number;
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === '--day')
  process.stdout.write(JSON.stringify(await playDay(rest[0] as Reader, Number(rest[1]), rest[2])));
else if (mode === '--task') process.stdout.write(JSON.stringify(play(JSON.parse(rest[0]), rest[1])));
else if (mode === '--load') process.stdout.write(JSON.stringify(load(JSON.parse(rest[0]), rest[1])));
else if (mode === '--keeper') measure(rest[0] ?? tmpdir());
else {
  compare(mode ?? tmpdir());
  measure(mode ?? tmpdir());
}

function compare(place: string): void {
  const tasks: Task[] = [];
  for (const owners of [100, 1_000])
    for (const shape of SHAPES)
      for (const side of Object.keys(SIDES))
        for (const pageBytes of side === 'append-log' ? [0] : [1_024, 4_096])
          tasks.push({ side, shape, owners, pageBytes, logBytesMax: 1_048_576 });
  process.stdout.write(
    'nodes  readings    side              page   given MB/day  blocks MB/day  file KB  memory MB  commit ms  load ms\n',
  );
  for (const task of tasks) {
    const directory = mkdtempSync(join(place, 'gridvine-store-'));
    try {
      const played = run(['--task', JSON.stringify(task), directory]) as Omit<Result, 'loadMs' | 'rows'>;
      const loaded = run(['--load', JSON.stringify(task), directory]) as Pick<Result, 'loadMs' | 'rows'>;
      process.stdout.write(`${line(task, { ...played, ...loaded })}\n`);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
}

/** The daemon's own keeper, as it writes in a day. */
function measure(place: string): void {
  process.stdout.write(
    '\nnodes  readings of    given MB/day  blocks MB/day  first ms  longest ms  load ms  memory MB\n',
  );
  for (const owners of [10, 100, 1_000])
    for (const reader of READERS) {
      // Twenty of ten there aren't; and ten times what a hundred say is held back alike.
      if (reader === (owners === 10 ? 'twenty others' : owners === 1_000 ? 'all others' : '')) continue;
      const directory = mkdtempSync(join(place, 'gridvine-store-'));
      const day = run(['--day', reader, String(owners), directory]) as Day;
      rmSync(directory, { recursive: true });
      const numbers = [day.givenMb, day.blocksMb, day.firstMs, day.longestMs, day.loadMs, day.anonymousMb];
      const columns = numbers.map((number, i) => number.toFixed(1).padStart([13, 15, 10, 12, 9, 11][i]));
      process.stdout.write(`${String(owners).padStart(5)}  ${reader.padEnd(13)}${columns.join('')}\n`);
    }
}

interface Day {
  readonly givenMb: number;
  readonly blocksMb: number;
  /** Writing everything for the first time, whole. */
  readonly firstMs: number;
  /** The longest that the event loop stood still meanwhile. */
  readonly longestMs: number;
  /** Reading it back. */
  readonly loadMs: number;
  readonly anonymousMb: number;
}

async function playDay(reader: Reader, owners: number, directory: string): Promise<Day> {
  const memoryBefore = anonymousBytes();
  const day = new KeptDay(directory, owners);
  const held = anonymousBytes();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await day.load();
  const startMs = performance.now();
  await day.start();
  const firstMs = performance.now() - startMs;
  delay.disable();
  const before = written();
  day.longestMs = 0;
  await day.play(DAY_S, reader);
  const after = written();
  const anonymousMb = (anonymousBytes() - Math.max(memoryBefore, held)) / 1e6;
  await day.keeper.close();
  const again = new KeptDay(directory, owners);
  const loadStartMs = performance.now();
  const others = await again.load();
  const loadMs = performance.now() - loadStartMs;
  await again.keeper.close();
  if (others !== owners - 1) throw new Error(`${others} owners came back`);
  return {
    givenMb: (after.given - before.given) / 1e6,
    blocksMb: (after.blocks - before.blocks) / 1e6,
    firstMs,
    longestMs: Math.max(day.longestMs, delay.max / 1e6),
    loadMs,
    anonymousMb,
  };
}

/** In a process of its own: what it uses is its own. */
function run(args: readonly string[]): unknown {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--no-warnings', '--expose-gc', import.meta.filename, ...args],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

function line({ owners, shape, side, pageBytes }: Task, result: Result): string {
  return [
    String(owners).padStart(5),
    shape.padEnd(11),
    side.padEnd(17),
    String(pageBytes || '-').padStart(5),
    result.givenMb.toFixed(1).padStart(13),
    result.blocksMb.toFixed(1).padStart(14),
    result.fileKb.toFixed(0).padStart(8),
    result.anonymousMb.toFixed(1).padStart(10),
    result.commitMs.toFixed(2).padStart(10),
    `${result.loadMs.toFixed(1)} (${result.rows})`.padStart(8),
  ].join(' ');
}

function play(task: Task, directory: string): Omit<Result, 'loadMs' | 'rows'> {
  const options = sideOptions(task, directory);
  const memoryBefore = anonymousBytes();
  const side = SIDES[task.side](options);
  const all: Row[] = [];
  for (let owner = 0; owner < task.owners; owner++)
    for (let name = 0; name < 20; name++) all.push(rowOf(owner, name, 0));
  for (let i = 0; i < all.length; i += 2_000) side.commit(all.slice(i, i + 2_000));
  all.length = 0;
  const before = written();
  const startMs = performance.now();
  const flushes = DAY_S / FLUSH_S;
  for (let flush = 1; flush <= flushes; flush++)
    side.commit(
      Array.from({ length: READINGS }, (_, i) =>
        task.shape === 'one-node' ? rowOf(7, i, flush) : rowOf((i * task.owners) / READINGS, 3, flush),
      ),
    );
  const commitMs = (performance.now() - startMs) / flushes;
  const after = written();
  globalThis.gc?.();
  const anonymousMb = (anonymousBytes() - memoryBefore) / 1e6;
  const fileKb = fileBytes(directory) / 1e3;
  // Not closed: the load is that after a power cut.
  return {
    givenMb: (after.given - before.given) / 1e6,
    blocksMb: (after.blocks - before.blocks) / 1e6,
    fileKb,
    anonymousMb,
    commitMs,
  };
}

function load(task: Task, directory: string): Pick<Result, 'loadMs' | 'rows'> {
  const startMs = performance.now();
  const rows = LOADS[task.side](sideOptions(task, directory));
  return { loadMs: performance.now() - startMs, rows };
}

function sideOptions({ pageBytes, logBytesMax }: Task, directory: string): SideOptions {
  return { directory, pageBytes, logBytesMax };
}

function rowOf(owner: number, name: number, turn: number): Row {
  const body = new Uint8Array(BODY_BYTES);
  for (let i = 0; i < body.length; i++) body[i] = (owner * 31 + name * 17 + turn * 7 + i) & 255;
  return { owner, name, body };
}

/** `/proc/self/io`: `wchar` is what was given to `write`, `write_bytes` what became dirty in whole blocks. */
function written(): { given: number; blocks: number } {
  const text = readFileSync('/proc/self/io', 'latin1');
  const read = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1]);
  return { given: read('wchar'), blocks: read('write_bytes') };
}

function anonymousBytes(): number {
  globalThis.gc?.();
  const text = readFileSync('/proc/self/smaps_rollup', 'latin1');
  return 1_024 * Number(/^Anonymous:\s+(\d+) kB$/m.exec(text)?.[1]);
}

function fileBytes(directory: string): number {
  const { stdout } = spawnSync('du', ['-sb', directory], { encoding: 'utf8' });
  return Number.parseInt(stdout, 10);
}
