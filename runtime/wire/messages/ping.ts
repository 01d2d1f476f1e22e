import type { Ack, Ping } from '../message.ts';
import { asBoot, asUint32 } from '../schema.ts';
import type { MessageCodec } from './codec.ts';

/** `ping = [ 1, seq, dest-boot ]`. */
export const pingCodec: MessageCodec<Ping> = {
  type: 'ping',
  code: 1,
  encode(writer, message) {
    writer.array(3);
    writer.uint(1);
    writer.uint(message.seq);
    writer.uint(message.destBoot);
  },
  decode(fields) {
    const seq = asUint32(fields[1]);
    const destBoot = asBoot(fields[2], 0);
    return seq === undefined || destBoot === undefined ? undefined : { type: 'ping', seq, destBoot };
  },
};

/** `ack = [ 2, seq ]`. */
export const ackCodec: MessageCodec<Ack> = {
  type: 'ack',
  code: 2,
  encode(writer, message) {
    writer.array(2);
    writer.uint(2);
    writer.uint(message.seq);
  },
  decode(fields) {
    const seq = asUint32(fields[1]);
    return seq === undefined ? undefined : { type: 'ack', seq };
  },
};
