import { posix } from 'node:path';
import { ALIASES, isWithin, layerOf, ROOT_IMPORTS } from './layers.ts';
import type { ImportLine, ScannedFile } from './source-scan.ts';

/** Where an import leads. */
export type Target =
  | { readonly kind: 'file'; readonly path: string; readonly by: 'alias' | 'relative' }
  | { readonly kind: 'node' | 'package'; readonly name: string };

/** Resolves a specifier as Node does with our `imports` map. */
export function targetOf(file: string, specifier: string): Target {
  if (specifier.startsWith('node:')) return { kind: 'node', name: specifier };
  if (specifier.startsWith('.')) {
    return { kind: 'file', path: posix.join(posix.dirname(file), specifier), by: 'relative' };
  }
  for (const [alias, folder] of Object.entries(ALIASES)) {
    if (specifier.startsWith(alias)) {
      return { kind: 'file', path: folder + specifier.slice(alias.length), by: 'alias' };
    }
  }
  return { kind: 'package', name: specifier };
}

/** All offences of a file's imports, as lines for people. `exists` tells whether a path is in the tree. */
export function importOffences(file: ScannedFile, exists: (path: string) => boolean): readonly string[] {
  const layer = layerOf(file.path);
  if (layer === undefined)
    return [`${file.path}: lies in no layer; add its folder to test/support/tidy/layers.ts`];
  return file.imports.flatMap((line) => {
    const target = targetOf(file.path, line.specifier);
    const faults =
      target.kind === 'file'
        ? [
            ...directionFaults(file.path, target.path),
            ...spellingFaults(file.path, target),
            ...absence(target.path, exists),
          ]
        : nodeFaults(file.path, target);
    return faults.map((fault) => `${file.path}:${line.line}: imports '${line.specifier}': ${fault}`);
  });
}

function directionFaults(from: string, to: string): readonly string[] {
  const layer = layerOf(from);
  if (layer === undefined || ROOT_IMPORTS.includes(to)) return [];
  const allowed = isWithin(to, layer.at) || layer.sees.some((prefix) => isWithin(to, prefix));
  if (allowed && !isOwnExceptionOnly(from, to)) return [];
  return [`${layer.at} may only see ${layer.sees.length === 0 ? 'itself' : layer.sees.join(', ')}`];
}

/** The one file with Node's crypto is chosen from outside: within its folder nobody may depend on it. */
function isOwnExceptionOnly(from: string, to: string): boolean {
  return to === 'runtime/crypto/node-provider.ts' && isWithin(from, 'runtime/crypto') && from !== to;
}

function spellingFaults(from: string, target: Target & { kind: 'file' }): readonly string[] {
  if (ROOT_IMPORTS.includes(target.path)) return [];
  const sameFolder = topFolder(from) === topFolder(target.path);
  const aliased = Object.values(ALIASES).some((folder) => target.path.startsWith(folder));
  if (sameFolder && target.by === 'alias') return ['inside a top-level folder imports are relative'];
  if (!sameFolder && aliased && target.by === 'relative')
    return ['across top-level folders imports begin with #'];
  return [];
}

function absence(path: string, exists: (path: string) => boolean): readonly string[] {
  return exists(path) ? [] : [`no such file ${path} (imports end in .ts or .json)`];
}

function nodeFaults(from: string, target: Target & { kind: 'node' | 'package' }): readonly string[] {
  if (target.kind === 'package') return [];
  const allowed = layerOf(from)?.node;
  if (allowed === 'all' || (allowed !== 'none' && allowed?.includes(target.name))) return [];
  return [`${layerOf(from)?.at} may not use it; do the I/O in a port or pass the value in`];
}

function topFolder(path: string): string {
  return path.split('/')[0] ?? '';
}

/**
 * Cycles among files at load time, one line each, as `a -> b -> a`. Imports of types only don't count: they are gone
 * at run time, and two files of one machine may name each other's types. Nor do lazy ones: both files are complete
 * when they run.
 */
export function importCycles(files: readonly ScannedFile[]): readonly string[] {
  const edges = new Map(files.map((file) => [file.path, loadTimeImports(file)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      cycles.push([...trail.slice(start), path].join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}

function loadTimeImports(file: ScannedFile): readonly string[] {
  const atLoad = ({ typeOnly, lazy }: ImportLine) => !typeOnly && !lazy;
  return file.imports.filter(atLoad).flatMap(({ specifier }) => {
    const target = targetOf(file.path, specifier);
    return target.kind === 'file' ? [target.path] : [];
  });
}
