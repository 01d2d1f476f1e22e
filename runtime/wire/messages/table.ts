import type { CborWriter } from '../cbor-writer.ts';
import type { Message, MessageType } from '../message.ts';
import { blocksCodec } from './blocks.ts';
import { carryCodec } from './carry.ts';
import type { MessageCodec } from './codec.ts';
import { bucketsCodec, digestCodec } from './digest.ts';
import { goneCodec } from './gone.ts';
import { haveCodec, wantCodec } from './have-want.ts';
import { joinCodec } from './join.ts';
import { leaseAnswerCodec, leaseAskCodec } from './lease.ts';
import { paddingCodec } from './padding.ts';
import { ackCodec, pingCodec } from './ping.ts';
import { nackCodec, pingReqCodec } from './ping-req.ts';
import { presenceCodec } from './presence.ts';
import { queryGotCodec, queryReplyCodec } from './query.ts';
import { valuePartCodec, valueWantCodec } from './value.ts';

type CodecTable = { readonly [T in MessageType]: MessageCodec<Extract<Message, { type: T }>> };

const CODECS: CodecTable = {
  ping: pingCodec,
  ack: ackCodec,
  'ping-req': pingReqCodec,
  nack: nackCodec,
  gone: goneCodec,
  join: joinCodec,
  presence: presenceCodec,
  blocks: blocksCodec,
  digest: digestCodec,
  buckets: bucketsCodec,
  have: haveCodec,
  want: wantCodec,
  padding: paddingCodec,
  'value-want': valueWantCodec,
  'value-part': valuePartCodec,
  'lease-ask': leaseAskCodec,
  'lease-answer': leaseAnswerCodec,
  'query-reply': queryReplyCodec,
  'query-got': queryGotCodec,
  carry: carryCodec,
};

const BY_CODE: readonly (MessageCodec<Message> | undefined)[] = Object.values(CODECS).reduce<
  (MessageCodec<Message> | undefined)[]
>((table, codec) => {
  table[codec.code] = codec as MessageCodec<Message>;
  return table;
}, []);

/** Every message type this version knows. */
export const MESSAGE_TYPES = Object.keys(CODECS) as readonly MessageType[];

/** Writes a message with the codec of its type. */
export function encodeMessage(writer: CborWriter, message: Message): void {
  (CODECS[message.type] as MessageCodec<Message>).encode(writer, message);
}

/** The codec of a message code; undefined where this version doesn't know it. */
export function codecOf(code: number): MessageCodec<Message> | undefined {
  return BY_CODE[code];
}
