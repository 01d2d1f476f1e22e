import { GridvineError } from '../core/errors.ts';
import type { KeptEntry } from '../core/kept-table.ts';
import { TTL_MS_MAX } from '../core/limits.ts';
import type { AppValue } from '../core/value.ts';
import type { PutOptions } from '../core/views.ts';
import type { GossipEngine } from '../engine/contract.ts';
import type { OldRecord } from '../storage/old-records.ts';
import { decodeRecord } from '../wire/record-codec.ts';
import type { LogSink } from './log.ts';

/**
 * Own records that outlive a restart are put under this boot: peers forget what a new boot doesn't put again [P-5.6]. It is done before the
 * announcement, so that they ask for all of it at once and no reader sees it go and come back. They are as old as they were.
 */
export function putAgain(
  engine: GossipEngine,
  nowMs: number,
  kept: { readonly own: readonly KeptEntry[]; readonly old: readonly OldRecord[] },
  log: LogSink,
): void {
  for (const { body, setAtMs } of kept.own) {
    const record = decodeRecord(body);
    if (record === undefined) continue;
    const { key, value, unit, quality, priority } = record;
    const ageMs = Math.min(Math.max(0, nowMs - setAtMs), TTL_MS_MAX);
    put(key, value, { quality, priority, ageMs, ...(unit !== undefined && { unit }) });
  }
  for (const { key, value, ...options } of kept.old) put(key, value, options);

  function put(key: string, value: AppValue, options: PutOptions): void {
    try {
      engine.put(nowMs, key, value, options);
    } catch (error) {
      // Such as a quota that was lowered since: it is kept for the next start.
      if (!(error instanceof GridvineError)) throw error;
      log('warn', 'record-not-restored', { key, error: error.message });
    }
  }
}
