import { nodeClock } from './node-clock.ts';
import { nodeFiles } from './node-files.ts';
import { nodeLinks } from './node-links.ts';
import { nodeProcesses } from './node-processes.ts';
import type { SourceLogEntry, SourcePorts } from './source-ports.ts';

export interface NodePortsOptions {
  /** Put in front of every path that is read; `/` on a board, a fake tree in tests. */
  readonly sysroot?: string;
  /** Boot-time milliseconds; the daemon passes the clock of its event loop. */
  readonly nowMs?: () => number;
  readonly log: (entry: SourceLogEntry) => void;
}

/** The ports of this machine. */
export function nodePorts(options: NodePortsOptions): SourcePorts {
  const told = new Set<string>();
  return {
    clock: nodeClock(options.nowMs),
    files: nodeFiles(options.sysroot ?? '/'),
    processes: nodeProcesses(),
    links: nodeLinks({
      unlocked: (device, lockDirectory) => {
        if (told.has(device)) return;
        told.add(device);
        const text = `used without a lock: ${lockDirectory} can't be written; see that no other program opens it`;
        options.log({ event: 'port-unlocked', source: device, text });
      },
    }),
    log: options.log,
  };
}
