import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { certificatePath, readCertificateFiles } from '#device/config/certificate-files.ts';
import { armor } from '#runtime/pki/armor.ts';
import {
  certified,
  DEVICE,
  OTHER_ROOT,
  REGISTRAR,
  ROOT,
  registrarBytes,
  rootBytes,
  SENSOR,
} from '../../../support/pki.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const OWN = certified(ROOT, DEVICE);
const CERTIFICATE = armor({ kind: 'certificate', bytes: OWN });
const REGISTRARS = armor({ kind: 'certificate', bytes: registrarBytes() });
const ROOT_TEXT = armor({ kind: 'root', bytes: rootBytes() });

async function bench(t: TestContext) {
  const dataDir = await temporaryDirectory(t);
  const file = (name: string, ...texts: string[]) => {
    const path = join(dataDir, name);
    writeFileSync(path, texts.join(''));
    return path;
  };
  return { dataDir, file };
}

test('certificate and roots come from the one file that the CA wrote, in the data directory by default', async (t) => {
  const { dataDir, file } = await bench(t);
  const path = file('node.cert', CERTIFICATE, ROOT_TEXT);
  assert.equal(certificatePath({ dataDir, security: {} }), path);
  assert.deepEqual(readCertificateFiles({ dataDir, security: {} }), { chain: [OWN], roots: [rootBytes()] });
});

test("a registrar's certificate follows the one that it issued", async (t) => {
  const { dataDir, file } = await bench(t);
  const own = certified(REGISTRAR, DEVICE, SENSOR);
  const certificate = file('x.cert', armor({ kind: 'certificate', bytes: own }), REGISTRARS, ROOT_TEXT);
  const { chain } = readCertificateFiles({ dataDir, security: { certificate } });
  assert.deepEqual(chain, [own, registrarBytes()]);
});

test('roots of files of their own count instead of those beside the certificate', async (t) => {
  const { dataDir, file } = await bench(t);
  file('node.cert', CERTIFICATE, ROOT_TEXT);
  const next = rootBytes(OTHER_ROOT, ROOT);
  const roots = [file('root.cert', ROOT_TEXT), file('next.cert', armor({ kind: 'root', bytes: next }))];
  assert.deepEqual(readCertificateFiles({ dataDir, security: { roots } }).roots, [rootBytes(), next]);
});

test('files that are not there, or hold something else, are refused by name with the next step', async (t) => {
  const { dataDir, file } = await bench(t);
  const read = (certificate: string, roots?: string[]) => () =>
    readCertificateFiles({ dataDir, security: { certificate, ...(roots === undefined ? {} : { roots }) } });
  const good = file('good.cert', CERTIFICATE, ROOT_TEXT);
  for (const [attempt, message] of [
    [
      read(join(dataDir, 'no.cert')),
      /security\.certificate .*no\.cert: .*no such file\. .*identity request.*identity install/,
    ],
    [read(file('empty', '')), /security\.certificate .*empty: expected certificates/],
    [
      read(file('cut', CERTIFICATE.slice(0, 90))),
      /security\.certificate .*cut: line 1: .*Copy it again, whole/,
    ],
    [read(file('roots', ROOT_TEXT)), /expected one certificate, .* got none \(root\)/],
    [read(file('three', CERTIFICATE, CERTIFICATE, REGISTRARS, ROOT_TEXT)), /or two .*got 3/],
    [read(file('bare', CERTIFICATE)), /expected the roots of the cluster; got none.*root\.cert/],
    [read(good, [join(dataDir, 'no.root')]), /security\.roots\[0\] .*no\.root: no such file/],
    [read(good, [good, file('cert', CERTIFICATE)]), /security\.roots\[1\] .*expected the roots/],
    [read(dataDir), /expected a regular file/],
  ] as const)
    assert.throws(attempt, { code: 'E_CERTIFICATE', message });
});
