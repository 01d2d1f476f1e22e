import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GridvineError } from '#runtime/core/errors.ts';
import type { EngineEvent, Path } from '#runtime/core/outputs.ts';
import { BOOT_MAX } from '#runtime/core/version.ts';
import { Secret } from '#runtime/crypto/secret.ts';
import { Driver } from '#runtime/driver/driver.ts';
import { EventQueue } from '#runtime/driver/event-queue.ts';
import { HealthBoard } from '#runtime/driver/health-board.ts';
import { MemoryNetwork } from '#runtime/testing/memory-network.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';
import { ManualTime } from '../../../support/manual-time.ts';

const PATH: Path = { transport: 'udp', link: 'mem0', multicast: false, address: '10.0.0.2', port: 2 };
const PEER = { transport: 'udp', address: '10.0.0.2', port: 2 } as const;
const bytes = (length: number) => new Uint8Array(length);

class Bench {
  readonly time = new ManualTime(1_000);
  readonly engine = new FakeEngine();
  readonly health = new HealthBoard();
  readonly network = new MemoryNetwork();
  readonly transport = this.network.transport('10.0.0.1', 1);
  readonly listenerErrors: unknown[] = [];
  readonly persisted: number[] = [];
  readonly keptKeys: Uint8Array[] = [];
  readonly keptLeases: Uint8Array[] = [];
  readonly keptEvents: Uint8Array[] = [];
  persistError: Error | undefined;
  readonly events = new EventQueue({
    soon: this.time.soon,
    onListenerError: (error) => this.listenerErrors.push(error),
  });
  readonly driver = new Driver({
    clock: this.time,
    scheduler: this.time,
    transports: [this.transport],
    events: this.events,
    health: this.health,
    log: () => undefined,
    persistBoot: async (boot) => {
      if (this.persistError !== undefined) throw this.persistError;
      this.persisted.push(boot);
    },
    persistLeases: async (kept) => {
      if (this.persistError !== undefined) throw this.persistError;
      this.keptLeases.push(kept);
    },
    persistEvents: async (kept) => {
      if (this.persistError !== undefined) throw this.persistError;
      this.keptEvents.push(kept);
    },
    persistKeys: async (kept) => {
      if (this.persistError !== undefined) throw this.persistError;
      this.keptKeys.push(kept);
    },
  });

  codes(): string[] {
    return this.health.items(this.time.nowMs()).map((item) => item.code);
  }

  emit(event: EngineEvent): void {
    this.engine.outputs.push({ type: 'event', event });
  }
}

async function running(): Promise<Bench> {
  const bench = new Bench();
  await bench.transport.open(bench.driver.handlers);
  bench.driver.start(bench.engine);
  bench.engine.calls.length = 0;
  return bench;
}

/** An identity lives twice, or no longer does. */
const twin = (id: string, change: 'seen' | 'over'): EngineEvent => ({
  type: 'twin',
  id,
  name: `n-${id.slice(0, 2)}`,
  change,
  lives: [{ boot: 3, endpoint: { transport: 'udp', address: '192.168.1.7', port: 18262 } }],
});

const microtasks = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

test('datagrams before the start and after the stop touch no engine', async () => {
  const bench = new Bench();
  bench.driver.handlers.datagram(PATH, bytes(1));
  bench.driver.start(bench.engine);
  bench.driver.handlers.datagram(PATH, bytes(2));
  bench.driver.stop();
  bench.driver.handlers.datagram(PATH, bytes(3));
  bench.driver.handlers.unreachable(PEER);
  bench.driver.handlers.failure({ code: 'EPERM' });
  assert.deepEqual(bench.engine.calls, ['start 1000', 'handleDatagram 1000 2']);
  assert.throws(() => bench.driver.mutate(() => 1), { code: 'E_CLOSED' });
});

