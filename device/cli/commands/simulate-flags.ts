import { InvalidArgumentError } from 'commander';
import * as v from 'valibot';
import { parseDuration } from '#runtime/core/durations.ts';
import { type EngineSettings, PRESETS, type PresetName, settingsOf } from '#runtime/engine/settings.ts';
import { LATENCY_SHAPES, type LatencyShape } from '#runtime/simulator/latency.ts';
import {
  DEFAULT_QUALITY,
  MEDIA,
  type Medium,
  NODES_MAX,
  type SimulationOptions,
} from '#runtime/simulator/options.ts';
import { findScenario, SCENARIOS } from '#runtime/simulator/scenarios/registry.ts';
import { nearest } from '../../config/nearest.ts';
import { SETTING_BOUNDS, settingsSchema } from '../../config/settings-schema.ts';
import { CliError, EXIT } from '../io.ts';

/** The flags of `simulate` as commander gives them: read and checked one by one. */
export interface SimulateFlags {
  readonly nodes: number;
  readonly seed: number;
  readonly seeds: number;
  readonly scenario: string;
  readonly medium: Medium;
  readonly segments: number;
  readonly distribution: LatencyShape;
  readonly delay: number;
  readonly jitter: number;
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly corrupt: number;
  readonly asymmetric: number;
  readonly bandwidth?: number;
  readonly clockSteps: number;
  readonly clockDrift: number;
  readonly tableWrites?: number;
  readonly duration?: number;
  readonly rate?: number;
  readonly crashes?: number;
  readonly certificates?: boolean;
  readonly cold?: boolean;
  readonly together?: boolean;
  readonly hostsStayUp?: boolean;
  readonly readings?: number;
  readonly fast?: boolean;
  readonly set: readonly Setting[];
  readonly jobs?: number;
  readonly html?: string;
  readonly json?: boolean;
}

/** One `--set`: a preset, or a setting of the engine. */
export type Setting =
  | { readonly preset: PresetName }
  | { readonly name: keyof EngineSettings; readonly value: number };

const LINK_DELAY_MS_MAX = 60_000;

/** What the simulator is asked for. @throws CliError where the flags don't fit each other. */
export function simulationOptions(flags: SimulateFlags): SimulationOptions {
  const scenario = findScenario(flags.scenario);
  if (scenario !== undefined && flags.nodes < scenario.nodesMin) {
    const message = `--nodes: expected at least ${scenario.nodesMin} for the scenario ${scenario.name}; got ${flags.nodes}`;
    throw new CliError(message, EXIT.usage);
  }
  if (flags.crashes !== undefined && flags.crashes >= flags.nodes && flags.together === true) {
    const message = `--crashes: expected fewer than the ${flags.nodes} nodes, so that somebody sees it; got ${flags.crashes}`;
    throw new CliError(message, EXIT.usage);
  }
  return {
    scenario: flags.scenario,
    nodes: flags.nodes,
    seed: flags.seed,
    medium: flags.medium,
    segments: flags.segments,
    quality: {
      ...DEFAULT_QUALITY,
      latency: { shape: flags.distribution, delayMs: flags.delay, jitterMs: flags.jitter },
      lossShare: flags.loss,
      duplicateShare: flags.duplicate,
      reorderShare: flags.reorder,
      corruptShare: flags.corrupt,
    },
    settings: settingsFrom(flags.set),
    asymmetricShare: flags.asymmetric,
    bytesPerSecondMax: flags.bandwidth,
    clockStepsPerMinute: flags.clockSteps,
    ...(flags.clockDrift > 0 ? { clockDriftShare: flags.clockDrift } : {}),
    ...(flags.tableWrites === undefined ? {} : { tableWriteIntervalMs: flags.tableWrites }),
    durationMs: flags.duration,
    rate: flags.rate,
    crashes: flags.crashes,
    certificates: flags.certificates,
    cold: flags.cold,
    together: flags.together,
    hostsStayUp: flags.hostsStayUp,
    readings: flags.readings,
  };
}

