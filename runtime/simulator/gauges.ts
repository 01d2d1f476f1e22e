import type { DropReason } from '../core/counters.ts';
import {
  ACCUSE_SLOTS,
  CLAIMS_MAX,
  EVENT_SLOTS,
  LARGE_VALUE_BYTES_MAX,
  OPEN_QUERIES_MAX,
  OUTBOX_MAX,
  PROMISES_MAX,
  RECORD_BYTES_MAX,
  REPLYING_MAX,
} from '../core/limits.ts';
import type { GaugeName } from '../engine/gauges.ts';
import { FETCHES_MAX } from '../engine/value-courier.ts';
import type { World } from './world.ts';

/** Refusals that a peer's own datagrams never deserve, unless the network corrupts them. */
const UNDESERVED: readonly DropReason[] = [
  'size',
  'version',
  'kind',
  'wrong-cluster',
  'unknown-key',
  'forged',
  'malformed',
  'session',
  'unknown-message',
];
/** A timer in every millisecond would be 1000: an engine that often asks for the past is busy for nothing. */
const TIMEOUTS_PER_SECOND_MAX = 900;
/** Answers awaited beside those that grow with the cluster: helpers of a busy second, joins, goodbyes. */
const PENDING_BASE = 512;
const PENDING_PER_NODE = 16;
/** Deadlines beside those of single probes, suspicions, calls and awaited answers: one a machine. */
const TIMERS_BASE = 32;
const TIMERS_PER_NODE = 3;
/** Certificate, chain of presences, epoch and its shares, the root's word. */
const RECORDS_OF_CERTIFICATES = 24;
/** Salts of one id [P-3.7]: a peer that starts a hundred times leaves no more behind. */
const SESSIONS_PER_NODE = 2;

/** What the engines of a cluster may hold, by what there is in the cluster: far below the limits of a board. */
function limitsOf(world: World): Readonly<Record<Exclude<GaugeName, 'recordBytes'>, number>> {
  const nodes = world.hosts.length;
  const records = recordsMax(world);
  const pending = PENDING_BASE + PENDING_PER_NODE * nodes;
  return {
    owners: nodes,
    records,
    held: records,
    // What a reader sees of each record, once.
    heldBytes: world.records.size * (RECORD_BYTES_MAX + LARGE_VALUE_BYTES_MAX),
    missing: world.records.size,
    members: nodes - 1,
    accusations: nodes * ACCUSE_SLOTS,
    sessions: SESSIONS_PER_NODE * nodes,
    pending,
    probes: nodes - 1,
    // What has to go out by multicast and by unicast is queued once for each.
    news: 2 * records,
    outputs: 0,
    wants: nodes,
    fetches: FETCHES_MAX,
    told: nodes * nodes,
    leases: CLAIMS_MAX + PROMISES_MAX,
    events: nodes * (1 + 2 * EVENT_SLOTS),
    queries: OPEN_QUERIES_MAX + REPLYING_MAX,
    timers: TIMERS_BASE + TIMERS_PER_NODE * nodes + pending,
  };
}

/** Each record that was ever written, and those of the protocol. */
function recordsMax(world: World): number {
  const own =
    1 +
    ACCUSE_SLOTS +
    world.leaseNames.size +
    (world.hasEvents ? EVENT_SLOTS : 0) +
    (world.fleet === undefined ? 0 : RECORDS_OF_CERTIFICATES);
  return world.records.size + world.hosts.length * own;
}

/** Shows, for each node that runs, what exceeds a limit; call once a second. */
export function gaugeHosts(world: World): void {
  const limits = Object.entries(limitsOf(world)) as [keyof ReturnType<typeof limitsOf>, number][];
  for (const host of world.hosts) {
    if (host.state !== 'running' || host.engine === undefined) continue;
    const gauge = (name: string, value: number, max: number) => {
      if (value > max) world.emit({ type: 'gauge', atMs: world.nowMs, node: host.id, name, value, max });
    };
    const gauges = host.engine.gauges();
    for (const [name, max] of limits) gauge(name, gauges[name], max);
    gauge('datagrams sent by one mutation', host.takeTransmitsOfDrainMax(), OUTBOX_MAX);
    gauge('timeouts a second', host.takeTimeouts(), TIMEOUTS_PER_SECOND_MAX);
    if (world.network.quality.corruptShare > 0) continue;
    for (const reason of UNDESERVED) {
      // Where epochs follow one another somebody is always the last to hear of it.
      if (reason === 'unknown-key' && world.fleet !== undefined) continue;
      gauge(`datagrams refused as ${reason}`, host.engine.counters.drops[reason], 0);
    }
  }
}
