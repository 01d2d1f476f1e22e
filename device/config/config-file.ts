import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { type ConfigPath, isTree } from './config-path.ts';
import { DEPTH_MAX, isTooDeep } from './depth.ts';
import { type Assignment, layerOfTree } from './layers.ts';
import { ConfigError, type ConfigProblem } from './problem.ts';

const FILE_BYTES_MAX = 1_048_576;
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
};

/** Values that name files. In a configuration file they count from its own directory, so that it can be moved as a whole. */
const FILE_KEYS: readonly string[] = [
  'keyFile',
  'http.tls.certFile',
  'http.tls.keyFile',
  'http.caFile',
  'security.certificate',
  'security.roots',
  'dataDir',
  'socket',
  'mqtt.passwordFile',
  'mqtt.tls.caFile',
  'mqtt.tls.certFile',
  'mqtt.tls.keyFile',
];

/** What stands in a file, and where. */
export interface ParsedFile {
  readonly value: unknown;
  /** The line of a key, from 1; undefined where it isn't known. */
  readonly lineOf: (path: ConfigPath) => number | undefined;
}

/**
 * Reads a configuration file: YAML, of which JSON is a subset.
 * @returns its values, each with file and line as origin.
 * @throws ConfigError where it can't be read, isn't YAML, or isn't a section at its top.
 */
export async function readConfigFile(path: string): Promise<Assignment[]> {
  return layerOfFile(path, readText(path));
}

/** The values in a file's text, as `readConfigFile` gives them. @throws as that. */
export async function layerOfFile(path: string, text: string): Promise<Assignment[]> {
  const { value, lineOf } = await parseFile(path, text);
  if (isTooDeep(value)) {
    const expected = `at most ${DEPTH_MAX} lists and sections around each other`;
    throw new ConfigError([fileProblem(path, expected, 'more, or an alias of something within itself')]);
  }
  if (value === null || value === undefined) return [];
  if (!isTree(value)) {
    throw new ConfigError([fileProblem(path, 'keys with values, such as "name: pump-house"', value)]);
  }
  const placeOf = (at: ConfigPath) => {
    const line = lineOf(at);
    return `file ${path}${line === undefined ? '' : `:${line}`}`;
  };
  return layerOfTree(value, placeOf).map((assignment) => ({
    ...assignment,
    originWithin: placeOf,
    value: FILE_KEYS.includes(assignment.path.join('.'))
      ? absolute(dirname(path), assignment.value)
      : assignment.value,
  }));
}

/** A problem of the file as a whole. `place` is its path, with a line where one is known. */
export function fileProblem(place: string, expected: string, got: unknown): ConfigProblem {
  return { path: ['config'], expected, got, origin: `file ${place}` };
}

/** A file that a program wrote as JSON is read without the YAML library, which costs 3 MB for as long as the daemon runs. */
async function parseFile(path: string, text: string): Promise<ParsedFile> {
  if (text.startsWith('{')) {
    try {
      return { value: JSON.parse(text), lineOf: () => undefined };
    } catch {
      // A flow mapping of YAML, or a mistake: the other parser says where.
    }
  }
  return (await import('./yaml-file.ts')).parseYamlFile(path, text);
}

function readText(path: string): string {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw Object.assign(new Error('not a file'), { code: 'something that is no file' });
    if (stat.size > FILE_BYTES_MAX) {
      throw Object.assign(new Error('too big'), { code: `${stat.size} bytes, of at most ${FILE_BYTES_MAX}` });
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ConfigError([fileProblem(path, 'a readable configuration file', REASONS[code] ?? code)]);
  }
}

function absolute(directory: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => absolute(directory, item));
  return typeof value === 'string' && value !== '' && !isAbsolute(value) ? resolve(directory, value) : value;
}
