import type { Gone } from '../message.ts';
import { asBoot, asUint32 } from '../schema.ts';
import type { MessageCodec } from './codec.ts';
import { countOf, optionalField, readMac, writeMac } from './mac.ts';

/** `gone = [ 5, seq, boot, ? mac ]`. */
export const goneCodec: MessageCodec<Gone> = {
  type: 'gone',
  code: 5,
  encode(writer, message) {
    writer.array(3 + countOf([message.mac]));
    writer.uint(5);
    writer.uint(message.seq);
    writer.uint(message.boot);
    if (message.mac !== undefined) writeMac(writer, message.mac);
  },
  decode(fields) {
    const seq = asUint32(fields[1]);
    const boot = asBoot(fields[2], 1);
    const mac = optionalField(fields[3], readMac);
    if (seq === undefined || boot === undefined || mac === null) return undefined;
    return { type: 'gone', seq, boot, ...(mac && { mac }) };
  },
};
