import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { nameKey } from '#runtime/crypto/fingerprint.ts';
import { encodeKeptKeys } from '#runtime/crypto/kept-keys.ts';
import { KeySet } from '#runtime/crypto/key-set.ts';
import { KeyState } from '#runtime/crypto/key-state.ts';
import { groupKeyOf } from '#runtime/crypto/keyring.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { createNode } from '#runtime/driver/create-node.ts';
import type { NodeOptions, NodeParts } from '#runtime/driver/node-options.ts';
import type { EngineOptions } from '#runtime/engine/contract.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { DataDir } from '#runtime/storage/data-dir.ts';
import { KeyringFile } from '#runtime/storage/keyring-file.ts';
import { MemoryNetwork } from '#runtime/testing/memory-network.ts';
import { decodeRecord } from '#runtime/wire/record-codec.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';
import { ManualTime } from '../../../support/manual-time.ts';
import { MemoryPlace } from '../../../support/memory-place.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const PSK = new Uint8Array(32);

async function bench(t: TestContext) {
  const time = new ManualTime();
  const disk = new FailingDisk();
  const engines: FakeEngine[] = [];
  const boots: number[] = [];
  const dataDir = await temporaryDirectory(t);
  const network = new MemoryNetwork();
  const place = new MemoryPlace();
  const parts: NodeParts = {
    clock: time,
    scheduler: time,
    files: disk,
    table: place,
    transports: [network.transport('10.0.0.1', 1)],
    createEngine: (options) => {
      const engine = new FakeEngine();
      engine.boot = options.boot;
      boots.push(options.boot);
      engines.push(engine);
      return engine;
    },
  };
  const options: NodeOptions = {
    name: 'a',
    cluster: 'test',
    psk: PSK,
    dataDir,
    bind: [],
    links: [{ name: 'mem0', multicast: 'full' }],
    inject: parts,
  };
  return { time, disk, place, engines, boots, dataDir, network, options };
}

const SEED = { transport: 'udp', address: '10.0.0.2', port: 2 } as const;

test('a node puts again what it kept, announces itself, and then joins', async (t) => {
  const { options, engines } = await bench(t);
  const first = await createNode(options);
  first.put('limit', 5, { unit: 'W' });
  first.put('fleeting', 1, { ttlMs: 1_000 });
  first.put('reading', 1, { keep: false });
  first.put('dropped', 1);
  first.delete('dropped');
  await first.close();
  const second = await createNode({ ...options, seeds: [SEED] });
  t.after(() => second.close());
  assert.deepEqual(engines[1].calls, ['put 1000 limit', 'start 1000', 'join 1000']);
});

test('a record put again with a ttl does not outlive its node any more', async (t) => {
  const { options, engines } = await bench(t);
  const first = await createNode(options);
  first.put('limit', 5);
  first.put('limit', 5, { ttlMs: 1_000 });
  await first.close();
  await (await createNode(options)).close();
  assert.deepEqual(engines[1].calls, ['start 1000']);
});

test('a record put again with keep: false does not outlive its node any more', async (t) => {
  const { options, engines } = await bench(t);
  const first = await createNode(options);
  first.put('level', 5);
  first.put('level', 6, { keep: false });
  await first.close();
  await (await createNode(options)).close();
  assert.deepEqual(engines[1].calls, ['start 1000']);
});

test('what was put is kept as it was then, even if the caller changes its object', async (t) => {
  const { options, place } = await bench(t);
  const node = await createNode(options);
  const value = { list: [1] };
  node.put('list', value);
  value.list.push(2);
  await node.close();
  const [row] = [...place.rows.values()];
  assert.deepEqual(decodeRecord(row!.body)?.value, { list: [1] });
});

test('the boot counter is on the medium before the engine exists', async (t) => {
  const { options, disk, boots } = await bench(t);
  disk.failWith = 'EROFS';
  await assert.rejects(createNode(options), { code: 'E_IDENTITY' });
  disk.failWith = undefined;
  await (await createNode(options)).close();
  disk.failWith = 'EROFS';
  await assert.rejects(createNode(options), { code: 'E_BOOT_COUNTER' });
  assert.deepEqual(boots, [1]);
});

