import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  cpuLoadPercent,
  parseCpuTimes,
  parseLoad1,
  parseMemory,
  parseMilliCelsius,
  parseUptimeSeconds,
} from '#bridge/sources/system/proc.ts';
import { parseThrottling } from '#bridge/sources/system/throttling.ts';

/** Text close to what the kernel writes, so that the parsers get past their first check. */
const nearlyKernel = fc.oneof(
  fc.string(),
  fc
    .array(
      fc.constantFrom(
        'cpu',
        ' ',
        '  ',
        '0',
        '7',
        '99999',
        '-',
        '.',
        '\n',
        'MemTotal:',
        'MemAvailable:',
        ' kB',
      ),
      {
        maxLength: 30,
      },
    )
    .map((words) => words.join('')),
);

test('no text makes a parser throw or give a number that is not finite', () => {
  fc.assert(
    fc.property(nearlyKernel, (text) => {
      for (const value of [parseLoad1(text), parseUptimeSeconds(text), parseMilliCelsius(text)]) {
        assert.ok(value === undefined || Number.isFinite(value));
      }
      const memory = parseMemory(text);
      assert.ok(memory === undefined || memory.availableBytes <= memory.totalBytes);
      parseThrottling(text);
    }),
    { numRuns: 2000 },
  );
});

test('any two CPU lines give a load of 0 to 100 % or none', () => {
  const line = fc
    .array(fc.nat(), { minLength: 4, maxLength: 10 })
    .map((ticks) => parseCpuTimes(`cpu  ${ticks.join(' ')}\n`));
  fc.assert(
    fc.property(line, line, (before, after) => {
      assert.ok(before !== undefined && after !== undefined);
      const load = cpuLoadPercent(before, after);
      assert.ok(load === undefined || (load >= 0 && load <= 100));
    }),
  );
});
