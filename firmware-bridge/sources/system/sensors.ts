import {
  type CpuTimes,
  cpuLoadPercent,
  parseCpuTimes,
  parseLoad1,
  parseMemory,
  parseUptimeSeconds,
} from './proc.ts';
import { readParsed, type Sensor, unreadable } from './sample.ts';

const MEBIBYTE = 1024 * 1024;

/** CPU load between two rounds; the first round gives none. */
export function cpuSensor(): Sensor {
  const key = 'system/cpu';
  let before: CpuTimes | undefined;
  return {
    key,
    read: (files) =>
      readParsed(files, '/proc/stat', {
        key,
        parse: parseCpuTimes,
        samples(after) {
          const value = before === undefined ? undefined : cpuLoadPercent(before, after);
          before = after;
          return value === undefined ? [] : [{ key, unit: '%', value }];
        },
      }),
  };
}

/** Memory in use, as a share of all, and all of it. */
export function memorySensor(): Sensor {
  const key = 'system/memory';
  return {
    key,
    read: (files) =>
      readParsed(files, '/proc/meminfo', {
        key,
        parse: parseMemory,
        samples: ({ totalBytes, availableBytes }) => [
          { key, unit: '%', value: (1 - availableBytes / totalBytes) * 100 },
          { key: 'system/memory-total', unit: 'MiB', value: totalBytes / MEBIBYTE },
        ],
      }),
  };
}

export function loadSensor(): Sensor {
  const key = 'system/load1';
  return {
    key,
    read: (files) =>
      readParsed(files, '/proc/loadavg', { key, parse: parseLoad1, samples: (value) => [{ key, value }] }),
  };
}

export function uptimeSensor(): Sensor {
  const key = 'system/uptime';
  return {
    key,
    read: (files) =>
      readParsed(files, '/proc/uptime', {
        key,
        parse: parseUptimeSeconds,
        samples: (value) => [{ key, unit: 's', value }],
      }),
  };
}

/** Use of the file system that holds `path`, as `df` counts it: blocks reserved for root are neither used nor free. */
export function diskSensor(path: string): Sensor {
  const key = 'system/disk';
  return {
    key,
    async read(files) {
      const size = await files.fileSystemSize(path);
      if (!size.ok && size.fault === 'absent') return { kind: 'absent', looked: path };
      if (!size.ok) return unreadable(key, `${path}: ${size.detail}`);
      const usedBytes = size.value.totalBytes - size.value.freeBytes;
      const usableBytes = usedBytes + size.value.availableBytes;
      // Pseudo file systems (proc, sysfs) have no size at all.
      if (usableBytes <= 0) return { kind: 'absent', looked: `${path} (a file system without a size)` };
      return {
        kind: 'samples',
        samples: [
          { key, unit: '%', value: (usedBytes / usableBytes) * 100 },
          { key: 'system/disk-total', unit: 'MiB', value: size.value.totalBytes / MEBIBYTE },
        ],
      };
    },
  };
}
