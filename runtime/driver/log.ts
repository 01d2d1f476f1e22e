export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Takes one log entry; `event` is a constant in kebab-case. It gets no secrets, and must not throw. */
export type LogSink = (level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>) => void;

export const noLog: LogSink = () => undefined;
