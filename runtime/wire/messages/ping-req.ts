import { endpointFromValue, endpointToValue } from '../endpoint.ts';
import type { Nack, PingReq } from '../message.ts';
import { asBoot, asNodeId, asUint32 } from '../schema.ts';
import type { MessageCodec } from './codec.ts';
import { countOf, optionalField, readMac, writeMac } from './mac.ts';

/** `ping-req = [ 3, seq, target, target-boot, target-endpoint, ? mac, ? challenge ]`. */
export const pingReqCodec: MessageCodec<PingReq> = {
  type: 'ping-req',
  code: 3,
  encode(writer, message) {
    writer.array(5 + countOf([message.mac, message.challenge]));
    writer.uint(3);
    writer.uint(message.seq);
    writer.nodeId(message.target);
    writer.uint(message.targetBoot);
    writer.value(endpointToValue(message.endpoint));
    if (message.mac !== undefined) writeMac(writer, message.mac);
    if (message.challenge !== undefined) writeMac(writer, message.challenge);
  },
  decode(fields) {
    const seq = asUint32(fields[1]);
    const target = asNodeId(fields[2]);
    const targetBoot = asBoot(fields[3], 0);
    const endpoint = endpointFromValue(fields[4]);
    if (seq === undefined || target === undefined || targetBoot === undefined || endpoint === undefined)
      return undefined;
    const request: PingReq = { type: 'ping-req', seq, target, targetBoot, endpoint };
    if (fields.length === 5) return request;
    const mac = optionalField(fields[5], readMac);
    const challenge = optionalField(fields[6], readMac);
    if (mac === null || challenge === null) return undefined;
    return { ...request, ...(mac && { mac }), ...(challenge && { challenge }) };
  },
};

/** `nack = [ 4, seq, ? mac ]`. */
export const nackCodec: MessageCodec<Nack> = {
  type: 'nack',
  code: 4,
  encode(writer, message) {
    writer.array(2 + countOf([message.mac]));
    writer.uint(4);
    writer.uint(message.seq);
    if (message.mac !== undefined) writeMac(writer, message.mac);
  },
  decode(fields) {
    const seq = asUint32(fields[1]);
    const mac = optionalField(fields[2], readMac);
    return seq === undefined || mac === null ? undefined : { type: 'nack', seq, ...(mac && { mac }) };
  },
};
