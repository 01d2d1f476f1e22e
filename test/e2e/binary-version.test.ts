import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { lockEntry, projectPath, readJson } from '../../scripts/release/project.ts';
import { ARCHS, binaryCommand, runCommand } from '../support/binary.ts';

describe('the built binaries', () => {
  for (const arch of ARCHS) {
    test(`for ${arch} tells version, commit, target and runtime as JSON, and nothing on stderr`, async () => {
      const { code, stdout, stderr } = await runCommand(binaryCommand(arch), ['version', '--json']);
      assert.equal(stderr, '');
      assert.equal(code, 0);
      const answer = JSON.parse(stdout) as Record<string, unknown>;
      const { commit, protocol, ...rest } = answer;
      assert.deepEqual(rest, {
        schema: 'gridvine.version/1',
        name: 'gridvine',
        version: readJson<{ version: string }>('package.json').version,
        target: `linux-${arch}`,
        node: lockEntry(`node_modules/node-linux-${arch}`).version,
      });
      assert.match(String(commit), /^([0-9a-f]{40}(-dirty)?|unknown)$/);
      assert.ok(Number.isInteger(protocol), `protocol: ${String(protocol)}`);
    });
  }

  test('are of one commit and speak one protocol', async () => {
    const answers = await Promise.all(
      ARCHS.map(async (arch) =>
        JSON.parse((await runCommand(binaryCommand(arch), ['version', '--json'])).stdout),
      ),
    );
    const [first, ...others] = answers as { commit: string; protocol: number }[];
    for (const other of others) {
      assert.deepEqual([other.commit, other.protocol], [first?.commit, first?.protocol]);
    }
  });

  test('hold no path of the machine that built them in their program', () => {
    assert.ok(!readFileSync(projectPath('dist/main.cjs'), 'latin1').includes(projectPath()));
  });
});

describe('what is published with them', () => {
  test('has the checksums that SHA256SUMS tells', () => {
    const lines = readFileSync(projectPath('dist/SHA256SUMS'), 'utf8').trim().split('\n');
    assert.ok(lines.length >= 4, lines.join('\n'));
    for (const line of lines) {
      const [sum, name] = line.split('  ') as [string, string];
      const actual = createHash('sha256')
        .update(readFileSync(projectPath('dist', name)))
        .digest('hex');
      assert.equal(actual, sum, name);
    }
  });

  test('lists the same packages in the bill of materials and in the licence document', () => {
    const bill = readJson<{
      specVersion: string;
      components: { name: string; version: string; type: string }[];
    }>('dist/sbom.cdx.json');
    const document = readFileSync(projectPath('dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    assert.equal(bill.specVersion, '1.6');
    const libraries = bill.components.filter(({ type }) => type === 'library');
    assert.ok(libraries.some(({ name }) => name === '@noble/ciphers'));
    for (const { name, version } of libraries) assert.ok(document.includes(`\n${name} ${version} (`), name);
  });
});
