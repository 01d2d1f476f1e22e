import type { LogSink } from '#runtime/driver/log.ts';
import { buildInfo } from '../build-info.ts';
import type { ConfigFlags } from '../config/flags.ts';
import { readNodeSecrets } from '../config/node-secrets.ts';
import { processPaths } from '../config/paths.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { loadBoard } from './load.ts';
import { createLogger } from './logger.ts';
import { keepMemorySmall } from './memory.ts';
import { notifyReady } from './notify.ts';

/** A daemon is gone this long after SIGTERM, whatever hangs: 4.5 s for itself, which people expect, and 3 s for scripts that it runs. */
const STOP_MS_MAX = 10_000;

/**
 * Runs the daemon in this process until it is told to stop.
 * @throws GridvineError for what keeps it from starting; nothing of it runs then.
 */
export async function runDaemon(flags: ConfigFlags): Promise<void> {
  const loaded = await loadBoard(flags, processPaths(process.env));
  const secrets = await readNodeSecrets(loaded.config.values);
  const log = createLogger({ level: loaded.config.values.log.level });
  for (const text of loaded.config.warnings) log('warn', 'config-warning', { text });
  crashLoudly(log);
  const early = catchEarlySignals();
  const daemon = await startDaemon({ ...loaded, secrets, log });
  early.release();
  stopOnSignal(daemon, log);
  const { node } = daemon;
  const { version, commit, target } = buildInfo();
  const { socket, dataDir, profile } = { ...loaded.config.values, profile: loaded.board.profile.id };
  log('info', 'ready', {
    id: node.id,
    name: node.name,
    cluster: node.cluster,
    boot: node.boot,
    endpoints: node.endpoints,
    socket,
    dataDir,
    profile,
    version,
    commit,
    target,
    startMs: Math.round(performance.now()),
  });
  keepMemorySmall();
  await notifyReady(process.env, log);
  if (early.signalled()) void daemon.stop();
  await daemon.ended;
}

/** Our own bug: say all there is to say, and let the service manager start us again. */
function crashLoudly(log: LogSink): void {
  process.on('uncaughtException', (error, origin) => {
    log('error', 'crashed', { origin, error: error instanceof Error ? error.stack : String(error) });
    process.exit(1);
  });
}

/** A signal that comes while sockets are being opened: the daemon then leaves as soon as it has joined. */
function catchEarlySignals() {
  let signalled = false;
  const note = () => {
    if (signalled) process.exit(1);
    signalled = true;
  };
  process.on('SIGTERM', note).on('SIGINT', note);
  return {
    signalled: () => signalled,
    release: () => {
      process.off('SIGTERM', note).off('SIGINT', note);
    },
  };
}

function stopOnSignal(daemon: Daemon, log: LogSink): void {
  let signals = 0;
  const stop = (signal: NodeJS.Signals) => {
    signals++;
    log('info', 'signal', { signal });
    if (signals > 1) process.exit(1);
    setTimeout(() => {
      log('error', 'stop-timed-out', { afterMs: STOP_MS_MAX });
      process.exit(1);
    }, STOP_MS_MAX).unref();
    void daemon.stop();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
}
