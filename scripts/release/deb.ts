import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { projectPath, type SourceInfo } from './project.ts';
import { type Arch, binaryName, DEBIAN_ARCH } from './target.ts';

/** One file of the package: where it goes, and where it comes from. */
type PackagedFile = {
  readonly to: string;
  /** Path in the source tree, or content that was made. */
  readonly from: string | { readonly content: string | Buffer };
  readonly mode?: number;
};

const PACKAGING = 'device/packaging';
const DOC = '/usr/share/doc/gridvine';
const CONFFILES: readonly string[] = ['/etc/gridvine/gridvine.yaml'];
const MAINTAINER_SCRIPTS: readonly string[] = ['postinst', 'prerm', 'postrm'];

/** File name of a Debian package. */
export function debName(version: string, arch: Arch): string {
  return `gridvine_${debianVersion(version)}_${DEBIAN_ARCH[arch]}.deb`;
}

/** A semantic version in Debian's order, where `~` sorts before the end: `1.0.0-rc.1` becomes `1.0.0~rc.1-1`. */
export function debianVersion(version: string): string {
  return `${version.replace('-', '~')}-1`;
}

/**
 * Makes the Debian package of a built binary in `dist/` and returns its path. The same input gives the same bytes.
 * @throws Error when the binary isn't built or dpkg-deb isn't there.
 */
export function makeDeb(arch: Arch, source: SourceInfo): string {
  const binary = projectPath('dist', binaryName(arch));
  if (!existsSync(binary)) throw new Error(`${binary}: expected a built binary; run npm run build first`);
  const stage = projectPath('build', 'deb', arch);
  rmSync(stage, { recursive: true, force: true });
  const files = packagedFiles(arch, source);
  for (const file of files) stageFile(stage, file);
  for (const file of controlFiles(arch, source, stage, files)) stageFile(stage, file);
  const output = projectPath('dist', debName(source.version, arch));
  dpkgDeb(stage, output, source);
  rmSync(stage, { recursive: true, force: true });
  return output;
}

function packagedFiles(arch: Arch, source: SourceInfo): readonly PackagedFile[] {
  const packed = (path: string) => ({ content: gzipSync(readFileSync(projectPath(path)), { level: 9 }) });
  const files: readonly PackagedFile[] = [
    { to: '/usr/bin/gridvine', from: `dist/${binaryName(arch)}`, mode: 0o755 },
    { to: '/etc/gridvine/gridvine.yaml', from: `${PACKAGING}/gridvine.yaml` },
    { to: '/usr/lib/systemd/system/gridvine.service', from: `${PACKAGING}/gridvine.service` },
    { to: '/usr/lib/sysusers.d/gridvine.conf', from: `${PACKAGING}/gridvine.sysusers` },
    { to: '/usr/share/lintian/overrides/gridvine', from: `${PACKAGING}/debian/lintian-overrides` },
    { to: `${DOC}/copyright`, from: `${PACKAGING}/debian/copyright` },
    { to: `${DOC}/changelog.gz`, from: packed('CHANGELOG.md') },
    { to: `${DOC}/changelog.Debian.gz`, from: { content: gzipSync(debianChangelog(source), { level: 9 }) } },
    { to: `${DOC}/sbom.cdx.json.gz`, from: packed('dist/sbom.cdx.json') },
    { to: `${DOC}/THIRD-PARTY-LICENSES.txt.gz`, from: packed('dist/THIRD-PARTY-LICENSES.txt') },
  ];
  return [...files].sort((a, b) => (a.to < b.to ? -1 : 1));
}

function controlFiles(
  arch: Arch,
  source: SourceInfo,
  stage: string,
  files: readonly PackagedFile[],
): readonly PackagedFile[] {
  const contents = files.map(({ to }) => ({ to, content: readFileSync(join(stage, to)) }));
  const installedKib = contents.reduce((sum, { content }) => sum + Math.ceil(content.length / 1024), 0);
  const control = readFileSync(projectPath(PACKAGING, 'debian/control.in'), 'utf8')
    .replace('@VERSION@', debianVersion(source.version))
    .replace('@ARCH@', DEBIAN_ARCH[arch])
    .replace('@INSTALLED_KIB@', String(installedKib));
  const sums = contents
    .filter(({ to }) => !CONFFILES.includes(to))
    .map(({ to, content }) => `${createHash('md5').update(content).digest('hex')}  ${to.slice(1)}\n`);
  return [
    { to: '/DEBIAN/control', from: { content: control } },
    { to: '/DEBIAN/conffiles', from: { content: CONFFILES.map((path) => `${path}\n`).join('') } },
    { to: '/DEBIAN/md5sums', from: { content: sums.join('') } },
    ...MAINTAINER_SCRIPTS.map((name) => ({
      to: `/DEBIAN/${name}`,
      from: `${PACKAGING}/debian/${name}`,
      mode: 0o755,
    })),
  ];
}

function stageFile(stage: string, { to, from, mode = 0o644 }: PackagedFile): void {
  const path = join(stage, to);
  mkdirSync(dirname(path), { recursive: true });
  if (typeof from === 'string') cpSync(projectPath(from), path);
  else writeFileSync(path, from.content);
  chmodSync(path, mode);
}

function debianChangelog({ version, epochSeconds }: SourceInfo): string {
  const date = new Date(epochSeconds * 1000).toUTCString().replace('GMT', '+0000');
  return [
    `gridvine (${debianVersion(version)}) stable; urgency=medium`,
    '',
    `  * Version ${version}; see changelog.gz for what changed.`,
    '',
    ` -- gridvine developers <gridvine@localhost>  ${date}`,
    '',
  ].join('\n');
}

function dpkgDeb(stage: string, output: string, source: SourceInfo): void {
  const args = ['--root-owner-group', '-Zxz', '--build', stage, output];
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(source.epochSeconds) };
  try {
    // Directories get their mode from the umask of whoever builds.
    execFileSync('sh', ['-c', 'find "$1" -type d -exec chmod 0755 {} +', 'sh', stage]);
    execFileSync('dpkg-deb', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new Error('dpkg-deb: expected it on the PATH; got nothing; install the package dpkg', { cause });
  }
}
