import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inventoryFrom } from '#bridge/sources/inventory/inventory.ts';
import { InventorySource } from '#bridge/sources/inventory/inventory-source.ts';
import { FakePorts } from '../../support/fake-ports.ts';
import { settle } from '../../support/manual-clock.ts';
import { RecordingSink } from '../../support/recording-sink.ts';

const OPTIONS = { name: 'inventory', command: ['/opt/gridvine', 'inventory-child'], timeoutMs: 30_000 };
const ANSWER =
  '{"board":"ACME Box","cpu":"Cortex-A53","cores":4,"os":"Debian 12","kernel":"6.1","arch":"arm64"}\n';

function started() {
  const ports = new FakePorts();
  const sink = new RecordingSink();
  const source = new InventorySource(OPTIONS, ports);
  source.start(sink);
  return { ports, sink, source };
}

test('the child is started with the injected command and without our secrets, and its answer becomes readings', async () => {
  const { ports, sink, source } = started();
  const child = ports.processes.last;
  assert.deepEqual(child.command, {
    program: '/opt/gridvine',
    args: ['inventory-child'],
    env: { PATH: '/bin' },
  });
  child.prints('a warning from somewhere\n');
  child.prints(ANSWER.slice(0, 20));
  child.prints(ANSWER.slice(20));
  child.ends({ code: 0 });
  await settle();
  assert.deepEqual(
    sink.readings.map(({ key, value }) => [key, value]),
    [
      ['inventory/board', 'ACME Box'],
      ['inventory/cpu', 'Cortex-A53'],
      ['inventory/cores', 4],
      ['inventory/os', 'Debian 12'],
      ['inventory/kernel', '6.1'],
      ['inventory/arch', 'arm64'],
    ],
  );
  assert.equal(ports.clock.pendingTimers, 0);
  await source.stop();
});

test('the firmware tables of a PC name its board', async () => {
  const { ports, sink, source } = started();
  ports.files.files
    .set('/sys/class/dmi/id/sys_vendor', 'QEMU\n')
    .set('/sys/class/dmi/id/product_name', 'Q35\n');
  ports.processes.last.prints(ANSWER);
  ports.processes.last.ends({ code: 0 });
  await settle();
  assert.equal(sink.last('inventory/board')?.value, 'QEMU Q35');
  await source.stop();
});

test('the device tree knows the board better', async () => {
  const { ports, sink, source } = started();
  ports.files.files.set('/proc/device-tree/model', 'Raspberry Pi 4 Model B Rev 1.4\0');
  ports.processes.last.prints(ANSWER);
  ports.processes.last.ends({ code: 0 });
  await settle();
  assert.equal(sink.last('inventory/board')?.value, 'Raspberry Pi 4 Model B Rev 1.4');
  await source.stop();
});

test('a child that hangs is killed after the time-out, and another attempt is made later', async () => {
  const { ports, sink, source } = started();
  await ports.clock.advance(30_000);
  assert.deepEqual(ports.processes.last.signals, ['SIGKILL']);
  ports.processes.last.ends({ signal: 'SIGKILL' });
  assert.match(source.health()[0]?.text ?? '', /gave nothing in 30000 ms\. Trying again in 1 min/);
  await ports.clock.advance(60_000);
  assert.equal(ports.processes.children.length, 2);
  ports.processes.last.prints(ANSWER);
  ports.processes.last.ends({ code: 0 });
  await settle();
  assert.deepEqual(sink.healthLog, ['+source-failed inventory', '-source-failed inventory']);
  await source.stop();
});

test('after three failures it gives up and says what to do', async () => {
  const { ports, source } = started();
  for (const pauseMs of [60_000, 600_000, 86_400_000]) {
    ports.processes.last.ends({ error: 'spawn ENOENT' });
    await ports.clock.advance(pauseMs);
  }
  assert.equal(ports.processes.children.length, 3);
  assert.match(source.health()[0]?.text ?? '', /could not be started: spawn ENOENT\. Restart the daemon/);
  assert.deepEqual(source.counters(), { attempts: 3, failures: 3 });
});

test('stopping kills the child, and nothing is delivered afterwards', async () => {
  const { ports, sink, source } = started();
  const child = ports.processes.last;
  const stopped = source.stop();
  assert.deepEqual(child.signals, ['SIGKILL']);
  child.prints(ANSWER);
  child.ends({ code: 0 });
  await stopped;
  await settle();
  assert.deepEqual(sink.readings, []);
  assert.equal(ports.clock.pendingTimers, 0);
});

test('an answer of the wrong shape is no inventory, and control characters and lengths are tamed', () => {
  for (const json of [null, 7, [], {}, { board: 7, cores: -1 }, { cpu: ' \n ' }]) {
    assert.equal(inventoryFrom(json), undefined);
  }
  assert.deepEqual(
    inventoryFrom({ board: '\u001b[2J  A\n B', cores: 1.5, serial: 'x', os: 'y'.repeat(999) }),
    {
      board: '[2J A B',
      os: 'y'.repeat(120),
    },
  );
});
