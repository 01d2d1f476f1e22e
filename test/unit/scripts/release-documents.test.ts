import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { hasIntegrity } from '../../../scripts/release/base-node.ts';
import { bundledPackages } from '../../../scripts/release/bundle.ts';
import { readDataSets } from '../../../scripts/release/data-sets.ts';
import { debianVersion, debName } from '../../../scripts/release/deb.ts';
import { licenceDocument } from '../../../scripts/release/licences.ts';
import { readThirdParties, type ThirdParty } from '../../../scripts/release/packages.ts';
import { billOfMaterials } from '../../../scripts/release/sbom.ts';
import { parseTargets } from '../../../scripts/release/target.ts';

const SOURCE = { version: '1.2.3', commit: 'abc', epochSeconds: 1_700_000_000 };
const NODE = { version: '24.0.0', text: 'the licence of Node' };

function thirdParty(overrides: Partial<ThirdParty>): ThirdParty {
  return {
    name: 'left',
    version: '1.0.0',
    licence: 'MIT',
    author: 'A. Person',
    sha512: undefined,
    texts: [{ file: 'LICENSE', text: 'text of left' }],
    ...overrides,
  };
}

describe('the licence document', () => {
  test("has each package's own text, then Node's", () => {
    const document = licenceDocument([thirdParty({})], NODE);
    assert.ok(document.indexOf('left 1.0.0 (MIT)') < document.indexOf('text of left'));
    assert.ok(document.indexOf('text of left') < document.indexOf('the licence of Node'));
  });
  test('takes the standard text, with the author, where a package forgot its file', () => {
    const document = licenceDocument([thirdParty({ texts: [], licence: 'ISC' })], NODE);
    assert.match(document, /Copyright \(c\) A\. Person\n\nPermission to use, copy, modify/);
  });
  test('is refused for a licence that nobody accepted', () => {
    const build = () => licenceDocument([thirdParty({ licence: 'GPL-3.0-only' })], NODE);
    assert.throws(build, /left: licence "GPL-3.0-only" is not among those accepted/);
  });
  test('accepts one of two alternatives, and not half of a conjunction', () => {
    assert.match(licenceDocument([thirdParty({ licence: '(GPL-2.0 OR MIT)' })], NODE), /left/);
    assert.throws(() => licenceDocument([thirdParty({ licence: 'MIT AND GPL-2.0' })], NODE), /not among/);
  });
  test('is refused when there is neither a text nor a template', () => {
    const build = () => licenceDocument([thirdParty({ texts: [], licence: 'Apache-2.0' })], NODE);
    assert.throws(build, /ships no licence text/);
  });
  test('names the data of others that no package brings', () => {
    const document = licenceDocument(readDataSets(), NODE);
    assert.match(document, /sunspec\/models [0-9a-f]{7} \(Apache-2\.0\)/);
    assert.match(document, /Copyright SunSpec Alliance[\s\S]*Apache License/);
  });
  test('can be made for every library that the product depends on', () => {
    const found = readThirdParties([
      'node_modules/cbor-x',
      'node_modules/@noble/ciphers',
      'node_modules/mqtt',
      'node_modules/suncalc',
    ]);
    assert.deepEqual(
      found.map(({ name }) => name),
      ['@noble/ciphers', 'cbor-x', 'mqtt', 'suncalc'],
    );
    assert.ok(found.every(({ sha512 }) => /^[0-9a-f]{128}$/.test(sha512 ?? '')));
    assert.match(licenceDocument(found, NODE), /Kris Zyp/);
  });
});

describe('the bill of materials', () => {
  const bill = () =>
    billOfMaterials(SOURCE, [thirdParty({ name: '@a/b', sha512: '00' })], {
      version: '24.0.0',
      linked: { openssl: '3.0', modules: '137', ngtcp2: '' },
    });
  test('names packages by purl, and what is linked into the runtime', () => {
    const text = JSON.stringify(bill());
    assert.match(text, /"purl":"pkg:npm\/%40a\/b@1\.0\.0"/);
    assert.match(text, /"name":"openssl","version":"3\.0"/);
    assert.doesNotMatch(text, /"name":"modules"|ngtcp2/);
  });
  test('is the same for the same content, and another one for other content', () => {
    assert.deepEqual(bill(), bill());
    const other = billOfMaterials({ ...SOURCE, commit: 'def' }, [], { version: '24.0.0', linked: {} });
    assert.notEqual(bill().serialNumber, other.serialNumber);
    assert.match(
      String(bill().serialNumber),
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });
});

describe('what goes into a release', () => {
  test('are only packages with bytes in the bundle, nested ones too', () => {
    const inputs = {
      'device/main.ts': { bytesInOutput: 9 },
      'node_modules/@noble/ciphers/chacha.js': { bytesInOutput: 5 },
      'node_modules/unused/index.js': { bytesInOutput: 0 },
      'node_modules/a/node_modules/b/index.js': { bytesInOutput: 1 },
    };
    assert.deepEqual(bundledPackages({ inputs }), [
      'node_modules/@noble/ciphers',
      'node_modules/a/node_modules/b',
    ]);
  });
  test('are the targets asked for, in a fixed order, all of them by default', () => {
    assert.deepEqual(parseTargets([]), ['x64', 'arm64']);
    assert.deepEqual(parseTargets(['arm64,x64', 'x64']), ['x64', 'arm64']);
    assert.throws(() => parseTargets(['armv7']), /--target: expected one of x64, arm64; got "armv7"/);
  });
  test('has a version that Debian sorts before the final one when it is a preview', () => {
    assert.equal(debianVersion('1.0.0-rc.1'), '1.0.0~rc.1-1');
    assert.equal(debName('1.0.0', 'x64'), 'gridvine_1.0.0-1_amd64.deb');
  });
  test('is refused when its bytes are not those that the lockfile names', (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'gridvine-release-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'archive');
    writeFileSync(path, 'abc');
    const right =
      'sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==';
    assert.equal(hasIntegrity(path, right), true);
    assert.equal(hasIntegrity(path, right.replace('3a', '4a')), false);
    assert.throws(() => hasIntegrity(path, undefined), /expected a sha512 integrity/);
  });
});
