import { GridvineError } from '../core/errors.ts';
import type { KeptEntry } from '../core/kept-table.ts';
import { TTL_MS_MAX } from '../core/limits.ts';
import type { PutEntry } from '../core/views.ts';
import { decodeLargeValue } from '../data/large-value.ts';
import type { GossipEngine } from '../engine/contract.ts';
import type { OldRecord } from '../storage/old-records.ts';
import { decodeRecord } from '../wire/record-codec.ts';
import type { LogSink } from './log.ts';

/**
 * Own records that outlive a restart are put under this boot: peers forget what a new boot doesn't put again [P-5.6]. It is done before the
 * announcement, so that they ask for all of it at once. Readers go on seeing batches and long values meanwhile [P-5.47]; other records that
 * find no room in the first datagram are gone for them until the next. They are as old as they were, and what was put together is put
 * together again.
 */
export function putAgain(
  engine: GossipEngine,
  nowMs: number,
  kept: { readonly own: readonly KeptEntry[]; readonly old: readonly OldRecord[] },
  log: LogSink,
): void {
  for (const entries of batchesOf(kept.own, nowMs)) put(entries);
  for (const entry of kept.old) put([entry]);

  function put(entries: readonly PutEntry[]): void {
    const { key, value, ...options } = entries[0];
    try {
      if (entries.length > 1) engine.putMany(nowMs, entries);
      else engine.put(nowMs, key, value, options);
    } catch (error) {
      // Such as a quota that was lowered since: it is kept for the next start.
      if (!(error instanceof GridvineError)) throw error;
      log('warn', 'record-not-restored', { key, error: error.message });
    }
  }
}

/** In their order, each with those that it was put with. */
function batchesOf(own: readonly KeptEntry[], nowMs: number): PutEntry[][] {
  const batches = new Map<number, PutEntry[]>();
  for (const { body, content, setAtMs } of [...own].sort((a, b) => a.version - b.version)) {
    const record = decodeRecord(body);
    if (record === undefined) continue;
    const { version, key, unit, quality, priority, batch, large } = record;
    const value = large === undefined ? record.value : content && decodeLargeValue(content);
    if (value === undefined) continue;
    const ageMs = Math.min(Math.max(0, nowMs - setAtMs), TTL_MS_MAX);
    const entry = { key, value, quality, priority, ageMs, ...(unit !== undefined && { unit }) };
    const first = version - (batch?.index ?? 0);
    const together = batch === undefined ? undefined : batches.get(first);
    if (together === undefined) batches.set(batch === undefined ? version : first, [entry]);
    else together.push(entry);
  }
  return [...batches.values()];
}
