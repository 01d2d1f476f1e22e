import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** The environment that the default paths depend on. */
export interface PathContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether this process is root. */
  readonly root: boolean;
  /** Put in front of `/run` and `/etc`; only tests say something other than nothing. */
  readonly sysroot?: string;
}

/** This process's own. */
export function processPaths(env: PathContext['env']): PathContext {
  return { env, root: process.getuid?.() === 0 };
}

/** `/var/lib/gridvine` as root, else `$XDG_STATE_HOME/gridvine`. */
export function defaultDataDir({ env, root }: PathContext): string {
  if (root) return '/var/lib/gridvine';
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'gridvine');
}

/** The configuration file that is read where none is named; undefined where there is none. */
export function defaultConfigFile({ sysroot = '' }: PathContext): string | undefined {
  const path = `${sysroot}/etc/gridvine/gridvine.yaml`;
  return existsSync(path) ? path : undefined;
}

/**
 * Where the API socket is by default: `/run/gridvine/api.sock` if it exists or can be made there, else
 * `$XDG_RUNTIME_DIR/gridvine/api.sock`. Without that variable it stays with the first, and making it will say why not.
 */
export function defaultSocket({ env, sysroot = '' }: PathContext): string {
  const system = `${sysroot}/run/gridvine/api.sock`;
  if (existsSync(system) || canMake(system)) return system;
  return env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, 'gridvine', 'api.sock') : system;
}

/** The socket that a client of the daemon uses: flag, environment, default. */
export function clientSocket(flag: string | undefined, context: PathContext): string {
  return flag ?? (context.env.GRIDVINE_SOCKET || defaultSocket(context));
}

function canMake(path: string): boolean {
  const directory = dirname(path);
  return writable(existsSync(directory) ? directory : dirname(directory));
}

function writable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
