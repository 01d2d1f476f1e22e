import { type HealthItem, HealthLedger } from '../../health.ts';
import {
  CHILD_BYTES_PER_LINE,
  CHILD_BYTES_PER_SECOND_MAX,
  CHILD_LINES_PER_SECOND_DEFAULT,
} from '../../limits.ts';
import { RateBucket } from '../../pipeline/rate-bucket.ts';
import type { Child, ChildExit } from '../../ports/process-port.ts';
import type { SourcePorts } from '../../ports/source-ports.ts';
import { LineJsonDecoder } from '../../protocols/line-json.ts';
import type { Reading } from '../../reading.ts';
import { keyFault } from '../../reading-key.ts';
import type { Source, SourceDescription, SourceSink } from '../../source.ts';
import { Backoff } from '../backoff.ts';
import { ByteBrake } from '../byte-brake.ts';
import { childEnvironment, describeExit, endChild } from '../child.ts';
import { PassingTroubles } from '../passing-troubles.ts';
import { StderrLog } from './stderr-log.ts';

export interface ExecSourceOptions {
  readonly name: string;
  /** The program and its arguments; no shell in between. */
  readonly command: readonly string[];
  readonly cwd?: string;
  /** Variables to set for the child, and names of our own variables to pass on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly passEnv?: readonly string[];
  /** Put before each key, with a slash. */
  readonly keyPrefix?: string;
  /** Lines parsed a second; what comes beyond is dropped unread. */
  readonly linesPerSecondMax?: number;
}

/** Bounds of the pause between restarts, and the run after which a child counts as well again. */
const BACKOFF = { minMs: 1000, maxMs: 60_000, settledAfterMs: 30_000 };
/** From SIGTERM to SIGKILL when the source is stopped, ms. */
const STOP_GRACE_MS = 2000;

/** Runs a program that prints readings, one JSON object a line, and keeps it running. */
export class ExecSource implements Source {
  readonly description: SourceDescription;
  readonly #options: ExecSourceOptions;
  readonly #ports: SourcePorts;
  readonly #ledger = new HealthLedger();
  readonly #decoder = new LineJsonDecoder();
  readonly #stderr: StderrLog;
  readonly #backoff = new Backoff(BACKOFF);
  readonly #linesPerSecondMax: number;
  readonly #bytesPerSecondMax: number;
  readonly #brake: ByteBrake;
  readonly #lines: RateBucket;
  readonly #troubles: PassingTroubles;
  readonly #counters = { starts: 0, exits: 0, readings: 0, garbageLines: 0, floodedLines: 0, pauses: 0 };
  /** Grows with each start and stop: tells late calls from current ones. */
  #run = 0;
  #sink: SourceSink | undefined;
  #child: Child | undefined;
  #childEnded: Promise<void> = Promise.resolve();
  #cancelRestart: (() => void) | undefined;
  #cancelSettled: (() => void) | undefined;

