import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHILD_BYTES_PER_SECOND_MAX, STDERR_LINES_PER_MINUTE_MAX } from '#bridge/limits.ts';
import { ExecSource, type ExecSourceOptions } from '#bridge/sources/exec/exec-source.ts';
import { FakePorts } from '../../support/fake-ports.ts';
import { settle } from '../../support/manual-clock.ts';
import { RecordingSink } from '../../support/recording-sink.ts';

const LINE = '{"key":"tank/level","value":71.5,"unit":"%"}\n';

function started(options: Partial<ExecSourceOptions> = {}) {
  const ports = new FakePorts();
  const sink = new RecordingSink();
  const source = new ExecSource({ name: 'tank', command: ['/opt/tank', '--fast'], ...options }, ports);
  source.start(sink);
  return { ports, sink, source };
}

test('each line of the child becomes a reading', async () => {
  const { ports, sink } = started();
  ports.processes.last.prints(LINE.slice(0, 10));
  ports.processes.last.prints(LINE.slice(10));
  assert.deepEqual(sink.readings, [
    { key: 'tank/level', value: 71.5, unit: '%', quality: 'good', takenAtMs: ports.clock.nowMs() },
  ]);
});

test('the child gets only allowed variables', () => {
  const { ports } = started({ env: { TANK: '3', PATH: '/opt/bin' }, passEnv: ['MISSING', 'EXTRA'] });
  assert.deepEqual(ports.processes.last.command, {
    program: '/opt/tank',
    args: ['--fast'],
    env: { TANK: '3', PATH: '/opt/bin' },
    cwd: undefined,
  });
  const named = started({ passEnv: ['SECRET_TOKEN'] }).ports.processes.last.command.env;
  assert.deepEqual(named, { PATH: '/bin', SECRET_TOKEN: 'canary' });
});

test('a prefix is put before keys, and what it makes too long is garbage', () => {
  const { ports, sink, source } = started({ keyPrefix: 'pump-house' });
  ports.processes.last.prints(LINE);
  ports.processes.last.prints(`{"key":"${'x'.repeat(120)}","value":1}\n`);
  assert.deepEqual(
    sink.readings.map(({ key }) => key),
    ['pump-house/tank/level'],
  );
  assert.equal(source.counters().garbageLines, 1);
});

test('a child that ends is started again after pauses that double, up to a minute', async () => {
  const { ports, sink, source } = started();
  const pauses: number[] = [];
  for (let i = 0; i < 8; i++) {
    const count = ports.processes.children.length;
    const fromMs = ports.clock.nowMs();
    ports.processes.last.ends({ code: 1 });
    while (ports.processes.children.length === count) await ports.clock.advance(1000);
    pauses.push(ports.clock.nowMs() - fromMs);
  }
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  assert.equal(source.health().length, 1);
  assert.equal(source.health()[0]?.severity, 'warning');
  assert.ok(sink.healthLog.every((line) => line === '+source-exited tank'));
  assert.match(source.health()[0]?.text ?? '', /ended with exit code 1\. Starting it again in 60 s/);
});

test('after half a minute of running the item goes and the next pause is short again', async () => {
  const { ports, sink, source } = started();
  ports.processes.last.ends({ signal: 'SIGSEGV' });
  await ports.clock.advance(1000);
  ports.processes.last.ends({ signal: 'SIGSEGV' });
  await ports.clock.advance(2000);
  await ports.clock.advance(30_000);
  assert.equal(sink.healthLog.at(-1), '-source-exited tank');
  assert.deepEqual(source.health(), []);
  ports.processes.last.ends({ code: 0 });
  assert.match(source.health()[0]?.text ?? '', /again in 1 s/);
});

test('a program that does not start is a failure, and is tried again', async () => {
  const { ports, source } = started();
  ports.processes.last.ends({ error: 'spawn /opt/tank ENOENT' });
  assert.equal(source.health()[0]?.severity, 'failure');
  assert.match(source.health()[0]?.text ?? '', /could not be started: spawn \/opt\/tank ENOENT/);
  await ports.clock.advance(1000);
  assert.equal(ports.processes.children.length, 2);
});

test('half a line of a dead child does not spoil the first line of the next', async () => {
  const { ports, sink } = started();
  ports.processes.last.prints('{"key":"ta');
  ports.processes.last.ends({ code: 1 });
  await ports.clock.advance(1000);
  ports.processes.last.prints(LINE);
  assert.equal(sink.readings.length, 1);
});

