import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { freeUdpPort } from '#device/demo/free-port.ts';
import { SOURCE_COMMAND } from '../support/binary.ts';
import { createPlayground, type DaemonOptions, startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';

interface Status {
  readonly id: string;
  readonly members: Readonly<Record<string, number>>;
  readonly interfaces: readonly { name: string; txDatagrams: number }[];
  readonly health: readonly { code: string; text: string }[];
}
interface Records {
  readonly records: readonly {
    node: string;
    key: string;
    value: unknown;
    unit: string | null;
    ageMs: number;
  }[];
}
interface Members {
  readonly members: readonly { name: string; state: string }[];
}

function playground(t: TestContext) {
  const made = createPlayground();
  t.after(() => made.close());
  const start = async (options: DaemonOptions) => {
    const daemon = await startDaemon(made, options);
    t.after(() => daemon.stop('SIGKILL'));
    return daemon;
  };
  return { ...made, start };
}

/** Runs one command to its end. */
function gridvine(args: readonly string[], env: Record<string, string> = {}) {
  const [program, ...before] = SOURCE_COMMAND;
  const result = spawnSync(program, [...before, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 30_000,
  });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

describe('two daemons', () => {
  test('see each other, share records through API and CLI, and say goodbye', async (t) => {
    const { start } = playground(t);
    const a = await start({ name: 'a' });
    const b = await start({ name: 'b', join: [a.bind] });
    await b.waitFor<Status>('/v1/status', ({ members }) => members.alive === 2);
    await a.waitFor<Status>('/v1/status', ({ members }) => members.alive === 2);

    assert.equal(gridvine(['put', 'pump/target', '40', '--unit', '%', '--socket', a.socket]).code, 0);
    const { records } = await b.waitFor<Records>(
      '/v1/records?key=pump/target',
      (answer) => answer.records.length === 1,
    );
    const [{ node, value, unit } = { node: '', value: 0, unit: '' }] = records;
    assert.deepEqual([node, value, unit], ['a', 40, '%']);
    assert.match(gridvine(['get', 'pump/', '--socket', b.socket]).stdout, /^a +pump\/target +40 % /m);

    assert.equal(gridvine(['delete', 'pump/target', '--socket', a.socket]).code, 0);
    await b.waitFor<Records>('/v1/records?key=pump/target', (answer) => answer.records.length === 0);

    // Its own time limit of 10 s would end it with 1.
    assert.equal(await a.stop('SIGTERM'), 0);
    await b.waitFor<Members>('/v1/members', ({ members }) =>
      members.some(({ name, state }) => name === 'a' && state === 'left'),
    );
    assert.ok(!existsSync(a.socket), 'the socket is left behind');
    assert.match(a.log(), /"event":"stopped"/);
  });

  test('gridvine leave ends the daemon after the goodbye, with exit code 0', async (t) => {
    const { start } = playground(t);
    const a = await start({ name: 'a' });
    const ended = once(a.child, 'exit');
    assert.equal(gridvine(['leave', '--socket', a.socket]).code, 0);
    assert.deepEqual(await ended, [0, null]);
  });

  test('a daemon that was killed is suspected, then down, and comes back as the same node', async (t) => {
    const { start } = playground(t);
    const fast = ['--set', 'settings.probeIntervalMs=200'];
    const a = await start({ name: 'a', args: fast });
    const b = await start({ name: 'b', join: [a.bind], args: fast });
    const { id } = await b.waitFor<Status>('/v1/status', ({ members }) => members.alive === 2);
    assert.equal(await b.stop('SIGKILL'), null);
    const stateOfB = (state: string) => (answer: Members) =>
      answer.members.some((m) => m.name === 'b' && m.state === state);
    await a.waitFor<Members>('/v1/members', stateOfB('down'));
    // The killed daemon left its socket file and its lock behind.
    assert.ok(existsSync(b.socket));
    const again = await start({ name: 'b', bind: b.bind, join: [a.bind], args: fast });
    await a.waitFor<Members>('/v1/members', stateOfB('alive'));
    assert.equal((JSON.parse((await again.api('GET', '/v1/status')).body) as Status).id, id);
  });

  test('records without ttl outlive a restart, readings of a source do not', async (t) => {
    const { start } = playground(t);
    const args = ['--set', 'sources=[{kind: plant, interval: 1s}]'];
    const a = await start({ name: 'a', args });
    await a.api('PUT', '/v1/records/kept', { value: 1 });
    await a.waitFor<Records>('/v1/records?key=sim/', ({ records }) => records.length > 3);
    assert.equal(await a.stop(), 0);
    const again = await start({ name: 'a' });
    await again.waitFor<Records>('/v1/records?key=kept', ({ records }) => records.length === 1);
    const { body } = await again.api('GET', '/v1/records?key=sim/');
    assert.deepEqual((JSON.parse(body) as Records).records, []);
  });
});

describe('faults while it runs', () => {
  test('a source that dies and a broker that is down are health items, and records are shared all the same', async (t) => {
    const { start } = playground(t);
    const sources = 'sources=[{kind: exec, name: dead, command: [/nonexistent/sensor]}, {kind: plant}]';
    const port = await freeUdpPort();
    const a = await start({
      name: 'a',
      args: ['--set', sources, '--set', `mqtt.url=mqtt://127.0.0.1:${port}`],
    });
    const { health } = await a.waitFor<Status>('/v1/status', ({ health }) =>
      ['source-exited', 'mqtt-unreachable'].every((code) => health.some((item) => item.code === code)),
    );
    assert.ok(health.every(({ text }) => text !== ''));
    await a.waitFor<Records>('/v1/records?key=sim/', ({ records }) => records.length > 3);
    assert.equal((await a.api('PUT', '/v1/records/x', { value: 1 })).status, 200);
    assert.equal(await a.stop(), 0);
  });

  test('without a usable interface it says so and serves its API all the same', async (t) => {
    const { start } = playground(t);
    const a = await start({ name: 'a', bind: '0.0.0.0:0', args: ['--interface', 'nosuch0'] });
    await a.waitFor<Status>('/v1/status', ({ health }) =>
      ['no-interface', 'interface-not-found'].every((code) => health.some((item) => item.code === code)),
    );
    assert.equal(
      (JSON.parse((await a.api('GET', '/healthz')).body) as { status: string }).status,
      'degraded',
    );
    assert.equal((await a.api('PUT', '/v1/records/x', { value: 1 })).status, 200);
    assert.equal(await a.stop(), 0);
  });

  test('garbage on its port is counted by reason, and nothing else happens', async (t) => {
    const { start } = playground(t);
    const a = await start({ name: 'a' });
    const port = Number(a.bind.split(':').at(-1));
    const socket = createSocket('udp4');
    t.after(() => socket.close());
    const linesBefore = a.log().split('\n').length;
    for (let i = 0; i < 50; i++) socket.send(Buffer.alloc(100, i), port, '127.0.0.1');
    await a.waitFor<{ drops: Record<string, number> }>(
      '/v1/status',
      ({ drops }) => Object.values(drops).reduce((sum, count) => sum + count, 0) >= 40,
    );
    assert.equal(a.log().split('\n').length, linesBefore);
  });

  test('a bug of our own is logged with its stack, and ends it with 1', async (t) => {
    const { start } = playground(t);
    const planted = 'data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("planted")})';
    const [program, ...script] = SOURCE_COMMAND;
    const a = await start({ name: 'a', command: [program, '--import', planted, ...script] });
    const ended = once(a.child, 'close');
    a.child.kill('SIGUSR2');
    assert.deepEqual(await ended, [1, null]);
    assert.match(a.log(), /"event":"crashed".*Error: planted.* at /);
  });

  test('a second signal ends it at once', async (t) => {
    const { start } = playground(t);
    // Its child ignores SIGTERM, so that stopping takes a while.
    const sources = `sources=[{kind: exec, name: stubborn, command: [/bin/sh, -c, 'trap "" TERM; while :; do sleep 1; done']}]`;
    const a = await start({ name: 'a', args: ['--set', sources] });
    const ended = once(a.child, 'exit');
    a.child.kill('SIGTERM');
    await eventually(() => a.log().includes('"event":"leaving"'));
    a.child.kill('SIGINT');
    assert.deepEqual(await ended, [1, null]);
    assert.doesNotMatch(a.log(), /"event":"stopped"/);
  });
});

describe('a daemon that cannot start', () => {
  /** Starts one that must end by itself. */
  async function refused(args: readonly string[], env: Record<string, string> = {}) {
    const [program, ...before] = SOURCE_COMMAND;
    const child = spawn(program, [...before, 'run', ...args], { env: { ...process.env, ...env } });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const [code] = await once(child, 'close');
    const lines = stderr.split('\n').filter((line) => line.startsWith('gridvine: '));
    return { code, lines, stderr };
  }

  function argsOf({ directory, keyFile }: { directory: string; keyFile: string }, name: string): string[] {
    const home = join(directory, name);
    return [
      '--name',
      name,
      '--key-file',
      keyFile,
      '--data-dir',
      join(home, 'data'),
      '--socket',
      join(home, 'api.sock'),
      '--no-multicast',
    ];
  }

  test('without a key file, with one that is too open or too short: 78, and what to do', async (t) => {
    const place = playground(t);
    const args = argsOf(place, 'a').filter((arg) => arg !== '--key-file' && arg !== place.keyFile);
    const none = await refused(args);
    assert.equal(none.code, 78);
    assert.match(
      none.lines.join(),
      /^gridvine: keyFile: expected the path of a key file; got nothing; make one with: .*gridvine keygen/,
    );
    chmodSync(place.keyFile, 0o644);
    const open = await refused([...args, '--key-file', place.keyFile]);
    assert.equal(open.code, 78);
    assert.match(open.lines.join(), /expected mode 0600 .*; got 0644; run: chmod 600/);
    const short = join(place.directory, 'short.key');
    writeFileSync(short, 'AAAA\n', { mode: 0o600 });
    assert.match(
      (await refused([...args, '--key-file', short])).lines.join(),
      /expected 32 bytes as base64; got 3 bytes/,
    );
    assert.ok(!existsSync(join(place.directory, 'a')), 'something was made all the same');
  });

  test('with a wrong configuration: 78, and every problem in a line', async (t) => {
    const place = playground(t);
    const file = join(place.directory, 'gridvine.yaml');
    writeFileSync(file, 'sources:\n  - kind: plant\n    latitude: 91\nnmae: x\n');
    const { code, lines } = await refused([...argsOf(place, 'a'), '--config', file, '--bind', 'nonsense'], {
      GRIDVINE_PRESET: 'fast',
    });
    assert.equal(code, 78);
    assert.equal(lines.length, 4);
    const text = lines.join('\n');
    assert.match(
      text,
      /^gridvine: sources\[0\]\.latitude: expected a number from -90 to 90 .*; got 91 \(file .*gridvine\.yaml:3\)$/m,
    );
    assert.match(text, /^gridvine: nmae: .*gridvine\.yaml:4\)\. Did you mean name\?$/m);
    assert.match(text, /^gridvine: bind\[0\]: .*\(flag --bind\)$/m);
    assert.match(text, /^gridvine: preset: .*\(environment GRIDVINE_PRESET\)$/m);
  });

  test('on a port that is taken: 1, naming address and port', async (t) => {
    const place = playground(t);
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    t.after(() => socket.close());
    await once(socket, 'listening');
    const bind = `127.0.0.1:${socket.address().port}`;
    const { code, lines } = await refused([...argsOf(place, 'a'), '--bind', bind]);
    assert.equal(code, 1);
    assert.ok(lines.join().includes(bind), lines.join());
    assert.ok(!existsSync(join(place.directory, 'a/api.sock')));
  });

  test('on a data directory in use, or an API socket in use: 1, and the first goes on', async (t) => {
    const place = playground(t);
    const a = await place.start({ name: 'a' });
    const other = argsOf(place, 'b');
    const sameData = await refused([...other, '--data-dir', a.dataDir, '--bind', '127.0.0.1:0']);
    assert.equal(sameData.code, 1);
    assert.ok(sameData.lines.join().includes(a.dataDir), sameData.stderr);
    const sameSocket = await refused([...other, '--socket', a.socket, '--bind', '127.0.0.1:0']);
    assert.equal(sameSocket.code, 1);
    assert.match(
      sameSocket.lines.join(),
      /another daemon listens there; stop it, or give this one its own with --socket PATH/,
    );
    assert.equal((await a.api('GET', '/healthz')).status, 200);
  });

  test('with a data directory that is a file, or an address of another machine: 1', async (t) => {
    const place = playground(t);
    const file = join(place.directory, 'file');
    writeFileSync(file, '');
    const badData = await refused([...argsOf(place, 'a'), '--data-dir', file, '--bind', '127.0.0.1:0']);
    assert.equal(badData.code, 1);
    assert.ok(badData.lines.join().includes(file), badData.stderr);
    const badAddress = await refused([...argsOf(place, 'a'), '--bind', '192.0.2.1:9']);
    assert.equal(badAddress.code, 1);
    assert.match(
      badAddress.lines.join(),
      /bind: expected an address of this machine \(.*127\.0\.0\.1.*\); got 192\.0\.2\.1/,
    );
  });
});

describe('source test', () => {
  test('runs one source without a daemon, and fails where nothing comes', () => {
    const set = [
      '--set',
      'sources=[{kind: plant, interval: 100ms}, {kind: exec, name: dead, command: [/nonexistent/x]}]',
    ];
    const { code, stdout } = gridvine(['source', 'test', 'plant', '--for', '500ms', '--json', ...set]);
    assert.equal(code, 0);
    const [first] = stdout.split('\n').map((line) => (line === '' ? {} : JSON.parse(line)));
    assert.equal(first.schema, 'gridvine.source-test/1');
    assert.match(first.key, /^sim\//);
    const dead = gridvine(['source', 'test', 'dead', '--for', '500ms', ...set]);
    assert.equal(dead.code, 1);
    assert.match(dead.stderr, /no reading came within 500 ms/);
    const unknown = gridvine(['source', 'test', 'nosuch', ...set]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /expected the name of a configured source \(plant, dead\); got nosuch/);
  });
});
