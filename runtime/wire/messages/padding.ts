import type { Padding } from '../message.ts';
import type { MessageCodec } from './codec.ts';

/** `padding = [ 15, bstr ]`: zeros; whatever stands there is ignored. */
export const paddingCodec: MessageCodec<Padding> = {
  type: 'padding',
  code: 15,
  encode(writer, message) {
    writer.array(2);
    writer.uint(15);
    writer.bytes(new Uint8Array(message.length));
  },
  decode(fields) {
    const padding = fields[1];
    return padding instanceof Uint8Array ? { type: 'padding', length: padding.length } : undefined;
  },
};