test('garbage lines are counted, raise one item, and cost nothing else', async () => {
  const { ports, sink, source } = started();
  ports.processes.last.prints(`hello\n${LINE}\u0000\n`);
  assert.equal(sink.readings.length, 1);
  assert.equal(source.counters().garbageLines, 2);
  assert.deepEqual(sink.healthLog, ['+source-garbage tank']);
  await ports.clock.advance(59_000);
  ports.processes.last.prints('again\n');
  await ports.clock.advance(59_000);
  assert.equal(sink.healthLog.length, 1);
  await ports.clock.advance(1000);
  assert.deepEqual(sink.healthLog, ['+source-garbage tank', '-source-garbage tank']);
});

test('of a flood of lines two seconds’ worth is read and the rest is counted and dropped', async () => {
  const { ports, sink, source } = started({ linesPerSecondMax: 10 });
  ports.processes.last.prints(LINE.repeat(500));
  assert.equal(sink.readings.length, 20);
  assert.equal(source.counters().floodedLines, 480);
  assert.deepEqual(sink.healthLog, ['+source-flooding tank']);
  await ports.clock.advance(1000);
  ports.processes.last.prints(LINE.repeat(500));
  assert.equal(sink.readings.length, 30);
  await ports.clock.advance(60_000);
  assert.equal(sink.healthLog.at(-1), '-source-flooding tank');
});

test('a flood of bytes makes the child wait for the rest of the second', async () => {
  const { ports, source } = started();
  const child = ports.processes.last;
  child.prints('x'.repeat(CHILD_BYTES_PER_SECOND_MAX + 1));
  child.prints('x'.repeat(CHILD_BYTES_PER_SECOND_MAX));
  assert.equal(child.paused, true);
  assert.equal(source.counters().pauses, 1);
  await ports.clock.advance(1000);
  assert.equal(child.paused, false);
});

test('a child that died while it was braked leaves nothing behind for the next', async () => {
  const { ports } = started();
  ports.processes.last.prints('x'.repeat(CHILD_BYTES_PER_SECOND_MAX + 1));
  ports.processes.last.ends({ code: 1 });
  await ports.clock.advance(1000);
  ports.processes.last.prints('x'.repeat(CHILD_BYTES_PER_SECOND_MAX + 1));
  assert.equal(ports.processes.last.paused, true);
  await ports.clock.advance(1000);
  assert.equal(ports.processes.last.paused, false);
});

test('stderr goes to the log line by line, without control characters, and so many lines a minute', async () => {
  const { ports, source } = started();
  ports.processes.last.complains('sensor \u001b[31mlost\n');
  assert.deepEqual(ports.logged, [{ event: 'source-stderr', source: 'tank', text: 'sensor  [31mlost' }]);
  ports.processes.last.complains('again\n'.repeat(1000));
  assert.equal(ports.logged.length, STDERR_LINES_PER_MINUTE_MAX);
  assert.equal(source.counters().stderrDropped, 1001 - STDERR_LINES_PER_MINUTE_MAX);
});

test('stopping asks the group to end, and nothing is delivered or started afterwards', async () => {
  const { ports, sink, source } = started();
  const child = ports.processes.last;
  const stopped = source.stop();
  assert.deepEqual(child.signals, ['SIGTERM']);
  child.prints(LINE);
  child.complains('bye\n');
  child.ends({ signal: 'SIGTERM' });
  await stopped;
  await ports.clock.advance(120_000);
  assert.deepEqual([sink.readings, sink.changes, ports.logged], [[], [], []]);
  assert.equal(ports.processes.children.length, 1);
  assert.equal(ports.clock.pendingTimers, 0);
});

test('a child that ignores SIGTERM is killed after two seconds, and one that is stuck is left after three', async () => {
  const { ports, source } = started();
  let done = false;
  const stopped = source.stop().then(() => {
    done = true;
  });
  await ports.clock.advance(1999);
  assert.deepEqual(ports.processes.last.signals, ['SIGTERM']);
  await ports.clock.advance(1);
  assert.deepEqual(ports.processes.last.signals, ['SIGTERM', 'SIGKILL']);
  assert.equal(done, false);
  await ports.clock.advance(1000);
  await stopped;
});

test('a child that outlived its stop does not speak for its successor', async () => {
  const { ports, sink, source } = started();
  const old = ports.processes.last;
  const stopped = source.stop();
  await ports.clock.advance(3000);
  await stopped;
  source.start(sink);
  old.prints(LINE);
  old.ends({ code: 0 });
  await settle();
  assert.deepEqual([sink.readings, source.health()], [[], []]);
  ports.processes.last.prints(LINE);
  assert.equal(sink.readings.length, 1);
});
