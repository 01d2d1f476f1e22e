import type { EngineContext } from './context.ts';

/** A mutation ends: each machine does what it put off till then, in this order. */
export function settleMachines(
  { keys, warden, leases, events, queries }: EngineContext,
  nowMs: number,
): void {
  keys.settle(nowMs);
  warden?.settle(nowMs);
  leases.settle(nowMs);
  events.settle(nowMs);
  // What it is asked came by an event.
  queries.settle();
}

/** The node has a higher boot: each machine says again under it what it said. */
export function renewMachines({ leases, events, self, presence }: EngineContext, nowMs: number): void {
  leases.rolledBack(nowMs);
  events.rolledBack(nowMs);
  self.renew(nowMs);
  presence.start(nowMs);
}
