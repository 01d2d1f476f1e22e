import { HealthLedger } from '../../health.ts';
import type { SourcePorts } from '../../ports/source-ports.ts';
import type { Source, SourceDescription, SourceSink } from '../../source.ts';
import { PollLoop } from '../poll-loop.ts';
import type { Sample, Sensor } from './sample.ts';
import { cpuSensor, diskSensor, loadSensor, memorySensor, uptimeSensor } from './sensors.ts';
import { temperatureSensor } from './temperature.ts';
import { THROTTLE_PATH, type Throttling, throttlingSensor } from './throttling.ts';

export interface SystemSourceOptions {
  readonly name: string;
  /** Milliseconds between two rounds over all sensors. A round reads some seven small files. */
  readonly intervalMs: number;
  /** A path on the file system to watch; `/` if absent. */
  readonly diskPath?: string;
  /** Types of the thermal zones that measure the processor, best first; a board profile knows them. */
  readonly temperatureZones?: readonly string[];
  /** The file of the firmware's throttling flags. Where it is named and missing, a health item says so. */
  readonly throttlePath?: string;
}

/** Load needs two rounds, so the second comes soon after the first. */
const SECOND_ROUND_MS = 1000;

/** This board's own state, read from `/proc` and `/sys` without starting any process. */
export class SystemSource implements Source {
  readonly description: SourceDescription;
  readonly #ports: SourcePorts;
  readonly #sensors: readonly Sensor[];
  /** Keys of sensors whose absence is worth an item. */
  readonly #expected: ReadonlySet<string>;
  /** One loop a sensor: a driver that hangs takes only its own readings with it. */
  readonly #loops: readonly PollLoop[];
  readonly #ledger = new HealthLedger();
  readonly #counters = { polls: 0, readings: 0, faults: 0 };
  #sink: SourceSink | undefined;

  constructor(options: SystemSourceOptions, ports: SourcePorts) {
    this.description = { kind: 'system', name: options.name };
    this.#ports = ports;
    const throttling = throttlingSensor(options.throttlePath ?? THROTTLE_PATH, (state) =>
      this.#judgePower(state),
    );
    const always = [
      cpuSensor(),
      memorySensor(),
      diskSensor(options.diskPath ?? '/'),
      temperatureSensor(options.temperatureZones),
      loadSensor(),
      uptimeSensor(),
    ];
    this.#sensors = [...always, throttling];
    // Most boards are no Raspberry Pi: there the flags' absence is no news.
    const expected = options.throttlePath === undefined ? always : this.#sensors;
    this.#expected = new Set(expected.map((sensor) => sensor.key));
    this.#loops = this.#sensors.map(
      (sensor) =>
        new PollLoop({
          clock: ports.clock,
          intervalMs: options.intervalMs,
          secondRoundMs: SECOND_ROUND_MS,
          round: (isCurrent) => this.#poll(sensor, isCurrent),
        }),
    );
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    this.#ledger.connect((change) => sink.health(change));
    for (const loop of this.#loops) loop.start();
  }

  async stop(): Promise<void> {
    for (const loop of this.#loops) loop.stop();
    this.#ledger.connect(undefined);
    this.#sink = undefined;
  }

  health() {
    return this.#ledger.items();
  }

  counters() {
    return { ...this.#counters };
  }

  async #poll(sensor: Sensor, isCurrent: () => boolean): Promise<void> {
    this.#counters.polls += 1;
    const result = await sensor.read(this.#ports.files);
    if (!isCurrent()) return;
    if (result.kind === 'absent') this.#reportAbsent(sensor, result.looked);
    else this.#deliver(sensor, result.samples);
  }

  #deliver(sensor: Sensor, samples: readonly Sample[]): void {
    const subject = this.#subject(sensor);
    this.#ledger.clear({ code: 'sensor-absent', subject });
    const fault = samples.find((sample) => sample.fault !== undefined)?.fault;
    if (fault === undefined) this.#ledger.clear({ code: 'sensor-unreadable', subject });
    else this.#reportUnreadable(sensor, fault);
    const takenAtMs = this.#ports.clock.nowMs();
    for (const { key, value = null, unit, fault: sampleFault } of samples) {
      const quality = sampleFault === undefined ? 'good' : 'bad';
      this.#counters.readings += 1;
      this.#sink?.reading({ key, value, quality, takenAtMs, ...(unit === undefined ? {} : { unit }) });
    }
  }

  #reportAbsent(sensor: Sensor, looked: string): void {
    const subject = this.#subject(sensor);
    this.#ledger.clear({ code: 'sensor-unreadable', subject });
    if (!this.#expected.has(sensor.key)) return;
    this.#ledger.raise({
      code: 'sensor-absent',
      subject,
      severity: 'info',
      title: `no ${sensor.key} here`,
      text: `Looked for ${looked}. If this board has one, name it in the source's options or in the board profile.`,
    });
  }

  #reportUnreadable(sensor: Sensor, fault: string): void {
    this.#counters.faults += 1;
    this.#ledger.raise({
      code: 'sensor-unreadable',
      subject: this.#subject(sensor),
      severity: 'warning',
      title: `${sensor.key} can't be read`,
      text: `${fault}. Its last good value is kept and marked bad; check the driver with \`dmesg\`.`,
    });
  }

  #judgePower(state: Throttling): void {
    const subject = this.description.name;
    if (state.underVoltage || state.underVoltageSeen) {
      this.#ledger.raise({
        code: 'board-under-voltage',
        subject,
        severity: state.underVoltage ? 'failure' : 'warning',
        title: state.underVoltage ? 'under-voltage now' : 'under-voltage since boot',
        text: 'The 5 V supply drops below 4.63 V: writes may be lost. Check the supply, the cable and its length.',
      });
    } else {
      this.#ledger.clear({ code: 'board-under-voltage', subject });
    }
    if (state.throttled) {
      this.#ledger.raise({
        code: 'board-throttled',
        subject,
        severity: 'warning',
        title: 'the board is slowed down',
        text: 'The firmware lowered the clock because of voltage or heat. Check the supply, then the cooling.',
      });
    } else {
      this.#ledger.clear({ code: 'board-throttled', subject });
    }
  }

  #subject(sensor: Sensor): string {
    return `${this.description.name}: ${sensor.key}`;
  }
}
