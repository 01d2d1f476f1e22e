import type { LogSink } from '#runtime/driver/log.ts';

/** Tells the service manager that the daemon is ready, where it waits for that (`Type=notify`). Never throws. */
export async function notifyReady(
  env: Readonly<Record<string, string | undefined>>,
  log: LogSink,
): Promise<void> {
  if (!env.NOTIFY_SOCKET) return;
  const { execFile } = await import('node:child_process');
  // Node can't send to a unix datagram socket itself.
  execFile(
    'systemd-notify',
    ['--ready', `--pid=${process.pid}`],
    { timeout: 5_000, env: { ...env } },
    (error) => {
      if (error !== null) log('warn', 'notify-failed', { error: error.message });
    },
  );
}