test('every mutation is drained, and its datagrams go to the transport that carries them', async () => {
  const bench = await running();
  const peer = bench.network.transport('10.0.0.2', 2);
  const heard: number[] = [];
  await peer.open({
    datagram: (_path, datagram) => heard.push(datagram.length),
    unreachable: () => undefined,
    failure: () => undefined,
  });
  const to = { kind: 'unicast', endpoint: PEER } as const;
  bench.engine.outputs.push(
    { type: 'transmit', to, bytes: bytes(10), trafficClass: 'data' },
    { type: 'transmit', to, bytes: bytes(20), trafficClass: 'data' },
  );
  bench.driver.handlers.datagram(PATH, bytes(5));
  await microtasks();
  assert.deepEqual(heard, [10, 20]);
  assert.equal(bench.engine.drained, true);
});

test('a transport is told the class of what it sends', async () => {
  const bench = await running();
  const told: string[] = [];
  bench.transport.send = (_to, _bytes, trafficClass) => void told.push(trafficClass);
  const to = { kind: 'unicast', endpoint: PEER } as const;
  for (const trafficClass of ['data', 'liveness', 'membership'] as const)
    bench.engine.outputs.push({ type: 'transmit', to, bytes: bytes(10), trafficClass });
  bench.driver.handlers.datagram(PATH, bytes(5));
  assert.deepEqual(told, ['data', 'liveness', 'membership']);
});

test('a destination that no transport carries is counted, not thrown', async () => {
  const bench = await running();
  const endpoint = { transport: 'http', address: '10.0.0.2', port: 2 } as const;
  bench.engine.outputs.push({
    type: 'transmit',
    to: { kind: 'unicast', endpoint },
    bytes: bytes(10),
    trafficClass: 'data',
  });
  bench.driver.handlers.datagram(PATH, bytes(5));
  assert.equal(bench.engine.counters.drops['send-failed'], 1);
  assert.equal(bench.driver.failures.get('NO_TRANSPORT'), 1);
});

test('send failures are counted and shown as a condition that clears itself', async () => {
  const bench = await running();
  for (let i = 0; i < 1_000; i++)
    bench.driver.handlers.failure({ code: 'ENETUNREACH', link: 'eth0', endpoint: PEER });
  assert.equal(bench.engine.counters.drops['send-failed'], 1_000);
  assert.equal(bench.driver.failures.get('ENETUNREACH'), 1_000);
  assert.deepEqual(bench.codes(), ['send-failing']);
  assert.match(bench.health.items(0)[0].text, /ENETUNREACH to 10\.0\.0\.2:2/);
  bench.time.advance(60_000);
  assert.deepEqual(bench.codes(), []);
});

test('a touch goes to the transport that carries to its endpoint, and what fails of it is only counted', async () => {
  const touched: string[] = [];
  const bench = await running();
  const transport = bench.transport.touch.bind(bench.transport);
  bench.transport.touch = (endpoint, bytes) => {
    touched.push(`${endpoint.port} ${bytes.length}`);
    transport(endpoint, bytes);
  };
  bench.engine.outputs.push({ type: 'touch', endpoint: PEER, bytes: bytes(2) });
  bench.driver.handlers.datagram(PATH, bytes(1));
  assert.deepEqual(touched, [`${PEER.port} 2`]);
  bench.driver.handlers.failure({ code: 'EMFILE', endpoint: PEER, what: 'touch' });
  assert.equal(bench.driver.failures.get('touch EMFILE'), 1);
  assert.equal(bench.engine.counters.drops['send-failed'], 0);
  assert.deepEqual(bench.health.items(bench.time.nowMs()), []);
});

test('multicast of links that are not used is no send failure', async () => {
  const bench = await running();
  bench.driver.handlers.failure({ code: 'UNKNOWN_LINK', endpoint: PEER });
  assert.equal(bench.engine.counters.drops['send-failed'], 0);
  assert.equal(bench.driver.failures.get('UNKNOWN_LINK'), 1);
});

