import { toAppValue } from '../cbor.ts';
import { CborWriter } from '../cbor-writer.ts';
import type { QueryGot, QueryReply, ReplyVerdict } from '../message.ts';
import { asBytes, asNodeId, asUint, VERSION_MAX } from '../schema.ts';
import type { MessageCodec } from './codec.ts';
import { countOf, optionalField } from './mac.ts';

/** Bytes of a MAC between asker and answerer [P-18.11]. */
export const REPLY_MAC_BYTES = 16;
/** In the order of their codes. */
const VERDICTS: readonly ReplyVerdict[] = ['ack', 'answer', 'none', 'failed'];

/** `query-reply = [ 16, asker, number, from, verdict, value, cut-from, ? mac ]`. */
export const queryReplyCodec: MessageCodec<QueryReply> = {
  type: 'query-reply',
  code: 16,
  encode(writer, reply) {
    writer.array(7 + countOf([reply.mac]));
    writer.uint(16);
    writer.nodeId(reply.asker);
    writer.uint(reply.number);
    writer.nodeId(reply.from);
    writer.uint(VERDICTS.indexOf(reply.verdict));
    writer.value(reply.value);
    writer.uint(reply.cutFrom);
    if (reply.mac !== undefined) writer.bytes(reply.mac);
  },
  decode(fields) {
    const asker = asNodeId(fields[1]);
    const number = asUint(fields[2], VERSION_MAX);
    const from = asNodeId(fields[3]);
    const code = asUint(fields[4]);
    const value = toAppValue(fields[5]);
    const cutFrom = asUint(fields[6]);
    if (asker === undefined || number === undefined || from === undefined) return undefined;
    if (code === undefined || value === undefined || cutFrom === undefined) return undefined;
    const mac = optionalField(fields[7], readMac);
    if (mac === null) return undefined;
    // What a later version adds is no answer that this one could show.
    const verdict = VERDICTS[code] ?? 'failed';
    return { type: 'query-reply', asker, number, from, verdict, value, cutFrom, ...(mac && { mac }) };
  },
};

/** `query-got = [ 17, asker, number, from, verdict, ? mac ]`. */
export const queryGotCodec: MessageCodec<QueryGot> = {
  type: 'query-got',
  code: 17,
  encode(writer, got) {
    writer.array(5 + countOf([got.mac]));
    writer.uint(17);
    writer.nodeId(got.asker);
    writer.uint(got.number);
    writer.nodeId(got.from);
    writer.uint(VERDICTS.indexOf(got.verdict));
    if (got.mac !== undefined) writer.bytes(got.mac);
  },
  decode(fields) {
    const asker = asNodeId(fields[1]);
    const number = asUint(fields[2], VERSION_MAX);
    const from = asNodeId(fields[3]);
    const code = asUint(fields[4]);
    if (asker === undefined || number === undefined || from === undefined || code === undefined)
      return undefined;
    const mac = optionalField(fields[5], readMac);
    if (mac === null) return undefined;
    const verdict = VERDICTS[code] ?? 'failed';
    return { type: 'query-got', asker, number, from, verdict, ...(mac && { mac }) };
  },
};

/** What the MAC of such a message covers: all of it but the MAC. */
export function replyContent(message: QueryReply | QueryGot): Uint8Array {
  const { mac: _, ...bare } = message;
  const writer = new CborWriter();
  if (bare.type === 'query-reply') queryReplyCodec.encode(writer, bare);
  else queryGotCodec.encode(writer, bare);
  return writer.finish();
}

function readMac(raw: unknown): Uint8Array | undefined {
  return asBytes(raw, REPLY_MAC_BYTES);
}
