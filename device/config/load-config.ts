import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { safeParse } from 'valibot';
import { NAME_BYTES_MAX } from '#runtime/core/limits.ts';
import { DEFAULT_MULTICAST } from '#runtime/transport/udp-multicast.ts';
import { readConfigFile } from './config-file.ts';
import type { ConfigTree } from './config-path.ts';
import { readEnvironment } from './environment.ts';
import { type ConfigFlags, layerOfFlags } from './flags.ts';
import { problemsOf } from './issues.ts';
import { type Assignment, type Layer, layerOfTree, mergeLayers, type Origins } from './layers.ts';
import { defaultConfigFile, defaultDataDir, defaultSocket, type PathContext } from './paths.ts';
import { ConfigError } from './problem.ts';
import { configSchema, type GridvineConfig } from './schema.ts';

/** The configuration in force. */
export interface LoadedConfig {
  readonly values: GridvineConfig;
  /** The values as they were written, for showing. */
  readonly tree: ConfigTree;
  readonly origins: Origins;
  /** The file that was read, if any. */
  readonly file: string | undefined;
  /** Things that don't stop the daemon, one sentence each. */
  readonly warnings: readonly string[];
}

/** Everything that the user said, before the board's profile is known. */
export interface ConfigSources {
  readonly flags: Layer;
  readonly environment: Layer;
  readonly file: Layer;
  readonly defaults: Layer;
  readonly filePath: string | undefined;
  readonly warnings: readonly string[];
}

/** What is said on this board, the weakest first. */
export function localLayer({ file, environment, flags }: ConfigSources): Layer {
  return [...file, ...environment, ...flags];
}

/** What the board's profile brings as defaults: see `profileLayer`. */
export interface ProfileDefaults {
  readonly id: string;
  readonly values: ConfigTree;
}

/**
 * Reads flags, environment and file. @throws ConfigError where the file or a flag can't even be read; what its values are
 * worth is checked by `resolveConfig`.
 */
export async function readConfigSources(flags: ConfigFlags, context: PathContext): Promise<ConfigSources> {
  const named = flags.config ?? (context.env.GRIDVINE_CONFIG || undefined);
  const filePath = named === undefined ? defaultConfigFile(context) : resolve(named);
  const { layer, warnings } = await readEnvironment(configSchema, context.env);
  return {
    flags: await layerOfFlags(configSchema, flags),
    environment: layer,
    file: filePath === undefined ? [] : await readConfigFile(filePath),
    defaults: defaultLayer(context),
    filePath,
    warnings,
  };
}

/**
 * Lays flags over environment over file over the fleet's settings over profile over defaults, and checks the whole.
 * @throws ConfigError with every problem.
 */
export function resolveConfig(
  sources: ConfigSources,
  profile?: ProfileDefaults,
  fleet: Layer = [],
): LoadedConfig {
  const profileLayer = profile === undefined ? [] : layerOfTree(profile.values, `profile ${profile.id}`);
  const { tree, origins } = mergeLayers([
    sources.defaults,
    profileLayer,
    fleet,
    sources.file,
    sources.environment,
    sources.flags,
  ]);
  const result = safeParse(configSchema, tree);
  if (!result.success) {
    throw new ConfigError(
      result.issues.flatMap((issue) => problemsOf(issue, { schema: configSchema, tree, origins })),
    );
  }
  return { values: result.output, tree, origins, file: sources.filePath, warnings: sources.warnings };
}

function defaultLayer(context: PathContext): Assignment[] {
  const ofHost = { name: defaultName(), dataDir: defaultDataDir(context), socket: defaultSocket(context) };
  return layerOfTree(defaultTree(ofHost), 'default');
}

/** What counts where nobody says otherwise, on a host with this name and these places. */
export function defaultTree(ofHost: Record<'name' | 'dataDir' | 'socket', string>): ConfigTree {
  return {
    name: ofHost.name,
    cluster: 'gridvine',
    security: { mode: 'psk' },
    dataDir: ofHost.dataDir,
    socket: ofHost.socket,
    bind: [],
    interfaces: { only: [], exclude: [], budgets: {} },
    advertise: [],
    join: [],
    udp: 'on',
    http: { listen: [], advertise: [], proxy: 'environment', call: 'members' },
    multicast: 'on',
    multicastPort: DEFAULT_MULTICAST.port,
    multicastGroups: { ipv4: DEFAULT_MULTICAST.group4, ipv6: DEFAULT_MULTICAST.group6 },
    preset: 'lan',
    tags: {},
    log: { level: 'info' },
    sources: [],
    fleet: { accept: 'on' },
    leases: { version: 1, voters: [], previous: [] },
    handlers: [],
    api: { group: 'gridvine' },
  };
}

/** The host's name, as far as it makes a node's name. */
function defaultName(): string {
  const name = hostname().replace(/\p{Cc}/gu, '');
  return (
    Buffer.from(name)
      .subarray(0, NAME_BYTES_MAX)
      .toString()
      .replace(/\uFFFD+$/, '') || 'gridvine'
  );
}
