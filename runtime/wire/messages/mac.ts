import type { CborWriter } from '../cbor-writer.ts';
import type { Answer, Relay } from '../message.ts';
import { asBoot, asBytes, asNodeId, asUint, asUint32 } from '../schema.ts';

/**
 * Bytes of a MAC between two nodes [P-6.21]. It is checked by one node, within seconds, for a number that it drew itself, so guessing
 * goes on line: at 100,000 datagrams a second for all the 2 s that a number is open, one guess in 10^13 is right.
 */
export const MAC_BYTES = 8;
/** An answer's uptime, big-endian, and its MAC. */
const ANSWER_BYTES = 8 + MAC_BYTES;

/** @throws RangeError for another length: the sender's own bug. */
export function writeMac(writer: CborWriter, mac: Uint8Array): void {
  if (mac.length !== MAC_BYTES)
    throw new RangeError(`expected a MAC of ${MAC_BYTES} bytes; got ${mac.length}`);
  writer.bytes(mac);
}

/** How many of these optional fields are there. @throws RangeError where one follows one that is absent: the sender's own bug. */
export function countOf(fields: readonly unknown[]): number {
  const absent = fields.indexOf(undefined);
  if (absent < 0) return fields.length;
  if (fields.slice(absent).some((field) => field !== undefined))
    throw new RangeError(`field ${absent} is missing in front of others`);
  return absent;
}

/** An optional field that comes last: what is there must be readable, what is absent is fine. `null`: it isn't readable. */
export function optionalField<T>(raw: unknown, read: (raw: unknown) => T | undefined): T | undefined | null {
  return raw === undefined ? undefined : (read(raw) ?? null);
}

export function readMac(raw: unknown): Uint8Array | undefined {
  return asBytes(raw, MAC_BYTES);
}

/** `relay = [ requester, requester-boot, requester-seq, mac ]`. */
export function writeRelay(writer: CborWriter, relay: Relay): void {
  writer.array(4);
  writer.nodeId(relay.requester);
  writer.uint(relay.boot);
  writer.uint(relay.seq);
  writeMac(writer, relay.mac);
}

export function readRelay(raw: unknown): Relay | undefined {
  if (!Array.isArray(raw)) return undefined;
  const requester = asNodeId(raw[0]);
  const boot = asBoot(raw[1], 1);
  const seq = asUint32(raw[2]);
  const mac = readMac(raw[3]);
  if (requester === undefined || boot === undefined) return undefined;
  return seq === undefined || mac === undefined ? undefined : { requester, boot, seq, mac };
}

/** `answer = uint64 uptime-ms | mac`: opaque to who carries it. */
export function writeAnswer(writer: CborWriter, { uptimeMs, mac }: Answer): void {
  const bytes = new Uint8Array(ANSWER_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(uptimeMs));
  bytes.set(mac, 8);
  if (mac.length !== MAC_BYTES)
    throw new RangeError(`expected a MAC of ${MAC_BYTES} bytes; got ${mac.length}`);
  writer.bytes(bytes);
}

export function readAnswer(raw: unknown): Answer | undefined {
  const bytes = asBytes(raw, ANSWER_BYTES);
  if (bytes === undefined) return undefined;
  const uptimeMs = asUint(new DataView(bytes.buffer).getBigUint64(0));
  return uptimeMs === undefined ? undefined : { uptimeMs, mac: bytes.slice(8) };
}
