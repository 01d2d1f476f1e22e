import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { GridvineError } from '#runtime/core/errors.ts';
import { FAKE_ID, memberView, recordView } from '../../../support/fake-node.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { startHarness } from '../api/harness.ts';
import { gridvine } from './run.ts';

describe('without a daemon', () => {
  for (const argv of [
    ['status'],
    ['members'],
    ['why', 'n1'],
    ['get'],
    ['put', 'a', '1'],
    ['delete', 'a'],
    ['watch'],
    ['leave'],
    ['source', 'list'],
  ]) {
    test(`${argv.join(' ')} exits 69 and says what to do`, async () => {
      const { code, stdout, stderr } = await gridvine([...argv, '--socket', '/nonexistent/api.sock']);
      assert.equal(code, 69);
      assert.equal(stdout, '');
      assert.equal(
        stderr,
        'gridvine: daemon not reachable at /nonexistent/api.sock (ENOENT); start one with: gridvine run, or name its socket with --socket PATH\n',
      );
    });
  }

  test('a file that is no socket, and one that hangs up, are 69 too', async (t) => {
    const directory = await temporaryDirectory(t);
    writeFileSync(join(directory, 'file'), '');
    assert.equal((await gridvine(['status', '--socket', join(directory, 'file')])).code, 69);
    const server = createServer((socket) => socket.destroy()).listen(join(directory, 's'));
    t.after(() => server.close());
    assert.equal((await gridvine(['status', '--socket', join(directory, 's')])).code, 69);
  });

  test('the socket comes from the environment where no flag names it', async () => {
    const { stderr } = await gridvine(['status'], { env: { GRIDVINE_SOCKET: '/nonexistent/env.sock' } });
    assert.match(stderr, /not reachable at \/nonexistent\/env\.sock/);
  });
});

describe('put', () => {
  for (const [text, value] of [
    ['40', 40],
    ['-1.5', -1.5],
    ['true', true],
    ['null', null],
    ['on', 'on'],
    ['two words', 'two words'],
    ['"40"', '40'],
    ['[1, "a"]', [1, 'a']],
    ['{"a": {"b": 1}}', { a: { b: 1 } }],
    ['{"$bytes": "AQI="}', new Uint8Array([1, 2])],
    ['18446744073709551615', 18446744073709551615n],
    ['007', '007'],
    ['', ''],
  ] as const) {
    test(`${JSON.stringify(text)} is ${typeof value}`, async (t) => {
      const api = await startHarness(t);
      const { code, stdout, stderr } = await gridvine(['put', '--socket', api.socket, '--', 'a/b', text]);
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
      assert.deepEqual(api.node.puts, [{ key: 'a/b', value, options: {} }]);
    });
  }

  test('options become those of the record', async (t) => {
    const api = await startHarness(t);
    const options = ['--ttl', '1.5m', '--unit', 'W', '--urgent', '--if-version', '0', '--json'];
    const { stdout } = await gridvine(['put', 'p', '1', ...options, '--socket', api.socket]);
    assert.deepEqual(api.node.puts[0]?.options, {
      ttlMs: 90_000,
      unit: 'W',
      priority: 'urgent',
      ifVersion: 0,
    });
    assert.deepEqual(JSON.parse(stdout), { schema: 'gridvine.written/1', key: 'p', version: 101 });
  });

  test('--durable answers when the record is on the disk, and does not go with a ttl', async (t) => {
    const api = await startHarness(t);
    await gridvine(['put', 'p', '1', '--durable', '--socket', api.socket]);
    assert.equal(api.node.persistedOwn, 1);
    assert.deepEqual(api.node.puts[0]?.options, {});
    const { code, stderr } = await gridvine([
      'put',
      'p',
      '1',
      '--durable',
      '--ttl',
      '5s',
      '--socket',
      api.socket,
    ]);
    assert.equal(code, 2);
    assert.match(stderr, /--durable.*--ttl/);
  });

  test('a key with odd characters arrives as it is', async (t) => {
    const api = await startHarness(t);
    await gridvine(['put', 'a b/ü?#%2F', '1', '--socket', api.socket]);
    assert.equal(api.node.puts[0]?.key, 'a b/ü?#%2F');
  });

  test("the daemon's refusal is the message, with exit code 1", async (t) => {
    const api = await startHarness(t);
    api.node.refusal = new GridvineError('E_VERSION_CONFLICT', 'a: expected version 3; got 5');
    const { code, stderr } = await gridvine(['put', 'a', '1', '--socket', api.socket]);
    assert.equal(code, 1);
    assert.equal(stderr, 'gridvine: a: expected version 3; got 5\n');
  });
});