test('there is one timer, at the earliest deadline', async () => {
  const bench = await running();
  for (const deadline of [1_500, 1_300, 1_400]) {
    bench.engine.deadlineMs = deadline;
    bench.driver.handlers.datagram(PATH, bytes(1));
    assert.equal(bench.time.pending, 1);
  }
  assert.equal(bench.time.nextMs, 1_300);
  bench.engine.calls.length = 0;
  bench.time.advance(300);
  assert.deepEqual(bench.engine.calls, ['handleTimeout 1300']);
  assert.equal(bench.time.nextMs, 1_400, 'the deadline that is still open is armed again');
});

test('an engine without a deadline needs no timer', async () => {
  const bench = await running();
  bench.driver.handlers.datagram(PATH, bytes(1));
  assert.equal(bench.time.pending, 0);
});

// B-139
test('after a stall the engine hears of the lag, then of waiting datagrams, then of the timeout', async () => {
  const bench = await running();
  bench.engine.deadlineMs = 1_100;
  bench.driver.handlers.datagram(PATH, bytes(1));
  bench.engine.calls.length = 0;
  bench.time.stall(2_000);
  bench.time.fireDue();
  bench.driver.handlers.datagram(PATH, bytes(7));
  bench.time.turn();
  bench.driver.handlers.datagram(PATH, bytes(8));
  bench.time.settle();
  assert.deepEqual(bench.engine.calls, [
    'observeHost 3000 lag 1900',
    'handleDatagram 3000 7',
    'handleDatagram 3000 8',
    'handleTimeout 3000',
  ]);
});

test('a flood can not keep a late timeout waiting for ever', async () => {
  const bench = await running();
  bench.engine.deadlineMs = 1_100;
  bench.driver.handlers.datagram(PATH, bytes(1));
  bench.time.stall(2_000);
  bench.time.fireDue();
  for (let turn = 0; turn < 50; turn++) {
    bench.driver.handlers.datagram(PATH, bytes(1));
    bench.time.turn();
  }
  assert.ok(bench.engine.calls.includes('handleTimeout 3000'));
});

test('a timer that is a little late is an ordinary timeout', async () => {
  const bench = await running();
  bench.engine.deadlineMs = 1_100;
  bench.driver.handlers.datagram(PATH, bytes(1));
  bench.engine.calls.length = 0;
  bench.time.stall(110);
  bench.time.fireDue();
  assert.deepEqual(bench.engine.calls, ['handleTimeout 1110']);
});

// B-135
test('after the machine slept the engine hears of it before anything else', async () => {
  const bench = await running();
  bench.time.sleep(600_000);
  bench.driver.handlers.datagram(PATH, bytes(1));
  bench.driver.handlers.datagram(PATH, bytes(2));
  assert.deepEqual(bench.engine.calls, [
    'observeHost 601000 lag 600000',
    'handleDatagram 601000 1',
    'handleDatagram 601000 2',
  ]);
});

test('sleep seen by a late timer is reported once', async () => {
  const bench = await running();
  bench.engine.deadlineMs = 1_100;
  bench.driver.handlers.datagram(PATH, bytes(1));
  bench.engine.calls.length = 0;
  bench.time.sleep(600_000);
  bench.time.fireDue();
  bench.time.settle();
  assert.deepEqual(bench.engine.calls, ['observeHost 601000 lag 599900', 'handleTimeout 601000']);
});

// B-115
test('a listener may call the node: events come outside the engine', async () => {
  const bench = await running();
  const order: string[] = [];
  bench.events.subscribe((event) => {
    order.push(event.type);
    if (event.type === 'twin') bench.driver.mutate((engine, nowMs) => engine.put(nowMs, 'key', 1));
  });
  bench.emit(twin('cd'.repeat(16), 'seen'));
  bench.emit({ type: 'left' });
  bench.driver.handlers.datagram(PATH, bytes(1));
  assert.deepEqual(order, [], 'not while the datagram is handled');
  bench.time.settle();
  assert.deepEqual(order, ['twin', 'left']);
  assert.deepEqual(bench.engine.calls, ['handleDatagram 1000 1', 'put 1000 key']);
});

