/** CPU time since boot, in the kernel's ticks, over all cores. */
export interface CpuTimes {
  readonly busyTicks: number;
  readonly totalTicks: number;
}

/** Parses the first line of `/proc/stat` (proc_stat(5)); undefined if it is not one. */
export function parseCpuTimes(text: string): CpuTimes | undefined {
  const line = /^cpu +([\d ]+)/.exec(text)?.[1];
  if (line === undefined) return undefined;
  // user nice system idle iowait irq softirq steal; guest time, which follows, is already part of user and nice.
  const ticks = line.trim().split(/ +/).slice(0, 8).map(Number);
  if (ticks.length < 4) return undefined;
  const totalTicks = ticks.reduce((sum, tick) => sum + tick, 0);
  if (!Number.isSafeInteger(totalTicks)) return undefined;
  const idleTicks = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return { busyTicks: totalTicks - idleTicks, totalTicks };
}

/** The share of time, 0 to 100 %, that the cores were busy between two measurements; undefined if no time passed. */
export function cpuLoadPercent(before: CpuTimes, after: CpuTimes): number | undefined {
  const totalTicks = after.totalTicks - before.totalTicks;
  if (totalTicks <= 0) return undefined;
  // The kernel's iowait may run backwards (proc_stat(5)), hence the clamp.
  return Math.min(100, Math.max(0, ((after.busyTicks - before.busyTicks) / totalTicks) * 100));
}

export interface MemoryUse {
  readonly totalBytes: number;
  /** What programs could still get without swapping. */
  readonly availableBytes: number;
}

/** Parses `/proc/meminfo`; undefined if total or available is missing. */
export function parseMemory(text: string): MemoryUse | undefined {
  const kibibytes = (name: string) => Number(new RegExp(`^${name}: +(\\d{1,12}) kB$`, 'm').exec(text)?.[1]);
  const total = kibibytes('MemTotal');
  const available = kibibytes('MemAvailable');
  if (!(total > 0) || !(available >= 0) || available > total) return undefined;
  return { totalBytes: total * 1024, availableBytes: available * 1024 };
}

/** The load average of the last minute, from `/proc/loadavg`. */
export function parseLoad1(text: string): number | undefined {
  return leadingNumber(text);
}

/** Seconds since boot, from `/proc/uptime`. */
export function parseUptimeSeconds(text: string): number | undefined {
  return leadingNumber(text);
}

/** Degrees Celsius from a file in thousandths of a degree. */
export function parseMilliCelsius(text: string): number | undefined {
  const match = /^-?\d{1,7}$/.exec(text.trim());
  return match === null ? undefined : Number(match[0]) / 1000;
}

function leadingNumber(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d+)?)(?:\s|$)/.exec(text);
  return match === null ? undefined : Number(match[1]);
}
