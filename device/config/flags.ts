import { parsePath } from './config-path.ts';
import type { Assignment } from './layers.ts';
import { ConfigError, type ConfigProblem } from './problem.ts';
import { readTextValue } from './text-value.ts';

/** What a command line may say about the configuration, as `commander` gives it. */
export interface ConfigFlags {
  readonly config?: string;
  readonly name?: string;
  readonly cluster?: string;
  readonly keyFile?: string;
  readonly dataDir?: string;
  readonly socket?: string;
  readonly bind?: readonly string[];
  readonly interface?: readonly string[];
  readonly advertise?: readonly string[];
  readonly join?: readonly string[];
  readonly profile?: string;
  /** False where `--no-multicast` was given. */
  readonly multicast?: boolean;
  /** `path=value` each. */
  readonly set?: readonly string[];
}

const NAMED = [
  'name',
  'cluster',
  'keyFile',
  'dataDir',
  'socket',
  'bind',
  'advertise',
  'join',
  'profile',
] as const;

/** The values that flags give, the general `--set` last: of two that name the same key the later one counts. */
export async function layerOfFlags(schema: unknown, flags: ConfigFlags): Promise<Assignment[]> {
  const layer: Assignment[] = NAMED.flatMap((key) =>
    flags[key] === undefined ? [] : [{ path: [key], value: flags[key], origin: `flag --${kebab(key)}` }],
  );
  if (flags.interface !== undefined) {
    layer.push({ path: ['interfaces', 'only'], value: flags.interface, origin: 'flag --interface' });
  }
  if (flags.multicast === false)
    layer.push({ path: ['multicast'], value: 'off', origin: 'flag --no-multicast' });
  return [...layer, ...(await Promise.all((flags.set ?? []).map((text) => assignmentOf(schema, text))))];
}

/** @throws ConfigError where it isn't `path=value`. */
async function assignmentOf(schema: unknown, text: string): Promise<Assignment> {
  const at = text.indexOf('=');
  const path = at < 0 ? undefined : parsePath(text.slice(0, at));
  if (path === undefined) {
    const problem: ConfigProblem = {
      path: ['--set'],
      expected: 'path=value, such as settings.probeIntervalMs=500 or sources[0].name=plant',
      got: text,
    };
    throw new ConfigError([problem]);
  }
  return {
    path,
    value: await readTextValue(schema, path, text.slice(at + 1)),
    origin: `flag --set ${text.slice(0, at)}`,
  };
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
