import type { RecordBody } from '../wire/record.ts';
import { decodeRecord } from '../wire/record-codec.ts';

/** A record that was read: what it says, and its bytes, which may be kept. */
export interface ReadRecord {
  readonly about: RecordBody;
  readonly bytes: Uint8Array;
}

/** Reads a record's bytes as they came. @returns undefined where they break the specification. */
export type RecordReader = (bytes: Uint8Array) => ReadRecord | undefined;

/** Decodes and validates them, and copies them: they are a view of a datagram. */
export const readRecord: RecordReader = (bytes) => {
  const about = decodeRecord(bytes);
  return about === undefined ? undefined : { about, bytes: bytes.slice() };
};