test('a refused command leaves the driver working', async () => {
  const bench = await running();
  const refusal = new GridvineError('E_QUOTA', 'full');
  assert.throws(
    () =>
      bench.driver.mutate(() => {
        throw refusal;
      }),
    refusal,
  );
  bench.driver.handlers.datagram(PATH, bytes(1));
  assert.deepEqual(bench.engine.calls, ['handleDatagram 1000 1']);
});

test('an assertion of the engine is not swallowed', async () => {
  const bench = await running();
  bench.engine.handleDatagram = () => {
    throw new Error('assertion failed: broken');
  };
  assert.throws(() => bench.driver.handlers.datagram(PATH, bytes(1)), /assertion failed/);
});

test('a higher boot is persisted before the engine goes on under it, once', async () => {
  const bench = await running();
  bench.emit({ type: 'boot-behind', seenBoot: 41 });
  bench.emit({ type: 'boot-behind', seenBoot: 41 });
  bench.driver.handlers.datagram(PATH, bytes(1));
  assert.deepEqual(bench.engine.calls, ['handleDatagram 1000 1']);
  await microtasks();
  assert.deepEqual(bench.persisted, [42]);
  assert.deepEqual(bench.engine.calls, ['handleDatagram 1000 1', 'adoptBoot 1000 42']);
  bench.emit({ type: 'boot-behind', seenBoot: 41 });
  bench.driver.handlers.datagram(PATH, bytes(1));
  await microtasks();
  assert.deepEqual(bench.persisted, [42], 'an old event changes nothing');
});

test('where the boot can not be persisted the node goes on, with a condition', async () => {
  const bench = await running();
  bench.persistError = new GridvineError('E_BOOT_COUNTER', "boot-a.json: can't be written (EROFS)");
  bench.emit({ type: 'boot-behind', seenBoot: 5 });
  bench.driver.handlers.datagram(PATH, bytes(1));
  await microtasks();
  assert.equal(bench.engine.boot, 6);
  assert.deepEqual(bench.codes(), ['boot-counter-unsaved']);
});

test('a used-up boot counter is a failure that people see', async () => {
  const bench = await running();
  bench.emit({ type: 'boot-behind', seenBoot: BOOT_MAX });
  bench.driver.handlers.datagram(PATH, bytes(1));
  await microtasks();
  assert.equal(bench.engine.boot, 1);
  assert.deepEqual(bench.codes(), ['boot-counter-exhausted']);
});

test('leaving ends with the engine’s goodbye, or when its time is over', async () => {
  const bench = await running();
  const left = bench.driver.leave(3_000);
  bench.emit({ type: 'left' });
  bench.driver.handlers.datagram(PATH, bytes(1));
  await left;
  assert.equal(bench.time.pending, 0, 'the bound is taken back');
  const unanswered = bench.driver.leave(3_000);
  bench.time.advance(3_000);
  await unanswered;
});

test('a refused join, a foreign cluster, a twin and a link in doubt are conditions for people', async () => {
  const bench = await running();
  bench.emit({ type: 'refused', code: 'unknown-key', cluster: 'farm', address: '10.0.0.9' });
  bench.emit({ type: 'foreign-cluster', tag: '01020304', address: '10.0.0.9' });
  bench.emit(twin(bench.engine.id, 'seen'));
  bench.emit({ type: 'self-doubt', silent: 4, asked: 5 });
  bench.driver.handlers.datagram(PATH, bytes(1));
  assert.deepEqual(bench.codes().sort(), [
    'foreign-cluster',
    'identity-twin',
    'join-refused',
    'own-link-doubted',
  ]);
});

