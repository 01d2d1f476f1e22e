import type { AppValue } from '../core/value.ts';
import { type RecordReader, readRecord } from '../data/record-reader.ts';
import { decodeNodeFacts, type NodeFacts } from '../membership/node-facts.ts';

/**
 * How an engine reads what it keeps of others. The same content always reads the same, so that a process with many engines may read
 * it once for all of them; whoever shares what was read must not change it.
 */
export interface Readers {
  readonly record: RecordReader;
  /** What a node says of itself, out of the value of its record `node`; undefined where it isn't one. */
  readonly facts: (value: AppValue) => NodeFacts | undefined;
}

/** Reads everything anew. */
export const READERS: Readers = { record: readRecord, facts: decodeNodeFacts };
