import type { Carry, LeaseAnswer, LeaseAsk } from '../message.ts';
import { asBoot, asNodeId } from '../schema.ts';
import type { MessageCodec } from './codec.ts';
import { leaseAnswerCodec, leaseAskCodec } from './lease.ts';

/** `carry = [ 23, from, from-boot, to, lease-ask / lease-answer ]`. */
export const carryCodec: MessageCodec<Carry> = {
  type: 'carry',
  code: 23,
  encode(writer, { from, boot, to, message }) {
    writer.array(5);
    writer.uint(23);
    writer.nodeId(from);
    writer.uint(boot);
    writer.nodeId(to);
    if (message.type === 'lease-ask') leaseAskCodec.encode(writer, message);
    else leaseAnswerCodec.encode(writer, message);
  },
  decode(fields) {
    const from = asNodeId(fields[1]);
    const boot = asBoot(fields[2], 1);
    const to = asNodeId(fields[3]);
    const message = inner(fields[4]);
    if (from === undefined || boot === undefined || to === undefined || message === undefined)
      return undefined;
    return { type: 'carry', from, boot, to, message };
  },
};

function inner(raw: unknown): LeaseAsk | LeaseAnswer | undefined {
  if (!Array.isArray(raw)) return undefined;
  if (raw[0] === leaseAskCodec.code) return leaseAskCodec.decode(raw);
  return raw[0] === leaseAnswerCodec.code ? leaseAnswerCodec.decode(raw) : undefined;
}
