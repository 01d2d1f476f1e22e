import type { Ack, Ping } from '../message.ts';
import { asBoot, asUint, asUint32 } from '../schema.ts';
import type { MessageCodec } from './codec.ts';
import {
  countOf,
  optionalField,
  readAnswer,
  readMac,
  readRelay,
  writeAnswer,
  writeMac,
  writeRelay,
} from './mac.ts';

/** `ping = [ 1, seq, dest-boot, ? mac, ? relay ]`. */
export const pingCodec: MessageCodec<Ping> = {
  type: 'ping',
  code: 1,
  encode(writer, { seq, destBoot, mac, relay }) {
    writer.array(3 + countOf([mac, relay]));
    writer.uint(1);
    writer.uint(seq);
    writer.uint(destBoot);
    if (mac !== undefined) writeMac(writer, mac);
    if (relay !== undefined) writeRelay(writer, relay);
  },
  decode(fields) {
    const seq = asUint32(fields[1]);
    const destBoot = asBoot(fields[2], 0);
    if (seq === undefined || destBoot === undefined) return undefined;
    if (fields.length === 3) return { type: 'ping', seq, destBoot };
    const mac = optionalField(fields[3], readMac);
    const relay = optionalField(fields[4], readRelay);
    if (mac === null || relay === null) return undefined;
    return { type: 'ping', seq, destBoot, ...(mac && { mac }), ...(relay && { relay }) };
  },
};

/** `ack = [ 2, seq, ? uptime-ms, ? mac, ? answer ]`. */
export const ackCodec: MessageCodec<Ack> = {
  type: 'ack',
  code: 2,
  encode(writer, { seq, uptimeMs, mac, answer }) {
    writer.array(2 + countOf([uptimeMs, mac, answer]));
    writer.uint(2);
    writer.uint(seq);
    if (uptimeMs !== undefined) writer.uint(uptimeMs);
    if (mac !== undefined) writeMac(writer, mac);
    if (answer !== undefined) writeAnswer(writer, answer);
  },
  decode(fields) {
    const seq = asUint32(fields[1]);
    if (seq === undefined) return undefined;
    if (fields.length === 2) return { type: 'ack', seq };
    const uptimeMs = optionalField(fields[2], asUptime);
    const mac = optionalField(fields[3], readMac);
    const answer = optionalField(fields[4], readAnswer);
    if (uptimeMs === null || mac === null || answer === null) return undefined;
    return { type: 'ack', seq, uptimeMs, ...(mac && { mac }), ...(answer && { answer }) };
  },
};

function asUptime(raw: unknown): number | undefined {
  return asUint(raw);
}
