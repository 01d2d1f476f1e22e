import type { Assignment } from './layers.ts';
import { nearest } from './nearest.ts';
import { leavesOf } from './schema-walk.ts';
import { readTextValue } from './text-value.ts';

const PREFIX = 'GRIDVINE_';
/** Variables of this prefix that are no configuration keys: the last two are given to what `gridvine lease run` runs. */
const OTHER_VARIABLES = ['GRIDVINE_CONFIG', 'GRIDVINE_LEASE', 'GRIDVINE_FENCE'];

/** What the environment says, and what in it is not understood. */
export interface EnvironmentLayer {
  readonly layer: Assignment[];
  /** Variables that begin with `GRIDVINE_` and name no key: most likely typing errors. One sentence each. */
  readonly warnings: string[];
}

/**
 * Reads `GRIDVINE_...` variables. A key's variable is its path in capitals: `keyFile` is `GRIDVINE_KEY_FILE`,
 * `settings.probeIntervalMs` is `GRIDVINE_SETTINGS_PROBE_INTERVAL_MS`. An empty variable counts as absent.
 */
export async function readEnvironment(
  schema: unknown,
  env: Readonly<Record<string, string | undefined>>,
): Promise<EnvironmentLayer> {
  const paths = new Map(leavesOf(schema).map((path) => [variableOf(path), path]));
  const layer: Assignment[] = [];
  const warnings: string[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || OTHER_VARIABLES.includes(variable) || !text) continue;
    const path = paths.get(variable);
    if (path === undefined) warnings.push(unknownVariable(variable, [...paths.keys(), ...OTHER_VARIABLES]));
    else
      layer.push({ path, value: await readTextValue(schema, path, text), origin: `environment ${variable}` });
  }
  return { layer, warnings };
}

/** The name of a key's variable. */
export function variableOf(path: readonly string[]): string {
  return PREFIX + path.map((key) => key.replace(/[A-Z]/g, '_$&').toUpperCase()).join('_');
}

function unknownVariable(variable: string, known: readonly string[]): string {
  const suggestion = nearest(variable, known);
  const hint = suggestion === undefined ? '' : `. Did you mean ${suggestion}?`;
  return `environment variable ${variable} is ignored: it names no configuration key${hint}`;
}
