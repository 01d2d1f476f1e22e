import type { Presence } from '../message.ts';
import { asBytes, asUint, asVersion } from '../schema.ts';
import type { MessageCodec } from './codec.ts';
import { HASH_BYTES, hashOf } from './hash.ts';

/** `presence = [ 7, uptime-ms, node-version, heard, table-hash, next-ms ]`. */
export const presenceCodec: MessageCodec<Presence> = {
  type: 'presence',
  code: 7,
  encode(writer, message) {
    writer.array(6);
    writer.uint(7);
    writer.uint(message.uptimeMs);
    writer.uint(message.nodeVersion);
    writer.uint(message.heard);
    writer.bytes(hashOf(message.tableHash));
    writer.uint(message.nextMs);
  },
  decode(fields) {
    const uptimeMs = asUint(fields[1]);
    const nodeVersion = asVersion(fields[2]);
    const heard = asUint(fields[3]);
    const tableHash = asBytes(fields[4], HASH_BYTES);
    const nextMs = asUint(fields[5]);
    if (uptimeMs === undefined || nodeVersion === undefined || heard === undefined) return undefined;
    if (tableHash === undefined || nextMs === undefined) return undefined;
    return { type: 'presence', uptimeMs, nodeVersion, heard, tableHash, nextMs };
  },
};
