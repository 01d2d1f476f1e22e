import type { Presence } from '../message.ts';
import { asBytes, asUint, asVersion } from '../schema.ts';
import type { MessageCodec } from './codec.ts';
import { HASH_BYTES, hashOf } from './hash.ts';
import { countOf, optionalField } from './mac.ts';

/**
 * Bytes of a presence chain's link [P-6.25]. To go on with somebody's chain takes a preimage of 128 bits, and each link is hashed with
 * its owner, boot and place, so that neither tables nor many targets help.
 */
export const LINK_BYTES = 16;

/** `presence = [ 7, uptime-ms, node-version, heard, table-hash, next-ms, ? link ]`. */
export const presenceCodec: MessageCodec<Presence> = {
  type: 'presence',
  code: 7,
  encode(writer, message) {
    writer.array(6 + countOf([message.link]));
    writer.uint(7);
    writer.uint(message.uptimeMs);
    writer.uint(message.nodeVersion);
    writer.uint(message.heard);
    writer.bytes(hashOf(message.tableHash));
    writer.uint(message.nextMs);
    if (message.link !== undefined) writer.bytes(message.link);
  },
  decode(fields) {
    const uptimeMs = asUint(fields[1]);
    const nodeVersion = asVersion(fields[2]);
    const heard = asUint(fields[3]);
    const tableHash = asBytes(fields[4], HASH_BYTES);
    const nextMs = asUint(fields[5]);
    if (uptimeMs === undefined || nodeVersion === undefined || heard === undefined) return undefined;
    if (tableHash === undefined || nextMs === undefined) return undefined;
    const link = optionalField(fields[6], (raw) => asBytes(raw, LINK_BYTES));
    if (link === null) return undefined;
    return { type: 'presence', uptimeMs, nodeVersion, heard, tableHash, nextMs, ...(link && { link }) };
  },
};
