import type { ClockPort } from '../ports/clock-port.ts';
import type { Child, ChildExit } from '../ports/process-port.ts';

/** Variables that every child gets if this process has them: what a program needs to run, and no secret among it. */
const ALWAYS_PASSED: readonly string[] = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ'];

/** The environment of a child: the few variables above, those named in `pass`, and then `set`, which wins. */
export function childEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  options: { readonly pass?: readonly string[]; readonly set?: Readonly<Record<string, string>> },
): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const name of [...ALWAYS_PASSED, ...(options.pass ?? [])]) {
    const value = own[name];
    if (value !== undefined) inherited[name] = value;
  }
  return { ...inherited, ...options.set };
}

/** How a child ended, as the rest of a sentence that begins with "The child process". */
export function describeExit(exit: ChildExit): string {
  if (exit.error !== undefined) return `could not be started: ${exit.error}`;
  return exit.signal === null ? `ended with exit code ${exit.code}` : `was ended by ${exit.signal}`;
}

/** How long, in ms, after SIGKILL nobody waits any longer: the kernel may hold a process that is stuck in a driver. */
const KILL_GRACE_MS = 1000;

/** Ends a child and its group: SIGTERM, after `graceMs` SIGKILL (at once with 0). Resolves when it has ended, or is stuck. */
export async function endChild(
  child: Child,
  options: { readonly clock: ClockPort; readonly ended: Promise<void>; readonly graceMs: number },
): Promise<void> {
  const { clock, ended, graceMs } = options;
  const gaveUp = Promise.withResolvers<void>();
  let cancel = () => {};
  const kill = () => {
    child.signalGroup('SIGKILL');
    cancel = clock.schedule(KILL_GRACE_MS, () => gaveUp.resolve());
  };
  if (graceMs > 0) {
    child.signalGroup('SIGTERM');
    cancel = clock.schedule(graceMs, kill);
  } else {
    kill();
  }
  await Promise.race([ended, gaveUp.promise]);
  cancel();
}
