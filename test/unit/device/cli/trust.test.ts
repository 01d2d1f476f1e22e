import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCli } from '#device/cli/run-cli.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import type { TrustView } from '#runtime/core/trust-view.ts';
import { armor } from '#runtime/pki/armor.ts';
import { FAKE_ID } from '../../../support/fake-node.ts';
import { certified, DEVICE, ROOT, rootBytes, START } from '../../../support/pki.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { startHarness } from '../api/harness.ts';
import { gridvine } from './run.ts';

const VIEW: TrustView = {
  epoch: 7,
  next: null,
  certificates: 2,
  revocations: 1,
  policy: 0,
  roster: 2,
  floorSeconds: START,
  admission: {},
  own: { standing: true, name: 'roof', groups: ['sensor'], expires: START + 86_400 },
};
const member = (id: string, name: string) => ({
  id,
  name,
  groups: ['controller', 'keymaster'],
  serial: 'ab'.repeat(16),
  issuedAt: START,
  expires: START + 86_400,
  isByRegistrar: false,
  standing: 'valid' as const,
});

async function bench(t: TestContext) {
  const api = await startHarness(t);
  const directory = await temporaryDirectory(t);
  const file = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const run = (...argv: string[]) => gridvine([...argv, '--socket', api.socket], { columns: 120 });
  return { ...api, run, file };
}

const ROOT_TEXT = armor({ kind: 'root', bytes: rootBytes() });

test('trust shows on one screen by what a node lives, who is in and who is out', async (t) => {
  const { run, node } = await bench(t);
  node.trustView = VIEW;
  node.certifiedView = {
    members: [member(FAKE_ID, 'roof'), member('ee'.repeat(16), 'ba\u001brn')],
    revoked: [{ kind: 'node', target: 'cd'.repeat(16), revokedAt: START, reason: 'stolen' }],
  };
  const { code, stdout } = await run('trust');
  assert.equal(code, 0);
  assert.match(stdout, /^epoch +7$/m);
  assert.match(stdout, /^certificate roof \(sensor\) until 2026-01-02 00:00:00Z$/m);
  assert.match(stdout, /^policy +the default one$/m);
  assert.match(stdout, /^roof +01234567 +valid +2026-01-02 00:00:00Z +this node +controller, keymaster$/m);
  assert.match(stdout, /^ba\?rn +eeeeeeee .* - +controller/m);
  assert.match(stdout, /^node +cdcdcd\w* +2026-01-01 00:00:00Z +stolen$/m);
  assert.equal(JSON.parse((await run('trust', '--json')).stdout).schema, 'gridvine.trust/1');
});

test('one that nobody let in, and a cluster of a pre-shared key, say so', async (t) => {
  const { run, node } = await bench(t);
  assert.match(
    (await run('trust')).stdout,
    /has a pre-shared key and no certificates; see: gridvine keys list/,
  );
  assert.match((await run('status')).stdout, /^security +pre-shared key, cryptography by node$/m);
  node.trustView = { ...VIEW, epoch: null, own: { standing: false, reason: 'expired', text: 'it ended' } };
  const { stdout } = await run('trust');
  assert.match(stdout, /^epoch +none: nobody has let this node in yet/m);
  assert.match(stdout, /^certificate does not count: it ended$/m);
  assert.match(
    (await run('status')).stdout,
    /^security +not let in yet, no certificate that counts, cryptography by node$/m,
  );
  assert.match((await run('keys', 'list')).stdout, /makes its keys itself.*see: gridvine trust/);
});

test('publish brings each statement of a file, or of stdin, and says what was news', async (t) => {
  const { run, node, file, socket } = await bench(t);
  const path = file('statements', `# said\n${ROOT_TEXT}\n${ROOT_TEXT}`);
  const { code, stdout } = await run('ca', 'publish', path);
  assert.equal(code, 0);
  assert.equal(stdout, 'root: counts from now on, and is told to all members\nroot: was known already\n');
  assert.deepEqual(node.proclaimed, [rootBytes(), rootBytes()]);
  const io = {
    stdout: { write: () => true },
    stderr: { write: () => true },
    env: {},
    stdin: (async function* () {
      yield ROOT_TEXT.slice(0, 20);
      yield ROOT_TEXT.slice(20);
    })(),
  };
  assert.equal(await runCli(['ca', 'publish', '-', '--socket', socket], io), 0);
  assert.equal(node.proclaimed.length, 3);
});

test('what is refused is told for each, in JSON too, and the others count', async (t) => {
  const { run, node, file } = await bench(t);
  const path = file('statements', ROOT_TEXT);
  node.refusal = new GridvineError('E_CERTIFICATE', 'root 00: signed by nobody known');
  const { code, stdout, stderr } = await run('ca', 'publish', path, '--json');
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(stdout), {
    schema: 'gridvine.published/1',
    objects: [{ kind: 'root', isNew: null, refusal: 'root 00: signed by nobody known' }],
  });
  assert.match(stderr, /statements: root: root 00: signed by nobody known/);
});

test('nothing is sent of a file that holds something else, and without a daemon', async (t) => {
  const { run, node, file } = await bench(t);
  const certificate = armor({ kind: 'certificate', bytes: certified(ROOT, DEVICE) });
  const mixed = await run('ca', 'publish', file('mixed', ROOT_TEXT + certificate));
  assert.equal(mixed.code, 1);
  assert.match(mixed.stderr, /got a certificate, which is for one board: gridvine identity install/);
  assert.match((await run('ca', 'publish', '/nonexistent/x')).stderr, /no such file/);
  assert.match((await run('ca', 'publish', file('empty', ''))).stderr, /got none/);
  assert.deepEqual(node.proclaimed, []);
  const alone = await gridvine(['ca', 'publish', file('root', ROOT_TEXT), '--socket', '/nonexistent/s']);
  assert.equal(alone.code, 69);
});
