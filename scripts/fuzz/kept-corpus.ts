import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Inputs worth keeping, by target: `test/fuzz/corpus/TARGET.json`, a list of hex, the shortest first. */
const DIRECTORY = resolve(import.meta.dirname, '../../test/fuzz/corpus');
/** All files together stay small enough to be read by people and to be in the repository. */
const BYTES_PER_TARGET_MAX = 2_000;

export function keptInputs(target: string): string[] {
  const path = join(DIRECTORY, `${target}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as string[]) : [];
}

/** Targets that have kept inputs. */
export function keptTargets(): string[] {
  return existsSync(DIRECTORY) ? readdirSync(DIRECTORY).map((name) => name.replace(/\.json$/, '')) : [];
}

/** Keeps the shortest of these inputs; @returns how many. */
export function keepInputs(target: string, inputs: readonly string[]): number {
  const chosen: string[] = [];
  let bytes = 0;
  for (const input of [...new Set(inputs)].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))) {
    bytes += input.length / 2;
    if (bytes > BYTES_PER_TARGET_MAX) break;
    chosen.push(input);
  }
  mkdirSync(DIRECTORY, { recursive: true });
  writeFileSync(join(DIRECTORY, `${target}.json`), `${JSON.stringify(chosen, undefined, 1)}\n`);
  return chosen.length;
}
