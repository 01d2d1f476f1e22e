import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonClient } from './daemon-client.ts';
import { CONVERGENCE_POLL_MS } from './limits.ts';

/** How long it took until every daemon saw every other alive, by `performance.now()` and as exact as the polling. */
export interface Convergence {
  /** When the last daemon answered on its API. */
  readonly answeredAtMs: number;
  readonly convergedAtMs: number;
}

/**
 * Waits until each of the daemons sees all of them alive.
 * @returns undefined where the signal ended it before.
 */
export async function convergence(
  clients: readonly DaemonClient[],
  signal: AbortSignal,
): Promise<Convergence | undefined> {
  let answeredAtMs: number | undefined;
  while (!signal.aborted) {
    const views = await Promise.all(clients.map((client) => client.members()));
    const nowMs = performance.now();
    if (views.every((view) => view !== undefined)) {
      answeredAtMs ??= nowMs;
      const alive = views.map((view) => view.members.filter(({ state }) => state === 'alive').length);
      if (alive.every((count) => count >= clients.length)) return { answeredAtMs, convergedAtMs: nowMs };
    }
    await sleep(CONVERGENCE_POLL_MS);
  }
  return undefined;
}