describe('get', () => {
  test('shows a table for people', async (t) => {
    const api = await startHarness(t);
    api.node.put('pump/target', 40, { unit: '%', ttlMs: 30_000 });
    api.node.arrive(
      recordView({
        node: 'barn',
        key: 'note',
        value: 'red\u001b[31m',
        ageBoundMs: null,
        ageMs: 65_000,
        quality: 'stale',
      }),
    );
    const { stdout } = await gridvine(['get', '--socket', api.socket]);
    assert.equal(
      stdout,
      [
        'NODE        KEY          VALUE     AGE  TTL  QUALITY',
        'pump-house  pump/target  40 %      5ms  30s  good',
        'barn        note         red?[31m  >1m       stale',
        '',
      ].join('\n'),
    );
  });

  test('a named key that is not there exits 1; a prefix with nothing below it exits 0', async (t) => {
    const api = await startHarness(t);
    const missing = await gridvine(['get', 'x', '--socket', api.socket, '--node', 'barn']);
    assert.equal(missing.code, 1);
    assert.equal(missing.stderr, 'gridvine: no record x of node barn; see: gridvine get\n');
    const empty = await gridvine(['get', 'x/', '--socket', api.socket]);
    assert.deepEqual(empty, { code: 0, stdout: '', stderr: 'gridvine: no records below x/\n' });
  });

  test('--json prints the document of the API', async (t) => {
    const api = await startHarness(t);
    api.node.put('a', 1);
    const { stdout } = await gridvine(['get', '--json', '--socket', api.socket]);
    assert.deepEqual(JSON.parse(stdout), (await api.call('GET', '/v1/records')).json);
  });
});

describe('members and status', () => {
  test('members has a row each, sorted by name, in 80 columns', async (t) => {
    const api = await startHarness(t);
    const path = { transport: 'udp', address: '10.0.0.2', port: 18262 } as const;
    api.node.others = [
      memberView({
        id: 'b'.repeat(32),
        name: 'a-name-of-quite-some-length-that-needs-cutting-down',
        state: 'down',
        path,
        rttMs: 1.26,
        lastHeardMs: 3000,
      }),
    ];
    const { stdout } = await gridvine(['members', '--socket', api.socket]);
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.length, 3);
    for (const line of lines) assert.ok(line.length <= 80, `${line.length}: ${line}`);
    assert.match(lines[1] ?? '', /^a-name-of.*… +bbbbbbbb +down +3s ago +1\.3 ms +10\.0\.0\.2:18262$/);
    assert.match(lines[2] ?? '', new RegExp(`^pump-house +${FAKE_ID.slice(0, 8)} +alive +this node`));
  });

  test('colour only on a terminal, and not where NO_COLOR is set', async (t) => {
    const api = await startHarness(t);
    const escapes = async (world: object) =>
      (await gridvine(['members', '--socket', api.socket], world)).stdout.includes('\u001b[');
    assert.equal(await escapes({ isTTY: true }), true);
    assert.equal(await escapes({ isTTY: false }), false);
    assert.equal(await escapes({ isTTY: true, env: { NO_COLOR: '1' } }), false);
    assert.equal(await escapes({ isTTY: true, env: { TERM: 'dumb' } }), false);
  });

  test('status says what is dropped and what is wrong', async (t) => {
    const api = await startHarness(t);
    api.node.counters.drops.replay = 3;
    api.conditions.push({
      code: 'no-interface',
      severity: 'failure',
      title: 'no usable interface',
      text: 'Connect one.',
      sinceMs: 65_000,
    });
    const { stdout } = await gridvine(['status', '--socket', api.socket]);
    assert.match(stdout, /^dropped +3 replay$/m);
    assert.match(stdout, /^eth0 .* \(2\), budget 20kB\/s refused 4 membership, 5 data, lost here 3$/m);
    assert.match(stdout, /^members +1 alive$/m);
    assert.match(stdout, /^failure no usable interface \(no-interface, for 1m\)\n {2}Connect one\.$/m);
  });
});

describe('delete, leave and source list', () => {
  test('delete takes the record away', async (t) => {
    const api = await startHarness(t);
    api.node.put('a/b', 1);
    assert.equal((await gridvine(['delete', 'a/b', '--socket', api.socket])).code, 0);
    assert.equal(api.node.recordCount, 0);
    assert.equal((await gridvine(['delete', 'a/b', '--socket', api.socket])).code, 1);
  });

  test('leave says goodbye', async (t) => {
    const api = await startHarness(t);
    assert.equal((await gridvine(['leave', '--socket', api.socket])).code, 0);
    assert.ok(api.node.left);
  });

  test('source list names simulated sources as such', async (t) => {
    const api = await startHarness(t);
    assert.match((await gridvine(['source', 'list', '--socket', api.socket])).stdout, /no sources; add some/);
    api.sources.push({
      name: 'roof',
      kind: 'plant',
      simulated: true,
      state: 'running',
      counters: { samples: 5, published: 2 },
      health: [],
    });
    assert.match(
      (await gridvine(['source', 'list', '--socket', api.socket])).stdout,
      /^roof +plant \(simulated\) +running +5 +2 +ok$/m,
    );
  });
});
