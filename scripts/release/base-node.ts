/**
 * The Node executables that binaries are made from: official builds as npm packages, version and integrity
 * held by `package-lock.json`. `npm ci` installed the one for this machine; the other one is packed by the
 * npm client once and kept under `build/cache/`, so a second build needs no network.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripElf } from './elf-strip.ts';
import { lockEntry, projectPath, readJson } from './project.ts';
import type { Arch } from './target.ts';

/** A stripped Node executable, ready for injection. */
export type BaseNode = {
  readonly arch: Arch;
  /** Exact version without the `v`; the same for every target of a release. */
  readonly version: string;
  /** The stripped executable. */
  readonly path: string;
  /** Licence texts of Node and of everything linked into it. */
  readonly licencePath: string;
  readonly bytes: { readonly shipped: number; readonly stripped: number };
};

/** Finds or fetches Node for a target, checks it and strips it. Throws when the integrity is not the lockfile's. */
export function prepareBaseNode(arch: Arch): BaseNode {
  const name = `node-linux-${arch}`;
  const entry = lockEntry(`node_modules/${name}`);
  const source = installedPackage(name, entry.version) ?? packedPackage(name, entry);
  const shipped = readFileSync(join(source, 'bin', 'node'));
  const stripped = stripElf(shipped, arch);
  const path = projectPath('build', 'node', `${name}-${entry.version}`, 'node');
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, stripped, { mode: 0o755 });
  return {
    arch,
    version: entry.version,
    path,
    licencePath: join(source, 'LICENSE'),
    bytes: { shipped: shipped.length, stripped: stripped.length },
  };
}

/** The package as npm installed it for this machine, if it is the locked version. */
function installedPackage(name: string, version: string): string | undefined {
  const directory = projectPath('node_modules', name);
  if (!existsSync(join(directory, 'package.json'))) return undefined;
  const installed = readJson<{ version: string }>(`node_modules/${name}/package.json`).version;
  if (installed !== version) {
    throw new Error(`node_modules/${name}: expected version ${version}; got ${installed}; run npm ci`);
  }
  return directory;
}

/** The package of another architecture, from the cache or from the registry that npm is set up for. */
function packedPackage(
  name: string,
  entry: { readonly version: string; readonly integrity?: string },
): string {
  const cache = projectPath('build', 'cache');
  const tarball = join(cache, `${name}-${entry.version}.tgz`);
  if (!existsSync(tarball) || !hasIntegrity(tarball, entry.integrity)) {
    packWithNpm(`${name}@${entry.version}`, cache, tarball);
    if (!hasIntegrity(tarball, entry.integrity)) {
      rmSync(tarball);
      throw new Error(`${name}@${entry.version}: what npm delivered is not what package-lock.json expects`);
    }
  }
  const directory = join(cache, `${name}-${entry.version}`);
  mkdirSync(directory, { recursive: true });
  const members = ['package/bin/node', 'package/LICENSE'];
  execFileSync('tar', [
    '-xzf',
    tarball,
    '-C',
    directory,
    '--strip-components=1',
    '--no-same-owner',
    ...members,
  ]);
  return directory;
}

function packWithNpm(spec: string, cache: string, tarball: string): void {
  const download = join(cache, `download-${process.pid}`);
  mkdirSync(download, { recursive: true });
  try {
    // Asked of the npm that runs this script where there is one, so that its settings hold.
    const npmScript = process.env.npm_execpath;
    const [command, ...before] = npmScript === undefined ? ['npm'] : [process.execPath, npmScript];
    const args = [...before, 'pack', spec, '--silent', '--pack-destination', download];
    const printed = execFileSync(command ?? 'npm', args, {
      cwd: projectPath(),
      encoding: 'utf8',
      timeout: 300_000,
    });
    const file = printed.trim().split('\n').at(-1) ?? '';
    renameSync(join(download, file), tarball);
  } catch (cause) {
    throw new Error(`npm pack ${spec} failed; a first build needs the npm registry once`, { cause });
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}

/** Compares a file with a `sha512-...` integrity (Subresource Integrity, as npm writes it). */
export function hasIntegrity(path: string, integrity: string | undefined): boolean {
  const match = /^sha512-([A-Za-z0-9+/=]+)$/.exec(integrity ?? '');
  if (match === null)
    throw new Error(`${path}: expected a sha512 integrity in package-lock.json; got ${integrity}`);
  return createHash('sha512').update(readFileSync(path)).digest('base64') === match[1];
}
