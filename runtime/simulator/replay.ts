import { type EngineSettings, LAN } from '../engine/settings.ts';
import { DEFAULT_QUALITY, type SimulationOptions } from './options.ts';

/** What a command may be told besides. */
export interface ReplayExtras {
  readonly fast?: boolean;
  /** Runs, with seeds from that of the options on; default 1. */
  readonly seeds?: number;
}

/** The command that plays the same run again; what is at its default isn't named. */
export function replayCommand(options: SimulationOptions, more: ReplayExtras = {}): string {
  const { quality } = options;
  const parts = [
    'gridvine simulate',
    `--scenario ${options.scenario}`,
    `--nodes ${options.nodes}`,
    `--seed ${options.seed}`,
    flag('seeds', more.seeds, 1),
    flag('medium', options.medium, 'unicast'),
    flag('segments', options.segments ?? 1, 1),
    flag('distribution', quality.latency.shape, DEFAULT_QUALITY.latency.shape),
    flag('delay', `${quality.latency.delayMs}ms`, `${DEFAULT_QUALITY.latency.delayMs}ms`),
    flag('jitter', `${quality.latency.jitterMs}ms`, `${DEFAULT_QUALITY.latency.jitterMs}ms`),
    flag('loss', quality.lossShare, 0),
    flag('duplicate', quality.duplicateShare, 0),
    flag('reorder', quality.reorderShare, 0),
    flag('corrupt', quality.corruptShare, 0),
    flag('asymmetric', options.asymmetricShare ?? 0, 0),
    options.bytesPerSecondMax === undefined ? '' : `--bandwidth ${options.bytesPerSecondMax}B/s`,
    flag('clock-steps', options.clockStepsPerMinute ?? 0, 0),
    flag('clock-drift', options.clockDriftShare ?? 0, 0),
    options.tableWriteIntervalMs === undefined ? '' : `--table-writes ${options.tableWriteIntervalMs}ms`,
    options.durationMs === undefined ? '' : `--duration ${options.durationMs}ms`,
    flag('rate', options.rate, undefined),
    flag('crashes', options.crashes, undefined),
    options.cold === true ? '--cold' : '',
    options.certificates === true ? '--certificates' : '',
    options.together === true ? '--together' : '',
    options.hostsStayUp === true ? '--hosts-stay-up' : '',
    flag('readings', options.readings, undefined),
    more.fast === true ? '--fast' : '',
    ...settingFlags(options.settings),
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function flag(name: string, value: string | number | undefined, usual: string | number | undefined): string {
  return value === undefined || value === usual ? '' : `--${name} ${value}`;
}

function settingFlags(settings: EngineSettings): string[] {
  return Object.entries(settings)
    .filter(([name, value]) => value !== LAN[name as keyof EngineSettings])
    .map(([name, value]) => `--set ${name}=${value}`);
}
