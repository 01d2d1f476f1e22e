import type { EngineContext } from './context.ts';

/**
 * How much an engine holds at this moment: plain counts, cheap to take. Each has a bound that no peer can push it over; the
 * simulator checks them in every run.
 */
export interface EngineGauges {
  /** Owners in the record table: at most `ownersMax`. */
  readonly owners: number;
  /** Records of all owners, tombstones and what is left of expired ones among them: by each owner's quota. */
  readonly records: number;
  /** Bytes of them, of what readers see in their place, and of values that travel apart and are here: at most `tableBytesMax`. */
  readonly recordBytes: number;
  /** Records that readers don't see yet, or see though the table has them no more: at most all of an owner's, and once its quota of what a reset left. */
  readonly held: number;
  /** Bytes of what is kept for readers in the place of others, values by their full length: at most twice an owner's quota. */
  readonly heldBytes: number;
  /** Values that records name and that aren't here: at most one a record. */
  readonly missing: number;
  /** Members of the view, in whatever state, this node not counted: at most as many as owners. */
  readonly members: number;
  /** Accusations that stand or wait for their member: at most 32 an owner. */
  readonly accusations: number;
  /** Salts that are remembered: at most two an id and transport, and 8192. */
  readonly sessions: number;
  /** Drawn numbers whose echo is awaited: at most 8192, and none for longer than its answer can take. */
  readonly pending: number;
  /** Probes under way: at most one a member. */
  readonly probes: number;
  /** Records that still have to be told to others: at most one entry a record. */
  readonly news: number;
  /** Outputs that the driver hasn't taken: none after a drain. */
  readonly outputs: number;
  /** Owners of which something is being asked for: at most 1024. */
  readonly wants: number;
  /** Values that travel apart and are being fetched: at most 16. */
  readonly fetches: number;
  /** What peers were told last: at most 4096. */
  readonly told: number;
  /** Leases that this node claims, and promises that it made as a voter: at most 32 each. */
  readonly leases: number;
  /** Senders whose events are remembered (4096), events that wait for elder ones (128 of one, 12,288 of all), and those that wait for the medium (5,120, and one batch). */
  readonly events: number;
  /** Own queries under way, at most 16, and queries that are being answered, at most 256. */
  readonly queries: number;
  /** Deadlines that are set. */
  readonly timers: number;
}

export type GaugeName = keyof EngineGauges;

/** Takes all gauges; `sessions` are the opener's. */
export function readGauges(ctx: EngineContext, sessions: number): EngineGauges {
  return {
    owners: ctx.table.ownerCount,
    records: ctx.table.size,
    recordBytes: ctx.table.bytes,
    held: ctx.table.heldCount,
    heldBytes: ctx.table.heldBytes,
    missing: ctx.table.values.missing.count,
    members: ctx.members.size,
    accusations: ctx.accuser.standingCount,
    sessions,
    pending: ctx.pending.size,
    probes: ctx.prober.underWay,
    news: ctx.spreader.queued,
    outputs: ctx.outbox.waiting,
    wants: ctx.sync.wantCount,
    fetches: ctx.values.fetchCount,
    told: ctx.sync.toldCount,
    leases: ctx.leases.size,
    events: ctx.events.size,
    queries: ctx.queries.size,
    timers: ctx.timers.size,
  };
}