  constructor(options: ExecSourceOptions, ports: SourcePorts) {
    this.description = { kind: 'exec', name: options.name };
    this.#options = options;
    this.#ports = ports;
    this.#troubles = new PassingTroubles({ clock: ports.clock, ledger: this.#ledger });
    this.#linesPerSecondMax = options.linesPerSecondMax ?? CHILD_LINES_PER_SECOND_DEFAULT;
    this.#bytesPerSecondMax = Math.max(
      CHILD_BYTES_PER_SECOND_MAX,
      this.#linesPerSecondMax * CHILD_BYTES_PER_LINE,
    );
    this.#brake = new ByteBrake({ clock: ports.clock, bytesPerSecondMax: this.#bytesPerSecondMax });
    this.#lines = new RateBucket({ perSecond: this.#linesPerSecondMax, burst: 2 * this.#linesPerSecondMax });
    this.#stderr = new StderrLog((text) => ports.log({ event: 'source-stderr', source: options.name, text }));
  }

  start(sink: SourceSink): void {
    this.#run += 1;
    this.#sink = sink;
    this.#ledger.connect((change) => sink.health(change));
    this.#spawn();
  }

  async stop(): Promise<void> {
    this.#run += 1;
    this.#sink = undefined;
    this.#ledger.connect(undefined);
    this.#troubles.stop();
    this.#brake.release();
    for (const cancel of [this.#cancelRestart, this.#cancelSettled]) cancel?.();
    const { clock } = this.#ports;
    if (this.#child !== undefined) {
      await endChild(this.#child, { clock, ended: this.#childEnded, graceMs: STOP_GRACE_MS });
    }
  }

  health() {
    return this.#ledger.items();
  }

  counters() {
    return { ...this.#counters, stderrDropped: this.#stderr.dropped };
  }

  #spawn(): void {
    this.#counters.starts += 1;
    this.#decoder.reset();
    const { command, cwd, env, passEnv } = this.#options;
    const [program = '', ...args] = command;
    const startedAtMs = this.#ports.clock.nowMs();
    // A child that outlived its `stop` must not speak for its successor.
    const run = this.#run;
    const isCurrent = () => this.#run === run;
    const ended = Promise.withResolvers<void>();
    this.#childEnded = ended.promise;
    const childEnv = childEnvironment(this.#ports.processes.environment, { pass: passEnv, set: env });
    const child: Child = this.#ports.processes.spawn(
      { program, args, env: childEnv, cwd },
      {
        stdout: (bytes) => {
          if (isCurrent()) this.#handleStdout(bytes);
        },
        stderr: (bytes) => {
          if (isCurrent()) this.#stderr.push(this.#ports.clock.nowMs(), bytes);
        },
        exited: (exit) => {
          ended.resolve();
          if (this.#child === child) this.#child = undefined;
          if (isCurrent()) this.#handleExit(exit, this.#ports.clock.nowMs() - startedAtMs);
        },
      },
    );
    this.#child = child;
    this.#cancelSettled = this.#ports.clock.schedule(BACKOFF.settledAfterMs, () => {
      this.#ledger.clear({ code: 'source-exited', subject: this.description.name });
    });
  }

  #handleExit(exit: ChildExit, ranForMs: number): void {
    this.#counters.exits += 1;
    this.#brake.release();
    this.#cancelSettled?.();
    const pauseMs = this.#backoff.pauseAfter(ranForMs);
    const [program = ''] = this.#options.command;
    this.#raise({
      code: 'source-exited',
      severity: exit.error === undefined ? 'warning' : 'failure',
      title: exit.error === undefined ? 'the program ended' : 'the program does not start',
      text:
        `${program}: the child process ${describeExit(exit)}. Starting it again in ${pauseMs / 1000} s. ` +
        'Run the command by hand as the same user, and look for source-stderr in the log.',
    });
    this.#cancelRestart = this.#ports.clock.schedule(pauseMs, () => this.#spawn());
  }

  #handleStdout(bytes: Uint8Array): void {
    const nowMs = this.#ports.clock.nowMs();
    for (const line of this.#decoder.split(bytes)) {
      if (!this.#lines.take(nowMs)) {
        this.#counters.floodedLines += 1;
        this.#reportFlood();
        continue;
      }
      const decoded = this.#decoder.parse(line, nowMs);
      if (decoded === undefined) continue;
      if (decoded.kind === 'garbage') this.#reportGarbage(decoded.fault);
      else this.#deliver(decoded.reading);
    }
    const flow = { pause: () => this.#child?.pauseStdout(), resume: () => this.#child?.resumeStdout() };
    if (!this.#brake.count(bytes.length, flow)) return;
    this.#counters.pauses += 1;
    this.#reportFlood();
  }

  #deliver(reading: Reading): void {
    const { keyPrefix } = this.#options;
    const key = keyPrefix === undefined ? reading.key : `${keyPrefix}/${reading.key}`;
    // A prefix can make an allowed key too long.
    if (keyFault(key) !== undefined) {
      this.#reportGarbage('bad-key');
      return;
    }
    this.#counters.readings += 1;
    this.#sink?.reading({ ...reading, key });
  }

  #reportGarbage(fault: string): void {
    this.#counters.garbageLines += 1;
    this.#troubles.report({
      subject: this.description.name,
      code: 'source-garbage',
      severity: 'warning',
      title: 'lines that are no readings',
      text:
        `One was refused as ${fault}. Each line on stdout must be one JSON object such as ` +
        '{"key":"tank/level","value":71.5,"unit":"%"}; send anything else to stderr.',
    });
  }

  #reportFlood(): void {
    this.#troubles.report({
      subject: this.description.name,
      code: 'source-flooding',
      severity: 'warning',
      title: 'more lines than allowed',
      text:
        `It prints more than ${this.#linesPerSecondMax} lines or ${this.#bytesPerSecondMax / 1024} KiB a second; ` +
        'lines beyond are dropped. ' +
        'Print less often, or raise linesPerSecond.',
    });
  }

  #raise(item: Omit<HealthItem, 'subject'>): void {
    this.#ledger.raise({ ...item, subject: this.description.name });
  }
}
