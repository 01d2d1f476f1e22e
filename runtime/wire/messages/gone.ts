import type { Gone } from '../message.ts';
import { asBoot, asUint32 } from '../schema.ts';
import type { MessageCodec } from './codec.ts';

/** `gone = [ 5, seq, boot ]`. */
export const goneCodec: MessageCodec<Gone> = {
  type: 'gone',
  code: 5,
  encode(writer, message) {
    writer.array(3);
    writer.uint(5);
    writer.uint(message.seq);
    writer.uint(message.boot);
  },
  decode(fields) {
    const seq = asUint32(fields[1]);
    const boot = asBoot(fields[2], 1);
    return seq === undefined || boot === undefined ? undefined : { type: 'gone', seq, boot };
  },
};