test('promises are on the medium before the engine hears so, and it hears at once where they are not', async () => {
  const bench = await running();
  const told: string[] = [];
  bench.engine.leases.kept = (_nowMs, ticket, outcome) => void told.push(`${ticket} ${outcome}`);
  bench.engine.outputs.push({ type: 'keep-leases', ticket: 3, kept: Uint8Array.of(9) });
  bench.driver.mutate((engine, nowMs) => engine.handleTimeout(nowMs));
  assert.deepEqual(told, []);
  await microtasks();
  assert.deepEqual([bench.keptLeases, told], [[Uint8Array.of(9)], ['3 kept']]);
  bench.persistError = Object.assign(new Error('read-only'), { code: 'EROFS' });
  bench.engine.outputs.push({ type: 'keep-leases', ticket: 4, kept: Uint8Array.of(8) });
  bench.driver.mutate((engine, nowMs) => engine.handleTimeout(nowMs));
  await microtasks();
  assert.deepEqual([bench.codes(), told.at(-1)], [['leases-unsaved'], '4 failed']);
});

test('keys are on the medium before the engine hears that they count', async () => {
  const bench = await running();
  bench.engine.outputs.push({ type: 'keep-keys', ticket: 7, kept: new Secret(Uint8Array.of(1, 2)) });
  bench.driver.mutate((engine, nowMs) => engine.handleTimeout(nowMs));
  assert.deepEqual(bench.engine.calls, ['handleTimeout 1000']);
  await microtasks();
  assert.deepEqual(bench.keptKeys, [Uint8Array.of(1, 2)]);
  assert.deepEqual(bench.engine.calls, ['handleTimeout 1000', 'keysKept 1000 7']);
});

test('keys that the medium refuses are tried again until it takes them, and people are told meanwhile', async () => {
  const bench = await running();
  bench.persistError = Object.assign(new Error('full'), { code: 'ENOSPC' });
  bench.engine.outputs.push({ type: 'keep-keys', ticket: 7, kept: new Secret(Uint8Array.of(1)) });
  bench.driver.mutate((engine, nowMs) => engine.handleTimeout(nowMs));
  await microtasks();
  assert.deepEqual(bench.codes(), ['keyring-unsaved']);
  bench.time.advance(5_000);
  await microtasks();
  assert.equal(bench.engine.calls.length, 1);
  bench.persistError = undefined;
  bench.time.advance(5_000);
  await microtasks();
  assert.deepEqual(bench.codes(), []);
  assert.deepEqual(bench.engine.calls.at(-1), 'keysKept 11000 7');
});

test('datagrams under a key that is not held are a health item that names the sender and the next step', async () => {
  const bench = await running();
  bench.emit({ type: 'unknown-key', address: '10.0.0.9' });
  bench.emit({ type: 'refused', code: 'unknown-key', cluster: 'test', address: '10.0.0.9' });
  bench.driver.mutate((engine, nowMs) => engine.handleTimeout(nowMs));
  const items = bench.health.items(bench.time.nowMs());
  assert.deepEqual(
    items.map(({ code }) => code),
    ['unknown-key', 'join-refused'],
  );
  for (const { text } of items) assert.match(text, /10\.0\.0\.9.*gridvine keys list.*key file/);
});

test('a boot that is too far to follow, and boots that run out, are conditions with rekey as the next step', async () => {
  const bench = await running();
  bench.emit({ type: 'boot-claim', seenBoot: 900_000 });
  bench.emit({ type: 'boot-behind', seenBoot: BOOT_MAX - 500 });
  bench.driver.handlers.datagram(PATH, bytes(1));
  await microtasks();
  assert.deepEqual(bench.codes().sort(), ['boot-claim', 'boots-few']);
  for (const { text } of bench.health.items(bench.time.nowMs())) assert.match(text, /gridvine rekey/);
  assert.equal(bench.engine.boot, BOOT_MAX - 499, 'it goes on');
});
