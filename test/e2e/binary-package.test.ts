import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sha256 } from '../../scripts/release/checksums.ts';
import { debName } from '../../scripts/release/deb.ts';
import { projectPath, readJson } from '../../scripts/release/project.ts';
import { type Arch, binaryName, DEBIAN_ARCH } from '../../scripts/release/target.ts';
import { ARCHS, binaryCommand, runCommand } from '../support/binary.ts';
import { createPlayground } from '../support/daemon.ts';

const { version } = readJson<{ version: string }>('package.json');

function packagePath(arch: Arch): string {
  const path = projectPath('dist', debName(version, arch));
  if (!existsSync(path))
    throw new Error(`${path}: expected a package; run npm run build && npm run package first`);
  return path;
}

function output(program: string, ...args: readonly string[]): string {
  return execFileSync(program, [...args], { encoding: 'utf8' });
}

describe('the Debian packages', () => {
  for (const arch of ARCHS) {
    test(`for ${arch} hold the program, its unit, its user and its documents, all owned by root`, () => {
      const listing = output('dpkg-deb', '--contents', packagePath(arch));
      const files = listing
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+/))
        .map(([mode, owner, , , , name]) => `${mode} ${owner} ${name}`)
        .filter((line) => !line.endsWith('/'));
      assert.deepEqual(files, [
        '-rw-r--r-- root/root ./etc/gridvine/gridvine.yaml',
        '-rwxr-xr-x root/root ./usr/bin/gridvine',
        '-rw-r--r-- root/root ./usr/lib/systemd/system/gridvine.service',
        '-rw-r--r-- root/root ./usr/lib/sysusers.d/gridvine.conf',
        '-rw-r--r-- root/root ./usr/share/doc/gridvine/THIRD-PARTY-LICENSES.txt.gz',
        '-rw-r--r-- root/root ./usr/share/doc/gridvine/changelog.Debian.gz',
        '-rw-r--r-- root/root ./usr/share/doc/gridvine/changelog.gz',
        '-rw-r--r-- root/root ./usr/share/doc/gridvine/copyright',
        '-rw-r--r-- root/root ./usr/share/doc/gridvine/sbom.cdx.json.gz',
        '-rw-r--r-- root/root ./usr/share/lintian/overrides/gridvine',
      ]);
    });

    test(`for ${arch} name their architecture, version and configuration file`, () => {
      const fields = output('dpkg-deb', '--field', packagePath(arch), 'Package', 'Version', 'Architecture');
      assert.equal(fields, `Package: gridvine\nVersion: ${version}-1\nArchitecture: ${DEBIAN_ARCH[arch]}\n`);
      assert.equal(
        output('dpkg-deb', '--info', packagePath(arch), 'conffiles'),
        '/etc/gridvine/gridvine.yaml\n',
      );
    });
  }

  test('have maintainer scripts that a POSIX shell can read', () => {
    for (const name of ['postinst', 'prerm', 'postrm']) {
      output('sh', '-n', projectPath('device/packaging/debian', name));
    }
  });

  test('bring a configuration that the program accepts once there is a key', async (t) => {
    const playground = createPlayground();
    t.after(() => playground.close());
    const config = projectPath('device/packaging/gridvine.yaml');
    const command = binaryCommand(process.arch === 'arm64' ? 'arm64' : 'x64');
    const check = (env: NodeJS.ProcessEnv) =>
      runCommand(command, ['config', 'check', '--config', config], { env });
    const withKey = await check({ GRIDVINE_KEY_FILE: playground.keyFile });
    assert.equal(`${withKey.code} ${withKey.stderr}`, '0 ');
    const withoutKey = await check({ GRIDVINE_KEY_FILE: `${playground.directory}/none` });
    assert.equal(withoutKey.code, 78);
    assert.match(withoutKey.stderr, /gridvine keygen/);
  });

  test('run the daemon with the paths of its unit and without rights', () => {
    const unit = readFileSync(projectPath('device/packaging/gridvine.service'), 'utf8');
    assert.match(
      unit,
      /^ExecStart=\/usr\/bin\/gridvine run --socket \/run\/gridvine\/api\.sock --data-dir \/var\/lib\/gridvine$/m,
    );
    assert.match(unit, /^User=gridvine$/m);
    assert.match(unit, /^CapabilityBoundingSet=$/m);
    assert.match(unit, /^Restart=always$/m);
    // Where other programs look whether a serial port is in use: nothing else outside of its own directories.
    assert.match(unit, /^ReadWritePaths=-\/run\/lock$/m);
    // systemd looks device groups up once, at the start: their modules have to be there by then.
    for (const module of ['usbserial', 'cdc_acm']) {
      assert.match(unit, new RegExp(`^After=.*modprobe@${module}\\.service`, 'm'));
    }
    // V8 writes the code that it then executes.
    assert.doesNotMatch(unit, /^MemoryDenyWriteExecute=/m);
  });
});

