import type { CliIo } from '../cli/io.ts';
import { painter } from '../cli/output.ts';
import { type Convergence, convergence } from './convergence.ts';
import { DaemonClient } from './daemon-client.ts';
import { DaemonProcess } from './daemon-process.ts';
import { DemoBroker } from './demo-broker.ts';
import { freeUdpPort } from './free-port.ts';
import { APPEND_MS, CONVERGENCE_LIMIT_MS, PUT_ROUNDS, REPAINT_MS, SAME_KEY_MS } from './limits.ts';
import { memberConfig } from './member-config.ts';
import { daemonNames } from './names.ts';
import { type Daemon, endingText, Observer } from './observer.ts';
import { spokenCommand, thisProgram } from './program.ts';
import { median, putToRead } from './put-to-read.ts';
import { hasReadings } from './readings.ts';
import { Screen } from './screen.ts';
import { type DemoSummary, summaryLines } from './summary.ts';
import { wrap } from './text.ts';
import { renderDemo } from './view.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

export interface DemoOptions {
  readonly nodes: number;
  /** How long it runs, in milliseconds; absent: until interrupted. */
  readonly durationMs?: number;
  /** End as soon as all see each other and have readings, and show one picture. */
  readonly once: boolean;
  /** Print the summary as JSON, and no pictures. */
  readonly json: boolean;
}

/**
 * Runs a small micro-grid of daemons on this machine and shows it live, until interrupted or for a time. Nothing of it is
 * left behind: neither processes nor files.
 * @returns whether all daemons saw each other alive.
 */
export async function runDemo(options: DemoOptions, io: CliIo): Promise<boolean> {
  const workspace = createWorkspace();
  const removeAtExit = () => workspace.remove();
  process.once('exit', removeAtExit);
  const broker = await DemoBroker.start();
  const multicastPort = await freeUdpPort();
  const demo = new Demo({ options, io, workspace, broker, multicastPort });
  try {
    return await demo.run();
  } finally {
    demo.killAll();
    await broker.close();
    workspace.remove();
    process.off('exit', removeAtExit);
  }
}

class Demo {
  readonly #options: DemoOptions;
  readonly #io: CliIo;
  readonly #broker: DemoBroker;
  readonly #screen: Screen;
  readonly #observer: Observer;
  readonly #daemons: readonly Daemon[];
  readonly #startedAtMs: number;
  /** Aborted when the demo is to end: by the person, by time, or because it has shown what it should. */
  readonly #end = new AbortController();
  #phase: 'starting' | 'running' | 'leaving' = 'starting';
  #converged: Convergence | undefined;
  #putToRead: readonly number[] = [];

