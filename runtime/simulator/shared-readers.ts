import type { AppValue } from '../core/value.ts';
import type { ReadRecord } from '../data/record-reader.ts';
import type { Readers } from '../engine/readers.ts';
import type { NodeFacts } from '../membership/node-facts.ts';
import { ContentCache } from './content-cache.ts';

const RECORDS_MAX = 65_536;

/**
 * Readers that read each content once, and give all engines the same result: a thousand nodes otherwise read, and keep, what each of
 * them says a thousand times.
 */
export function shareReaders(readers: Readers): Readers {
  const records = new ContentCache<ReadRecord>(RECORDS_MAX);
  /** By the value that was read of a record, which is shared itself. */
  const facts = new WeakMap<object, { readonly read: NodeFacts | undefined }>();
  return {
    record(bytes) {
      const known = records.get(bytes);
      if (known !== undefined) return known;
      const read = readers.record(bytes);
      if (read !== undefined) records.set(read.bytes, read);
      return read;
    },
    facts(value: AppValue) {
      if (typeof value !== 'object' || value === null) return readers.facts(value);
      let known = facts.get(value);
      if (known === undefined) {
        known = { read: readers.facts(value) };
        facts.set(value, known);
      }
      return known.read;
    },
  };
}
