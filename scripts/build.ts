/**
 * Builds the single binaries: `npm run build`, or `npm run build -- --target x64` for one of them.
 * What it makes, and how, is told in scripts/README.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type BaseNode, prepareBaseNode } from './release/base-node.ts';
import { type Bundle, bundleProgram } from './release/bundle.ts';
import { writeChecksums } from './release/checksums.ts';
import { readDataSets } from './release/data-sets.ts';
import { licenceDocument } from './release/licences.ts';
import { readThirdParties } from './release/packages.ts';
import { projectPath, readSourceInfo, type SourceInfo } from './release/project.ts';
import { executableRunner } from './release/runner.ts';
import { billOfMaterials } from './release/sbom.ts';
import { type Binary, makeBinaries } from './release/sea.ts';
import { parseTargets } from './release/target.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', multiple: true, default: [] },
      entry: { type: 'string', default: 'device/main.ts' },
    },
  });
  const archs = parseTargets(values.target);
  const source = readSourceInfo();
  checkNode();
  rmSync(projectPath('dist'), { recursive: true, force: true });
  for (const directory of ['dist', 'build']) mkdirSync(projectPath(directory), { recursive: true });

  say(`gridvine ${source.version}, commit ${source.commit}`);
  const bundle = await timed('bundle', () =>
    bundleProgram({ entry: values.entry, source, directory: 'dist' }),
  );
  const bases = await timed('base executables', () => archs.map(prepareBaseNode));
  assertOneVersion(bases);
  writeDocuments(source, bundle, bases[0]!);
  const binaries = await timed('binaries', () => makeBinaries(bundle, bases));
  for (const binary of binaries) report(binary, source);
  writeChecksums(projectPath('dist'));
}

/** npm puts the pinned Node first on the PATH; an older one fails in ways that don't name the cause. */
function checkNode(): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= 24) return;
  throw new Error(
    `building needs Node 24 or later; got ${process.versions.node}; run it as: npm ci && npm run build`,
  );
}

function assertOneVersion(bases: readonly BaseNode[]): void {
  const versions = new Set(bases.map(({ version }) => version));
  if (versions.size > 1)
    throw new Error(`node-linux-*: expected one version for all; got ${[...versions].join(', ')}`);
}

function writeDocuments(source: SourceInfo, bundle: Bundle, base: BaseNode): void {
  const packages = readThirdParties(bundle.packages);
  const node = { version: base.version, text: readFileSync(base.licencePath, 'utf8') };
  writeFileSync(
    projectPath('dist', 'THIRD-PARTY-LICENSES.txt'),
    licenceDocument([...packages, ...readDataSets()], node),
  );
  const bill = billOfMaterials(source, packages, {
    version: base.version,
    linked: linkedVersions(base.version),
  });
  writeFileSync(projectPath('dist', 'sbom.cdx.json'), `${JSON.stringify(bill, null, 2)}\n`);
  say(`bundle ${megabytes(bundle.bytes)}, ${packages.length} packages`);
}

/** Only the executable itself knows what is linked into it; the one that runs this script must be the same. */
function linkedVersions(version: string): NodeJS.ProcessVersions {
  if (process.versions.node === version) return process.versions;
  throw new Error(
    `expected to run on Node ${version}; got ${process.versions.node}; run it as: npm run build`,
  );
}

/** Starts a fresh binary where this machine can: a build that can't print its version is no build. */
function report({ arch, path, codeCache }: Binary, source: SourceInfo): void {
  const size = `${megabytes(statSync(path).size)}, code cache ${codeCache ? 'in' : 'not in (Node for it does not run here)'}`;
  const runner = executableRunner(arch, path);
  if (runner === undefined) {
    say(`${path}: ${size}; not started: needs ${arch} or an emulator`);
    return;
  }
  const [program, ...args] = runner;
  const result = spawnSync(program, [...args, 'version', '--json'], { encoding: 'utf8', timeout: 60_000 });
  const expected = [source.version, source.commit, `linux-${arch}`];
  if (
    result.status !== 0 ||
    result.stderr !== '' ||
    !expected.every((part) => result.stdout.includes(part))
  ) {
    throw new Error(
      `${path} version --json: expected ${expected.join(', ')}; got ${result.stdout}${result.stderr}`,
    );
  }
  say(`${path}: ${size}; starts`);
}

async function timed<T>(what: string, action: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await action();
  say(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function say(line: string): void {
  process.stdout.write(`build: ${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`build: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