  constructor(parts: {
    readonly options: DemoOptions;
    readonly io: CliIo;
    readonly workspace: Workspace;
    readonly broker: DemoBroker;
    readonly multicastPort: number;
  }) {
    const { options, io, workspace, broker, multicastPort } = parts;
    this.#options = options;
    this.#io = io;
    this.#broker = broker;
    this.#screen = new Screen(io.stdout);
    this.#daemons = daemonNames(options.nodes).map((name, index) =>
      startDaemon({ name, index, workspace, broker, multicastPort }),
    );
    this.#startedAtMs = performance.now();
    this.#observer = new Observer({
      daemons: this.#daemons,
      broker,
      cluster: workspace.cluster,
      command: spokenCommand({
        program: thisProgram(),
        argv0: process.argv0,
        cwd: process.cwd(),
        env: io.env,
      }),
    });
  }

  async run(): Promise<boolean> {
    const release = this.#listenToSignals();
    const { durationMs } = this.#options;
    const timer = durationMs === undefined ? undefined : setTimeout(() => this.#end.abort(), durationMs);
    try {
      await Promise.all([this.#measure(), this.#paintUntilEnd()]);
      const failure = this.#failureToStart();
      const lost = this.#daemons.filter(({ process }) => !process.running).map(({ process }) => process.name);
      await this.#leave();
      this.#report(failure, lost);
      return this.#converged !== undefined;
    } finally {
      clearTimeout(timer);
      this.#screen.release();
      release();
    }
  }

  killAll(): void {
    for (const { process } of this.#daemons) process.kill();
  }

  /** Ctrl-C once: everybody leaves in order. Twice: everybody is killed. */
  #listenToSignals(): () => void {
    let firstAtMs: number | undefined;
    const handler = () => {
      firstAtMs ??= performance.now();
      // The terminal signals the whole group, and npm and `npm start` pass on to us what they get: one key, up to three signals.
      if (this.#end.signal.aborted && performance.now() - firstAtMs > SAME_KEY_MS) this.killAll();
      this.#end.abort();
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const signal of signals) process.on(signal, handler);
    return () => {
      for (const signal of signals) process.off(signal, handler);
    };
  }

  /** Waits for the daemons to find each other, and measures; ends the demo where there is nothing to wait for. */
  async #measure(): Promise<void> {
    const clients = this.#daemons.map(({ client }) => client);
    const [writer, ...readers] = clients;
    const limit = AbortSignal.any([
      this.#end.signal,
      AbortSignal.timeout(CONVERGENCE_LIMIT_MS),
      this.#allEnded(),
    ]);
    this.#converged = await convergence(clients, limit);
    if (this.#converged === undefined) {
      if (this.#options.once || this.#daemons.every(({ process }) => !process.running)) this.#end.abort();
      return;
    }
    this.#phase = 'running';
    if (writer !== undefined && readers.length > 0) {
      // A daemon may be killed in the middle of it: then there is no figure.
      this.#putToRead = await putToRead({ writer, readers, rounds: PUT_ROUNDS }).catch(() => []);
    }
    if (this.#options.once) {
      await this.#readingsEverywhere(limit);
      this.#end.abort();
    }
  }

  /** Aborted when no daemon runs any more. */
  #allEnded(): AbortSignal {
    const controller = new AbortController();
    void Promise.all(this.#daemons.map(({ process }) => process.whenEnded)).then(() => controller.abort());
    return controller.signal;
  }

  async #readingsEverywhere(limit: AbortSignal): Promise<void> {
    const complete = async () => {
      const records = (await this.#daemons[0]?.client.records()) ?? [];
      return this.#daemons.every(({ process }) => hasReadings(records, process.name));
    };
    while (!limit.aborted && !(await complete())) await pause(REPAINT_MS, limit);
  }

  async #paintUntilEnd(): Promise<void> {
    const { once, json } = this.#options;
    while (!this.#end.signal.aborted) {
      if (!once && !json) await this.#paint();
      await pause(this.#screen.interactive ? REPAINT_MS : APPEND_MS, this.#end.signal);
    }
    if (!json) await this.#paint();
  }

  async #paint(): Promise<void> {
    const snapshot = await this.#observer.look({ phase: this.#phase, hints: !this.#end.signal.aborted });
    const { width, height } = this.#screen;
    const paint = painter(this.#io);
    this.#screen.show(renderDemo(snapshot, { width, paint, ...(height === undefined ? {} : { height }) }));
  }

  /** One after the other, the first last: it sees the others leave, and tells the broker. */
  async #leave(): Promise<void> {
    this.#phase = 'leaving';
    const [first, ...others] = this.#daemons;
    for (const { process } of others.toReversed()) {
      if (!process.running) continue;
      await process.leave();
      if (!this.#options.json && this.#screen.interactive) await this.#paint();
    }
    if (!this.#options.json && !this.#options.once) await this.#paint();
    await first?.process.leave();
  }

  /** Why a daemon ended before all had seen each other; undefined where none did. */
  #failureToStart(): string | undefined {
    if (this.#converged !== undefined) return undefined;
    const failed = this.#daemons.find(({ process }) => process.ending !== undefined)?.process;
    if (failed?.ending === undefined) return undefined;
    return `${failed.name} ${endingText(failed.ending)}; its log ends with:\n${failed.logTail()}`;
  }

  #report(failure: string | undefined, lost: readonly string[]): void {
    const summary = this.#summary(lost);
    if (this.#options.json) this.#io.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    else
      this.#screen.say(
        ['', ...this.#wrapped([...summaryLines(summary), 'All daemons have left.'])].join('\n'),
      );
    if (failure !== undefined) this.#io.stderr.write(`gridvine: ${failure}\n`);
  }

  #wrapped(lines: readonly string[]): string[] {
    return lines.flatMap((line) => wrap(line, this.#screen.width));
  }

  #summary(lost: readonly string[]): DemoSummary {
    const converged = this.#converged;
    const middle = median(this.#putToRead);
    return {
      schema: 'gridvine.demo/1',
      nodes: this.#options.nodes,
      converged: converged !== undefined,
      seenMs: converged === undefined ? null : Math.round(converged.convergedAtMs - this.#startedAtMs),
      seenAfterReadyMs:
        converged === undefined ? null : Math.round(converged.convergedAtMs - converged.answeredAtMs),
      putToReadMs:
        middle === undefined
          ? null
          : { median: middle, max: Math.max(...this.#putToRead), rounds: this.#putToRead.length },
      mqttMessages: this.#broker.counts.messages,
      lost,
    };
  }
}

function startDaemon(options: {
  readonly name: string;
  readonly index: number;
  readonly workspace: Workspace;
  readonly broker: DemoBroker;
  readonly multicastPort: number;
}): Daemon {
  const { name, index, workspace, broker, multicastPort } = options;
  const directory = workspace.nodeDirectory(name);
  const { cluster, keyFile } = workspace;
  const config = memberConfig({
    name,
    index,
    cluster,
    keyFile,
    multicastPort,
    directory,
    nowMs: Date.now(),
    ...(index === 0 ? { brokerUrl: broker.url } : {}),
  });
  const process = new DaemonProcess({ name, directory, config, program: thisProgram() });
  return { process, client: new DaemonClient(process.socket) };
}

/** Waits, or less where the signal comes before. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
