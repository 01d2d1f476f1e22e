import type { Join } from '../message.ts';
import { asUint32 } from '../schema.ts';
import type { MessageCodec } from './codec.ts';

/** `join = [ 6, seq, padding ]`: zeros make it long enough that the answer isn't longer [P-6.7]. */
export const joinCodec: MessageCodec<Join> = {
  type: 'join',
  code: 6,
  encode(writer, message) {
    writer.array(3);
    writer.uint(6);
    writer.uint(message.seq);
    writer.bytes(new Uint8Array(message.padding));
  },
  decode(fields) {
    const seq = asUint32(fields[1]);
    const padding = fields[2];
    if (seq === undefined || !(padding instanceof Uint8Array)) return undefined;
    return { type: 'join', seq, padding: padding.length };
  },
};
