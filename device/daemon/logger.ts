import { destination, pino } from 'pino';
import type { LogLevel, LogSink } from '#runtime/driver/log.ts';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** File descriptor; default 2, stderr. */
  readonly fd?: number;
}

/** A log whose level may change. */
export type Logger = LogSink & { setLevel(level: LogLevel): void };

/**
 * One JSON object a line: `time` (UTC, for people: it means nothing to the protocol), `level`, a constant `event`, and the
 * event's own fields. Written synchronously, so that the last words of a crash are not lost.
 */
export function createLogger({ level, fd = 2 }: LoggerOptions): Logger {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ fd, sync: true }),
  );
  const log: LogSink = (severity, event, fields = {}) => logger[severity]({ event, ...fields });
  return Object.assign(log, {
    setLevel: (next: LogLevel) => {
      logger.level = next;
    },
  });
}
