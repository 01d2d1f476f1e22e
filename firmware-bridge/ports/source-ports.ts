import type { ClockPort } from './clock-port.ts';
import type { FilePort } from './file-port.ts';
import type { LinkPort } from './link-port.ts';
import type { ProcessPort } from './process-port.ts';

/** A line for the daemon's log, from a source. */
export interface SourceLogEntry {
  /** Constant name of the event, such as `source-stderr`. */
  readonly event: string;
  readonly source: string;
  readonly text: string;
}

/** Everything through which sources touch the world. */
export interface SourcePorts {
  readonly clock: ClockPort;
  readonly files: FilePort;
  readonly processes: ProcessPort;
  readonly links: LinkPort;
  /** Bounded by the callers: see `STDERR_LINES_PER_MINUTE_MAX`. */
  log(entry: SourceLogEntry): void;
}