test('failing half-way releases the data directory and the transports', async (t) => {
  const { options, network, dataDir } = await bench(t);
  const broken = network.transport('10.0.0.9', 9);
  broken.open = async () => {
    throw new Error('no socket');
  };
  const good = network.transport('10.0.0.1', 1);
  const inject = { ...options.inject, transports: [good, broken] };
  await assert.rejects(createNode({ ...options, inject }), /no socket/);
  assert.deepEqual(network.all(), []);
  (await DataDir.open(dataDir)).close();
});

test('a part that can not be closed keeps neither the directory nor the process, also when a signal ends the node', async (t) => {
  const { options, network, dataDir, time } = await bench(t);
  const broken = network.transport('10.0.0.9', 9);
  const close = broken.close.bind(broken);
  broken.close = async () => {
    await close();
    throw new Error('stuck');
  };
  const inject = { ...options.inject, transports: [broken] };
  await assert.rejects((await createNode({ ...options, inject })).close(), /stuck/);
  (await DataDir.open(dataDir)).close();

  const ending = new AbortController();
  const logged = Promise.withResolvers<unknown>();
  const node = await createNode({
    ...options,
    inject,
    signal: ending.signal,
    log: (_level, event, fields) => {
      if (event === 'leave-failed') logged.resolve(fields);
    },
  });
  ending.abort();
  time.advance(60_000);
  assert.deepEqual(await logged.promise, { error: 'Error: stuck' });
  await node.close().catch(() => undefined);
});

test('a full disk while running is a condition; the node goes on', async (t) => {
  const { options, place, time } = await bench(t);
  const node = await createNode(options);
  t.after(() => node.close());
  place.refuses = 'commit';
  node.put('limit', 5);
  time.advance(2_000);
  for (let i = 0; i < 50; i++) await Promise.resolve();
  assert.deepEqual(
    node.health().map((item) => item.code),
    ['state-unsaved'],
  );
  node.put('limit', 6);
});

test('a closed node refuses commands, and closes and leaves again without harm', async (t) => {
  const { options, time } = await bench(t);
  const node = await createNode(options);
  node.put('limit', 5);
  assert.ok(time.pending > 0);
  await node.close();
  await node.close();
  await node.leave();
  assert.throws(() => node.put('x', 1), { code: 'E_CLOSED' });
  assert.throws(() => node.join([SEED]), { code: 'E_CLOSED' });
  assert.equal(time.pending, 0, 'no timer holds the process open');
});

test('a node that gets no acknowledgement of its leave closes when the time is over', async (t) => {
  // B-108
  const { options, time } = await bench(t);
  const node = await createNode({ ...options, settings: { leaveTimeoutMs: 3_000 } });
  const left = node.leave();
  time.advance(4_000);
  await left;
});

