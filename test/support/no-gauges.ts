import type { EngineGauges } from '#runtime/engine/gauges.ts';

/** The gauges of an engine that holds nothing. */
export const NO_GAUGES: EngineGauges = {
  owners: 0,
  records: 0,
  recordBytes: 0,
  held: 0,
  heldBytes: 0,
  missing: 0,
  members: 0,
  accusations: 0,
  sessions: 0,
  pending: 0,
  probes: 0,
  news: 0,
  outputs: 0,
  wants: 0,
  fetches: 0,
  told: 0,
  leases: 0,
  events: 0,
  queries: 0,
  timers: 0,
};
