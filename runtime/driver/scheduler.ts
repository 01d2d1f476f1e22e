/** Later calls; injected so that tests drive them by hand. */
export interface Scheduler {
  /** Calls back once, `delayMs` (0 or more) from now or later; @returns the canceller, harmless when too late. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back after the datagrams that wait in the sockets now were handled. */
  soon(callback: () => void): void;
}

const DELAY_MS_MAX = 2 ** 31 - 1;

/**
 * Node's event loop. Its timers hold the process open: a node that waits for its first address has no socket that would. Who asks
 * for one cancels it when the node closes.
 */
export const nodeScheduler: Scheduler = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), DELAY_MS_MAX));
    return () => clearTimeout(timer);
  },
  soon(callback) {
    setImmediate(callback);
  },
};