/** @throws InvalidArgumentError */
export function wholeFrom(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max && Number.isSafeInteger(value)))
      throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}; got ${text}.`);
    return value;
  };
}

export const nodesArgument = wholeFrom(1, NODES_MAX);
export const seedArgument = wholeFrom(0, Number.MAX_SAFE_INTEGER);

/** A number a second, from 0.001 (or 0 where `zero` is fine) to 10000. @throws InvalidArgumentError */
export function rateArgument(options: { readonly zero: boolean }): (text: string) => number {
  const min = options.zero ? 0 : 0.001;
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= 10_000))
      throw new InvalidArgumentError(`expected a number from ${min} to 10000; got ${text}.`);
    return value;
  };
}

/** `10%` or `0.1` as 0.1. @throws InvalidArgumentError */
export function shareArgument(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]) / (match[2] === '%' ? 100 : 1);
  if (!(value >= 0 && value <= 1))
    throw new InvalidArgumentError(`expected a share such as 10% or 0.1, from 0 to 1; got ${text}.`);
  return value;
}

/** A delay of a link, up to a minute. @throws InvalidArgumentError */
export function delayArgument(text: string): number {
  // Links are faster than a millisecond too, which `parseDuration` would round away.
  const match = /^(\d+(?:\.\d+)?)ms$/.exec(text);
  const ms = match === null ? parseDuration(text) : Number(match[1]);
  if (ms === undefined || ms > LINK_DELAY_MS_MAX)
    throw new InvalidArgumentError(`expected a duration such as 2ms, up to 1m; got ${text}.`);
  return ms;
}

const BYTES: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, kbit: 1e3 / 8, Mbit: 1e6 / 8 };

/** `64kB/s` or `500kbit/s` as bytes a second, 1 kB/s to 1 GB/s. @throws InvalidArgumentError */
export function bandwidthArgument(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(B|kB|MB|kbit|Mbit)\/s$/.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]) * BYTES[match[2]];
  if (!(value >= 1e3 && value <= 1e9))
    throw new InvalidArgumentError(`expected a rate such as 64kB/s or 500kbit/s, from 1kB/s; got ${text}.`);
  return value;
}

/** How long the main part lasts: 1 s to 7 days. @throws InvalidArgumentError */
export function spanArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 1_000 || ms > 7 * 86_400_000)
    throw new InvalidArgumentError(`expected a duration from 1s to 7d, such as 30s or 5m; got ${text}.`);
  return ms;
}

/** @throws InvalidArgumentError */
export function oneOf<T extends string>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const value = values.find((candidate) => candidate === text);
    if (value !== undefined) return value;
    const near = nearest(text, values);
    const hint = near === undefined ? '' : ` Did you mean ${near}?`;
    throw new InvalidArgumentError(`expected one of ${values.join(', ')}; got ${text}.${hint}`);
  };
}

export const scenarioArgument = oneOf(SCENARIOS.map(({ name }) => name));
export const mediumArgument = oneOf(MEDIA);
export const distributionArgument = oneOf(LATENCY_SHAPES);

/** `settings.probeIntervalMs=500`, `probeIntervalMs=500ms` or `preset=wan`; adds to the earlier ones. @throws InvalidArgumentError */
export function setArgument(text: string, earlier: readonly Setting[]): readonly Setting[] {
  const at = text.indexOf('=');
  if (at < 1)
    throw new InvalidArgumentError(
      `expected path=value, such as settings.probeIntervalMs=500 or preset=wan; got ${text}.`,
    );
  return [...earlier, readSetting(text.slice(0, at), text.slice(at + 1))];
}

function readSetting(path: string, text: string): Setting {
  if (path === 'preset') return { preset: oneOf(Object.keys(PRESETS) as PresetName[])(text) };
  const name = path.replace(/^settings\./, '');
  if (!Object.hasOwn(SETTING_BOUNDS, name)) {
    const names = Object.keys(SETTING_BOUNDS);
    const near = nearest(name, names);
    const hint = near === undefined ? `There are: ${names.join(', ')}` : `Did you mean settings.${near}?`;
    throw new InvalidArgumentError(`expected preset or a setting of the engine; got ${path}. ${hint}`);
  }
  const read = v.safeParse(settingsSchema, { [name]: text });
  if (!read.success)
    throw new InvalidArgumentError(`${path}: expected ${read.issues[0].message}; got ${text}.`);
  const key = name as keyof EngineSettings;
  return { name: key, value: read.output[key] as number };
}

/** The preset counts first, wherever it stands. */
function settingsFrom(set: readonly Setting[]): EngineSettings {
  let preset: PresetName = 'lan';
  const overrides: Partial<Record<keyof EngineSettings, number>> = {};
  for (const setting of set) {
    if ('preset' in setting) preset = setting.preset;
    else overrides[setting.name] = setting.value;
  }
  return settingsOf(preset, overrides);
}
