import type { SourceConfig } from '#bridge/config.ts';
import { createSource, type SourceContext } from '#bridge/create-source.ts';
import type { HealthChange } from '#bridge/health.ts';
import type { Reading } from '#bridge/reading.ts';
import type { Source } from '#bridge/source.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import type { HealthItem, RunningNode } from '#runtime/driver/contract.ts';
import type { LogSink } from '#runtime/driver/log.ts';
import type { SourceReport } from '../api/service.ts';
import { Conditions } from './conditions.ts';

export interface SourceRunnerOptions {
  readonly configs: readonly SourceConfig[];
  readonly context: SourceContext;
  readonly node: Pick<RunningNode, 'put'>;
  readonly log: LogSink;
  /** Default: the sources of `firmware-bridge`. */
  readonly create?: (config: SourceConfig, context: SourceContext) => Source;
}

interface RunningSource {
  readonly config: SourceConfig;
  /** undefined: it could not even be started. */
  readonly source: Source | undefined;
}

/** Puts the readings of all configured sources into the node's own records. Whatever a source does, the daemon goes on. */
export class SourceRunner {
  readonly #options: SourceRunnerOptions;
  readonly #conditions: Conditions;
  #running: readonly RunningSource[] = [];

  constructor(options: SourceRunnerOptions) {
    this.#options = options;
    this.#conditions = new Conditions(() => options.context.ports.clock.nowMs());
  }

  start(): void {
    this.#running = this.#options.configs.map((config) => ({ config, source: this.#startOne(config) }));
  }

  /** Nothing is put after the call; resolves when nothing of any source runs any more. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = [];
    await Promise.allSettled(running.map(({ source }) => source?.stop()));
  }

  health(): HealthItem[] {
    return this.#conditions.items();
  }

  reports(): SourceReport[] {
    return this.#running.map(({ config, source }) => ({
      name: config.name,
      kind: config.kind,
      simulated: source?.description.simulated === true,
      state: source === undefined ? 'failed' : 'running',
      counters: source?.counters() ?? {},
      health: (source?.health() ?? []).map(({ code, severity, title, text }) => ({
        code,
        severity,
        title,
        text,
      })),
    }));
  }

  #startOne(config: SourceConfig): Source | undefined {
    try {
      const source = (this.#options.create ?? createSource)(config, this.#options.context);
      source.start({
        reading: (reading) => this.#put(config.name, reading),
        health: (change) => this.#note(change),
      });
      return source;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#options.log('error', 'source-not-started', { source: config.name, error: text });
      this.#conditions.raise(`source-failed ${config.name}`, {
        code: 'source-failed',
        severity: 'failure',
        title: `${config.name}: could not be started`,
        text: `${text}. Correct sources in the configuration and restart; try it with \`gridvine source test ${config.name}\`.`,
      });
      return undefined;
    }
  }

  #put(source: string, { key, value, unit, quality, takenAtMs }: Reading): void {
    const { node, context, log } = this.#options;
    const id = `reading-refused ${source} ${key}`;
    try {
      node.put(key, value, {
        // The age says how far a reading can be trusted, and one of an earlier life is worth nothing.
        keep: false,
        quality,
        ageMs: Math.max(0, context.ports.clock.nowMs() - takenAtMs),
        ...(unit === undefined ? {} : { unit }),
      });
      this.#conditions.clear(id);
    } catch (error) {
      if (!(error instanceof GridvineError)) throw error;
      if (error.code === 'E_CLOSED') return;
      const isNew = this.#conditions.raise(id, {
        code: 'reading-refused',
        severity: 'warning',
        title: `${source}: ${key} is not shared`,
        text: `${error.message}. The last accepted value stays, and grows old.`,
      });
      if (isNew) log('warn', 'reading-refused', { source, key, error: error.message });
    }
  }

  #note(change: HealthChange): void {
    const { code, subject } = change.kind === 'raise' ? change.item : change;
    const id = `${code} ${subject}`;
    if (change.kind === 'clear') {
      this.#conditions.clear(id);
      this.#options.log('info', 'source-condition-cleared', { code, subject });
      return;
    }
    const { severity, title, text } = change.item;
    const isNew = this.#conditions.raise(id, { code, severity, title: `${subject}: ${title}`, text });
    if (isNew) this.#options.log('warn', 'source-condition', { code, subject, text });
  }
}
