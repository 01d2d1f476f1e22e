import type { DropReason } from '../core/counters.ts';
import { ACCUSE_SLOTS, OUTBOX_MAX } from '../core/limits.ts';
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

/** Shows, for each node that runs, what has to stay within limits; call once a second. */
export function gaugeHosts(world: World): void {
  const recordsMax = world.records.size + world.hosts.length * (1 + ACCUSE_SLOTS);
  for (const host of world.hosts) {
    if (host.state !== 'running' || host.engine === undefined) continue;
    const gauge = (name: string, value: number, max: number) =>
      world.emit({ type: 'gauge', atMs: world.nowMs, node: host.id, name, value, max });
    gauge('records', host.engine.recordCount, recordsMax);
    gauge('datagrams sent by one mutation', host.takeTransmitsOfDrainMax(), OUTBOX_MAX);
    gauge('timeouts a second', host.takeTimeouts(), TIMEOUTS_PER_SECOND_MAX);
    if (world.network.quality.corruptShare > 0) continue;
    for (const reason of UNDESERVED)
      gauge(`datagrams refused as ${reason}`, host.engine.counters.drops[reason], 0);
  }
}
