import { endpointFromValue, endpointToValue } from '../endpoint.ts';
import type { Nack, PingReq } from '../message.ts';
import { asBoot, asNodeId, asUint32 } from '../schema.ts';
import type { MessageCodec } from './codec.ts';

/** `ping-req = [ 3, seq, target, target-boot, target-endpoint ]`. */
export const pingReqCodec: MessageCodec<PingReq> = {
  type: 'ping-req',
  code: 3,
  encode(writer, message) {
    writer.array(5);
    writer.uint(3);
    writer.uint(message.seq);
    writer.nodeId(message.target);
    writer.uint(message.targetBoot);
    writer.value(endpointToValue(message.endpoint));
  },
  decode(fields) {
    const seq = asUint32(fields[1]);
    const target = asNodeId(fields[2]);
    const targetBoot = asBoot(fields[3], 0);
    const endpoint = endpointFromValue(fields[4]);
    if (seq === undefined || target === undefined || targetBoot === undefined || endpoint === undefined)
      return undefined;
    return { type: 'ping-req', seq, target, targetBoot, endpoint };
  },
};

/** `nack = [ 4, seq ]`. */
export const nackCodec: MessageCodec<Nack> = {
  type: 'nack',
  code: 4,
  encode(writer, message) {
    writer.array(2);
    writer.uint(4);
    writer.uint(message.seq);
  },
  decode(fields) {
    const seq = asUint32(fields[1]);
    return seq === undefined ? undefined : { type: 'nack', seq };
  },
};