test('wrong options are refused by name before anything is touched', async (t) => {
  const { options, disk } = await bench(t);
  const { inject: _, ...plain } = options;
  const wrong: [Partial<NodeOptions>, RegExp][] = [
    [{ name: '' }, /^name: expected 1 to 64 bytes of UTF-8; got 0$/],
    [{ name: 'ü'.repeat(33) }, /^name: .*got 66$/],
    [{ cluster: '' }, /^cluster: expected 1 to 64/],
    [{ psk: new Uint8Array(31) }, /^psk: expected 32 bytes .*; got 31$/],
    [{ dataDir: '' }, /^dataDir: expected a path/],
    [
      { seeds: [{ ...SEED, address: 'host.example' }] },
      /^seeds\[0\]\.address: expected a literal .*; got host\.example$/,
    ],
    [
      { multicast: { group4: '10.0.0.1' } },
      /^multicast\.group4: expected an IPv4 multicast address; got 10\.0\.0\.1$/,
    ],
    [{ multicast: { group6: '239.0.0.1' } }, /^multicast\.group6: expected an IPv6 multicast address/],
    [
      { linkBytesPerSecond: { eth9: 5_000 } },
      /^linkBytesPerSecond: expected one of the links mem0; got eth9$/,
    ],
    [{ linkBytesPerSecond: { mem0: 99 } }, /^linkBytesPerSecond\.mem0: expected 100 to 1000000000; got 99$/],
    [{ linkBytesPerSecond: { mem0: Number.NaN } }, /^linkBytesPerSecond\.mem0: .*; got NaN$/],
    [{ multicast: { port: 0 } }, /^multicast\.port: expected 1 to 65535; got 0$/],
    [{ seeds: [{ ...SEED, port: 0 }] }, /^seeds\[0\]\.port: expected 1 to 65535; got 0$/],
    [{ advertise: [{ ...SEED, port: 70_000 }] }, /^advertise\[0\]\.port: expected 0 to 65535; got 70000$/],
  ];
  for (const [changes, message] of wrong)
    await assert.rejects(createNode({ ...options, ...changes }), { code: 'E_CONFIG', message });
  await assert.rejects(createNode({ ...plain }), {
    code: 'E_CONFIG',
    message: /^bind: expected at least one/,
  });
  assert.equal(disk.files.size, 0);
});

test('a node goes on with the keys that it kept, and says that its key file is out of date', async (t) => {
  const { options, disk, dataDir } = await bench(t);
  const before: EngineOptions[] = [];
  const inject = {
    ...options.inject,
    createEngine: (each: EngineOptions) => {
      before.push(each);
      return new Engine(each);
    },
  };
  const path = `${dataDir}/keyring.json`;
  const provider = createNodeProvider();
  const keyOf = (psk: Uint8Array) => nameKey(provider, groupKeyOf(provider, psk, options.cluster));
  const stamp = { lamport: 1, by: 'ab'.repeat(16) };
  const [old, fresh] = [keyOf(PSK), keyOf(new Uint8Array(32).fill(9))];
  const state = KeyState.of([{ fingerprint: old.fingerprint, stamp, state: 'removed' }], {
    fingerprint: fresh.fingerprint,
    stamp,
  });
  await new KeyringFile({ files: disk, directory: dataDir }).save(
    encodeKeptKeys(KeySet.settle(state, fresh, [fresh])).reveal(),
  );
  const node = await createNode({ ...options, inject });
  assert.deepEqual(before[0].keys?.fingerprints, [fresh.fingerprint]);
  assert.deepEqual(
    node.health().map(({ code }) => code),
    ['key-file-outdated'],
  );
  await node.close();

  disk.files.set(path, { ...(disk.files.get(path) as { bytes: Uint8Array }), mode: 0o640 });
  await assert.rejects(createNode({ ...options, inject }), {
    code: 'E_KEY_FILE',
    message: /keyring\.json: expected mode 0600; got 0640.*chmod 600/,
  });

  await new KeyringFile({ files: disk, directory: dataDir }).save(Uint8Array.of(1, 2));
  const alone = await createNode({ ...options, inject });
  t.after(() => alone.close());
  assert.deepEqual(before[1].keys?.fingerprints, [old.fingerprint]);
  assert.deepEqual(
    alone.health().map(({ code }) => code),
    ['keyring-damaged'],
  );
});

test('what was delivered is handed out before a stop of events is over, also where nothing else waits', async (t) => {
  const { options, engines } = await bench(t);
  const node = await createNode(options);
  const heard: unknown[] = [];
  node.onUserEvent(({ payload }) => heard.push(payload));
  const event = { name: 'e', sender: node.id, senderName: 'a', number: 1, id: '1', ageMs: 0 };
  for (let payload = 0; payload < 300; payload++)
    engines[0].outputs.push({ type: 'event', event: { type: 'user-event', event: { ...event, payload } } });
  node.emitEvent('any');
  assert.deepEqual(heard, [], 'it waits for its turn');
  await node.stopEvents();
  assert.equal(heard.length, 300);
  await node.close();
});
