import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cpuLoadPercent,
  parseCpuTimes,
  parseLoad1,
  parseMemory,
  parseMilliCelsius,
  parseUptimeSeconds,
} from '#bridge/sources/system/proc.ts';
import { parseThrottling } from '#bridge/sources/system/throttling.ts';

test('CPU load counts iowait as idle and guest time once', () => {
  const before = parseCpuTimes('cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 2 3 4\n');
  const after = parseCpuTimes('cpu  150 0 100 850 50 0 0 0 50 0\n');
  assert.deepEqual(before, { busyTicks: 200, totalTicks: 1000 });
  assert.ok(before !== undefined && after !== undefined);
  assert.equal(Math.round(cpuLoadPercent(before, after) ?? -1), 33);
});

test('CPU load stays within 0 to 100 when the kernel counts backwards, and is unknown when no time passed', () => {
  const at = (busyTicks: number, totalTicks: number) => ({ busyTicks, totalTicks });
  assert.equal(cpuLoadPercent(at(10, 100), at(5, 110)), 0);
  assert.equal(cpuLoadPercent(at(10, 100), at(30, 110)), 100);
  assert.equal(cpuLoadPercent(at(10, 100), at(10, 100)), undefined);
});

test('memory in use leaves out what the kernel could give back', () => {
  const text = 'MemTotal:        1000 kB\nMemFree:          100 kB\nMemAvailable:     400 kB\n';
  assert.deepEqual(parseMemory(text), { totalBytes: 1_024_000, availableBytes: 409_600 });
});

test('text that is not what the kernel writes gives nothing', () => {
  for (const parse of [
    parseCpuTimes,
    parseMemory,
    parseLoad1,
    parseUptimeSeconds,
    parseMilliCelsius,
    parseThrottling,
  ]) {
    for (const text of [
      '',
      'garbage',
      '\0\0\0',
      'cpu',
      'cpu  1 2',
      'MemTotal: 0 kB\nMemAvailable: 5 kB',
      '-',
    ]) {
      assert.equal(parse(text), undefined, `${parse.name} ${JSON.stringify(text)}`);
    }
  }
});

test('the leading figures of loadavg and uptime are taken', () => {
  assert.equal(parseLoad1('0.42 0.31 0.20 1/97 5231\n'), 0.42);
  assert.equal(parseUptimeSeconds('689.82 1294.61\n'), 689.82);
  assert.equal(parseMilliCelsius('-25178\n'), -25.178);
});

test('the throttling word is split into what holds and what has happened', () => {
  assert.deepEqual(parseThrottling('50005\n'), {
    underVoltage: true,
    throttled: true,
    underVoltageSeen: true,
    throttledSeen: true,
  });
  assert.deepEqual(parseThrottling('0x10000'), {
    underVoltage: false,
    throttled: false,
    underVoltageSeen: true,
    throttledSeen: false,
  });
});

test('numbers of hundreds of digits are none', () => {
  const many = '4'.repeat(400);
  assert.equal(parseLoad1(`${many} 1 2`), undefined);
  assert.equal(parseUptimeSeconds(many), undefined);
  assert.equal(parseCpuTimes(`cpu  ${many} 1 2 3`), undefined);
  assert.equal(parseMemory(`MemTotal: ${many} kB\nMemAvailable: ${many} kB\n`), undefined);
});
