import type { HealthItem } from '../../health.ts';
import type { SourcePorts } from '../../ports/source-ports.ts';
import type { Source, SourceDescription, SourceSink } from '../../source.ts';
import { type PlantOptions, type PlantState, plantStep } from './plant.ts';
import { PlantClock } from './plant-clock.ts';

export interface PlantSourceOptions extends PlantOptions {
  readonly name: string;
  /** Real milliseconds between readings. */
  readonly intervalMs: number;
  /** Simulated time per real time: 1 follows the sun outside, 1440 runs through a day in a minute. */
  readonly speed: number;
}

/** A solar plant that does not exist: its readings lie under `sim/`, and its description says that it is simulated. */
export class PlantSource implements Source {
  readonly description: SourceDescription;
  readonly #options: PlantSourceOptions;
  readonly #ports: SourcePorts;
  readonly #counters = { steps: 0, readings: 0 };
  #storedWh: number;
  #cancelTimer: (() => void) | undefined;

  constructor(options: PlantSourceOptions, ports: SourcePorts) {
    this.description = { kind: 'plant', name: options.name, simulated: true };
    this.#options = options;
    this.#ports = ports;
    this.#storedWh = (options.batteryWh * options.initialSocPercent) / 100;
  }

  start(sink: SourceSink): void {
    const { speed, intervalMs } = this.#options;
    const clock = new PlantClock({ speed, intervalMs, ...this.#now() });
    this.#tick(sink, clock);
  }

  async stop(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  health(): readonly HealthItem[] {
    return [];
  }

  counters() {
    return { ...this.#counters };
  }

  #tick(sink: SourceSink, clock: PlantClock): void {
    this.#cancelTimer = this.#ports.clock.schedule(this.#options.intervalMs, () => this.#tick(sink, clock));
    let state: PlantState | undefined;
    for (const timeMs of clock.dueSteps(this.#now())) {
      state = plantStep(this.#options, { storedWh: this.#storedWh, timeMs, stepMs: clock.stepMs });
      this.#storedWh = state.storedWh;
      this.#counters.steps += 1;
    }
    if (state !== undefined) this.#deliver(sink, state);
  }

  #deliver(sink: SourceSink, state: PlantState): void {
    const takenAtMs = this.#ports.clock.nowMs();
    const values: readonly (readonly [string, number, string])[] = [
      ['sim/pv/irradiance', state.irradiance, 'W/m²'],
      ['sim/pv/power', state.pv, 'W'],
      ['sim/pv/curtailed', state.curtailed, 'W'],
      ['sim/battery/soc', (state.storedWh / this.#options.batteryWh) * 100, '%'],
      ['sim/battery/power', state.battery, 'W'],
      ['sim/load/power', state.load, 'W'],
      ['sim/load/unserved', state.unserved, 'W'],
    ];
    this.#counters.readings += values.length;
    for (const [key, value, unit] of values) sink.reading({ key, value, unit, quality: 'good', takenAtMs });
  }

  #now() {
    return { nowMs: this.#ports.clock.nowMs(), wallMs: this.#ports.clock.wallMs() };
  }
}