/** dpkg in another directory tree, with the maintainer scripts told so by DPKG_ROOT. Needs root, as dpkg does. */
describe('installing into a directory tree of its own', () => {
  const arch: Arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  let root = '';
  const dpkg = (...args: readonly string[]) =>
    output(
      'dpkg',
      `--root=${root}`,
      '--force-script-chrootless',
      '--force-depends',
      '--log=/dev/null',
      ...args,
    );
  const inRoot = (path: string) => join(root, path);
  const data = () => inRoot('var/lib/gridvine/identity.json');
  const key = () => inRoot('etc/gridvine/cluster.key');

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'gridvine-root-'));
    for (const directory of ['var/lib/dpkg/info', 'var/lib/dpkg/updates', 'var/lib/gridvine', 'etc']) {
      mkdirSync(inRoot(directory), { recursive: true });
    }
    for (const file of ['status', 'available']) writeFileSync(inRoot(`var/lib/dpkg/${file}`), '');
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  test('makes the user and says what to do next while there is no key', () => {
    const said = dpkg('--install', packagePath(arch));
    assert.match(said, /installed, but not started: there is no cluster key yet/);
    assert.match(said, /gridvine keygen > \/etc\/gridvine\/cluster\.key/);
    assert.match(readFileSync(inRoot('etc/passwd'), 'utf8'), /^gridvine:.*:\/var\/lib\/gridvine:.*nologin$/m);
    assert.equal(sha256(inRoot('usr/bin/gridvine')), sha256(projectPath('dist', binaryName(arch))));
    assert.match(dpkg('--status', 'gridvine'), /^Status: install ok installed$/m);
  });

  test('an upgrade keeps configuration, data and key, and gives the key to the group', () => {
    writeFileSync(data(), '{}');
    writeFileSync(key(), 'secret', { mode: 0o600 });
    writeFileSync(inRoot('etc/gridvine/gridvine.yaml'), 'name: mine\n');
    const said = dpkg('--install', packagePath(arch));
    assert.doesNotMatch(said, /no cluster key/);
    assert.equal(readFileSync(inRoot('etc/gridvine/gridvine.yaml'), 'utf8'), 'name: mine\n');
    assert.equal(readFileSync(data(), 'utf8'), '{}');
    const gid = Number(/^gridvine:[^:]*:(\d+):/m.exec(readFileSync(inRoot('etc/group'), 'utf8'))?.[1]);
    const { mode, uid, gid: keyGid } = statSync(key());
    assert.deepEqual([mode & 0o777, uid, keyGid], [0o640, 0, gid]);
  });

  test('removal keeps them, and purging takes them away', () => {
    dpkg('--remove', 'gridvine');
    assert.deepEqual(
      [existsSync(inRoot('usr/bin/gridvine')), existsSync(data()), existsSync(key())],
      [false, true, true],
    );
    dpkg('--purge', 'gridvine');
    assert.deepEqual(
      [existsSync(data()), existsSync(key()), existsSync(inRoot('etc/gridvine'))],
      [false, false, false],
    );
  });
});
