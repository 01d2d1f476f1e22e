import { safeParse } from 'valibot';
import type { EngineSettings } from '#runtime/engine/settings.ts';
import { type ConfigPath, type ConfigTree, formatPath, isTree, valueAt } from './config-path.ts';
import { problemsOf } from './issues.ts';
import { type Layer, layerOfTree, mergeLayers } from './layers.ts';
import { defaultTree } from './load-config.ts';
import { nearest } from './nearest.ts';
import { ConfigError, type ConfigProblem } from './problem.ts';
import { configSchema } from './schema.ts';
import { SETTING_BOUNDS } from './settings-schema.ts';

/** What one board can spare is nobody else's to say. */
const BOARDS_OWN: readonly string[] = [
  'recordsPerOwnerMax',
  'bytesPerOwnerMax',
  'ownersMax',
  'tableBytesMax',
];
const BROKER = ['mqtt.url', 'mqtt.servers'] as const;
/** What a broker is shown, and no other broker must see. */
const CREDENTIALS = ['mqtt.username', 'mqtt.passwordFile', 'mqtt.tls.certFile', 'mqtt.tls.keyFile'] as const;

/** Keys that can be set once for all boards: they count at once, and hold no secret and no path of a file. */
export const FLEET_KEYS: readonly string[] = [
  'preset',
  ...Object.keys(SETTING_BOUNDS)
    .filter((name) => !BOARDS_OWN.includes(name))
    .map((name) => `settings.${name}`),
  'log.level',
  'mqtt.enabled',
  ...BROKER,
  'mqtt.protocol',
  'mqtt.baseTopic',
  'mqtt.keys',
  'mqtt.keepaliveS',
  'mqtt.lease',
  'mqtt.window',
];

/**
 * Narrower than on one board: with less patience than that all boards call one another down on a slow link, and hardly look for those that they
 * lost, so that taking it back would not reach them.
 */
const FLEET_BOUNDS: Readonly<Partial<Record<keyof EngineSettings, readonly ['from' | 'up to', number]>>> = {
  probeIntervalMs: ['from', 500],
  probeTimeoutMaxMs: ['from', 1_000],
  probeHelpers: ['from', 1],
  suspicionMultiplier: ['from', 1],
  suspicionMaxFactor: ['from', 2],
  retryIntervalMs: ['up to', 300_000],
};

/** It travels, and is shown on boards where nobody wrote it. */
const PROBLEMS_MAX = 8;

const NOWHERE = { name: 'any', dataDir: '/any', socket: '/any' };

/** Checks settings for all boards by themselves, over the defaults. @throws ConfigError with every problem. */
export function checkFleetConfig(config: ConfigTree, origin: string): void {
  const layer = valuesOf(config, origin);
  const { tree, origins } = mergeLayers([layerOfTree(defaultTree(NOWHERE), 'default'), layer]);
  const checked = safeParse(configSchema, tree);
  const problems = [
    ...layer.flatMap(({ path }) => problemOfKey(path, origin)),
    ...(checked.issues ?? []).flatMap((issue) => problemsOf(issue, { schema: configSchema, tree, origins })),
    ...(checked.success ? problemsOfBounds(checked.output.settings, origin) : []),
  ];
  if (problems.length > 0) throw new ConfigError(withoutRepeats(problems).slice(0, PROBLEMS_MAX));
}

/**
 * What of the settings for all boards counts on this one, where it says `local` itself. What a board says of itself wins, key by key, and
 * - a board that names its `preset` keeps the others' `preset` and `settings` out: they were chosen for another link;
 * - a board that names its broker keeps both ways of naming another out.
 * @throws ConfigError where they would send this board's credentials to a broker that it doesn't name.
 */
export function fleetLayer(config: ConfigTree, origin: string, local: Layer): Layer {
  const says = (key: string) => isNamed(local, key.split('.'));
  const named = BROKER.some(says);
  const layer = valuesOf(config, origin).filter(({ path }) => {
    if (path[0] === 'preset' || path[0] === 'settings') return !says('preset');
    return !(named && BROKER.some((key) => key === formatPath(path)));
  });
  const broker = layer.find(({ path }) => BROKER.some((key) => key === formatPath(path)));
  const credential = CREDENTIALS.find(says);
  if (broker === undefined || credential === undefined) return layer;
  throw new ConfigError([
    {
      path: broker.path,
      expected: `nothing: this board has ${credential}, and shows it to no broker that its own configuration doesn't name`,
      got: broker.value,
      origin,
      hint: `Name the broker beside ${credential} on this board.`,
    },
  ]);
}

/** Sections that are empty say nothing. */
function valuesOf(config: ConfigTree, origin: string): Layer {
  return layerOfTree(config, origin).filter(
    ({ value }) => !(isTree(value) && Object.keys(value).length === 0),
  );
}

/** Whether a layer says something about a key, in whatever larger piece. */
function isNamed(layer: Layer, key: ConfigPath): boolean {
  return layer.some(({ path, value }) => {
    const shared = Math.min(path.length, key.length);
    if (!path.slice(0, shared).every((step, i) => step === key[i])) return false;
    return path.length >= key.length || valueAt(value, key.slice(path.length)) !== undefined;
  });
}

function problemOfKey(path: ConfigPath, origin: string): ConfigProblem[] {
  const key = formatPath(path);
  if (FLEET_KEYS.includes(key)) return [];
  const near = nearest(key, FLEET_KEYS);
  const hint = near === undefined ? 'Each board says the others itself.' : `Did you mean ${near}?`;
  const expected = 'preset, log.level, or keys of settings or mqtt that can be set for all boards';
  return [{ path, expected, got: path.at(-1), origin, hint }];
}

function problemsOfBounds(settings: Partial<EngineSettings>, origin: string): ConfigProblem[] {
  return Object.entries(FLEET_BOUNDS).flatMap(([name, [side, bound]]) => {
    const got = settings[name as keyof EngineSettings];
    if (got === undefined || (side === 'from' ? got >= bound : got <= bound)) return [];
    const hint = 'A single board may say it itself.';
    return [{ path: ['settings', name], expected: `${side} ${bound} for all boards`, got, origin, hint }];
  });
}

/** A key that isn't known at all is found twice. */
function withoutRepeats(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ path }) => {
    const place = formatPath(path);
    return !seen.has(place) && seen.add(place);
  });
}
