import type { ConfigOf, MetricConfig, SourceConfig, SourceKind } from './config.ts';
import type { MetricRule } from './pipeline/metric-options.ts';
import type { SourcePorts } from './ports/source-ports.ts';
import type { Source } from './source.ts';
import { ExecSource } from './sources/exec/exec-source.ts';
import { InventorySource } from './sources/inventory/inventory-source.ts';
import { busOptions, modbusOptions, registerKey } from './sources/modbus/modbus-config.ts';
import { ModbusSource } from './sources/modbus/modbus-source.ts';
import { plantMetrics } from './sources/plant/plant-metrics.ts';
import { PlantSource } from './sources/plant/plant-source.ts';
import { sunspecMetrics } from './sources/sunspec/sunspec-metrics.ts';
import { SunspecSource } from './sources/sunspec/sunspec-source.ts';
import { SupervisedSource } from './sources/supervised-source.ts';
import { systemMetrics } from './sources/system/system-metrics.ts';
import { SystemSource } from './sources/system/system-source.ts';
import { registerRules, vedirectOptions } from './sources/vedirect/vedirect-config.ts';
import { vedirectMetrics } from './sources/vedirect/vedirect-metrics.ts';
import { VedirectSource } from './sources/vedirect/vedirect-source.ts';

/** What a source needs beyond its configuration. */
export interface SourceContext {
  readonly ports: SourcePorts;
  /** The program and arguments that call `runInventoryChild`: this executable with its hidden sub-command. */
  readonly inventoryCommand: readonly string[];
  /** What the board profile knows; the configuration wins over it. */
  readonly board?: {
    readonly temperatureZones?: readonly string[];
    readonly throttlePath?: string;
  };
}

/** A source with the metric rules of its kind, and the time after which it counts as silent. */
interface MadeSource {
  readonly source: Source;
  readonly rules: readonly MetricRule[];
  readonly silentAfterMs?: number;
}

type Factories = {
  readonly [Kind in SourceKind]: (config: ConfigOf<Kind>, context: SourceContext) => MadeSource;
};

/** A program that prints one value over and over refreshes its age once a minute, and no program floods. */
const PROGRAM_INTERVALS = { minIntervalMs: 200, maxIntervalMs: 60_000 };

/** What is asked for anyway is told again once a minute, so that its age stays low. */
const POLLED_INTERVALS = { maxIntervalMs: 60_000 };

const FACTORIES: Factories = {
  system(config, { ports, board }) {
    const options = {
      name: config.name,
      intervalMs: config.interval,
      diskPath: config.diskPath,
      temperatureZones: config.temperatureZones ?? board?.temperatureZones,
      throttlePath: config.throttlePath ?? board?.throttlePath,
    };
    return {
      source: new SystemSource(options, ports),
      rules: systemMetrics(config.interval),
      silentAfterMs: silentAfter(config.interval),
    };
  },
  inventory(config, { ports, inventoryCommand }) {
    const options = { name: config.name, command: inventoryCommand, timeoutMs: config.timeout };
    return { source: new InventorySource(options, ports), rules: [] };
  },
  plant(config, { ports }) {
    const { interval: intervalMs, initialSoc: initialSocPercent, ...plant } = config;
    return {
      source: new PlantSource({ ...plant, intervalMs, initialSocPercent }, ports),
      rules: plantMetrics(config),
      silentAfterMs: silentAfter(intervalMs),
    };
  },
  exec(config, { ports }) {
    const { name, command, cwd, env, passEnv, keyPrefix, linesPerSecond: linesPerSecondMax } = config;
    return {
      source: new ExecSource({ name, command, cwd, env, passEnv, keyPrefix, linesPerSecondMax }, ports),
      rules: [{ key: '**', ...PROGRAM_INTERVALS, staleAfterMs: config.silentAfter }],
      silentAfterMs: config.silentAfter,
    };
  },
  vedirect(config, { ports }) {
    const { keyPrefix = config.name, silentAfter: silentAfterMs } = config;
    return {
      source: new VedirectSource(vedirectOptions(config), ports),
      rules: [...vedirectMetrics(keyPrefix, silentAfterMs), ...registerRules(config).map(ruleFrom)],
      silentAfterMs,
    };
  },
  modbus(config, { ports }) {
    const silentAfterMs = config.silentAfter ?? silentAfter(config.interval);
    return {
      source: new ModbusSource(modbusOptions(config), ports),
      rules: [
        { key: '**', ...POLLED_INTERVALS, staleAfterMs: silentAfterMs },
        ...config.registers.map((register) => ruleFrom({ ...register, key: registerKey(config, register) })),
      ],
      silentAfterMs,
    };
  },
  sunspec(config, { ports }) {
    const { name, keyPrefix = name, interval: intervalMs, timeout: timeoutMs, ...rest } = config;
    const silentAfterMs = config.silentAfter ?? silentAfter(intervalMs);
    const points = config.points.map(({ model, point, key }) => ({ models: [model], path: point, key }));
    const options = { ...rest, ...busOptions(config), name, keyPrefix, intervalMs, timeoutMs, points };
    return {
      source: new SunspecSource(options, ports),
      rules: sunspecMetrics(keyPrefix, silentAfterMs),
      silentAfterMs,
    };
  },
};

/** Makes the source that a validated configuration describes, behind its pipeline; it does nothing before `start`. */
export function createSource(config: SourceConfig, context: SourceContext): Source {
  // The table's type ties each factory to the configuration of its kind; the compiler can't follow it through an index.
  const factory = FACTORIES[config.kind] as (config: SourceConfig, context: SourceContext) => MadeSource;
  const { source, rules, silentAfterMs } = factory(config, context);
  return new SupervisedSource(source, {
    clock: context.ports.clock,
    rules: [...rules, ...config.metrics.map(ruleFrom)],
    readingsPerSecondMax: config.readingsPerSecond,
    silentAfterMs,
  });
}

function ruleFrom(metric: MetricConfig): MetricRule {
  const { key, unit, scale, offset, decimals, deadband, min, max } = metric;
  const { minInterval, maxInterval, staleAfter, stuckAfter } = metric;
  return {
    ...{ key, unit, scale, offset, decimals, deadband, min, max },
    minIntervalMs: minInterval,
    maxIntervalMs: maxInterval,
    staleAfterMs: staleAfter,
    stuckAfterMs: stuckAfter,
  };
}

/** Three missed rounds, and never sooner than a minute: a busy board may skip a beat. */
function silentAfter(intervalMs: number): number {
  return Math.max(60_000, 3 * intervalMs);
}
