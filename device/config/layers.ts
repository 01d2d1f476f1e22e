import { type ConfigPath, type ConfigTree, formatPath, isTree, withValue } from './config-path.ts';

/** One value and who said so. */
export interface Assignment {
  readonly path: ConfigPath;
  readonly value: unknown;
  /** For people: `flag --name`, `environment GRIDVINE_NAME`, `file /etc/gridvine/gridvine.yaml:12`. */
  readonly origin: string;
  /** The origin of something inside the value, where that can be told more exactly: its own line. */
  readonly originWithin?: (path: ConfigPath) => string;
}

/** All values that one place gives. Lists and single values are one assignment each; sections are taken apart. */
export type Layer = readonly Assignment[];

/** By formatted path: the assignments that are at least partly in force. */
export type Origins = ReadonlyMap<string, Assignment>;

/** The values in force, and where each came from. */
export interface MergedConfig {
  readonly tree: ConfigTree;
  readonly origins: Origins;
}

/** Lays layers over one another, the weakest first. */
export function mergeLayers(layers: readonly Layer[]): MergedConfig {
  let tree: unknown = {};
  const origins = new Map<string, Assignment>();
  for (const assignment of layers.flat()) {
    tree = withValue(tree, assignment.path, assignment.value);
    origins.set(formatPath(assignment.path), assignment);
  }
  return { tree: tree as ConfigTree, origins };
}

/** Who gave the value at a path: that of the path itself, or of the nearest thing around it. */
export function originOf(origins: Origins, path: ConfigPath): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const found = origins.get(formatPath(path.slice(0, length)));
    if (found !== undefined) return found.originWithin?.(path) ?? found.origin;
  }
  return undefined;
}

/** Takes a tree apart into assignments. Keys without a value (`mqtt:` with everything below commented out) count as absent. */
export function layerOfTree(
  tree: ConfigTree,
  origin: string | ((path: ConfigPath) => string),
  parent: ConfigPath = [],
): Assignment[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = [...parent, key];
    if (value === null || value === undefined) return [];
    if (isTree(value) && Object.keys(value).length > 0) return layerOfTree(value, origin, path);
    return [{ path, value, origin: typeof origin === 'string' ? origin : origin(path) }];
  });
}
