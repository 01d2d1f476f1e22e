import type { Message, MessageType } from '../../wire/message.ts';
import type { EngineContext, Inbound } from '../context.ts';
import { onAck } from './ack.ts';
import { onBlocks } from './blocks.ts';
import { onCarry } from './carry.ts';
import { onGone } from './gone.ts';
import { onJoin } from './join.ts';
import { onPing } from './ping.ts';
import { onNack, onPingReq } from './ping-req.ts';

type Handler<T extends MessageType> = (
  ctx: EngineContext,
  message: Extract<Message, { type: T }>,
  from: Inbound,
) => void;

/** One handler a message. */
const HANDLERS: { readonly [T in MessageType]: Handler<T> } = {
  ping: onPing,
  ack: onAck,
  'ping-req': onPingReq,
  nack: onNack,
  gone: onGone,
  join: onJoin,
  presence: (ctx, presence, from) => ctx.presence.onPresence(presence, from),
  blocks: onBlocks,
  digest: (ctx, digest, from) => ctx.sync.onDigest(digest.lines, digest.tableHash, from),
  buckets: (ctx, buckets, from) => ctx.sync.onBuckets(buckets.hashes, from),
  have: (ctx, have, from) => ctx.sync.onHave(have.buckets, have.lines, from),
  padding: () => {},
  want: (ctx, want, from) => ctx.sync.onWant(want.lines, from),
  'value-want': (ctx, want, from) => ctx.values.onWant(want, from),
  'value-part': (ctx, part, from) => ctx.values.onPart(part, from),
  carry: onCarry,
  'lease-ask': (ctx, ask, from) => ctx.leases.onAsk(ask, from),
  'lease-answer': (ctx, answer, from) => ctx.leases.onAnswer(answer, from),
  'query-reply': (ctx, reply, from) => ctx.queries.onReply(reply, from),
  'query-got': (ctx, got, from) => ctx.queries.onGot(got, from),
};

/** Routes a message to its handler. */
export function handleMessage(ctx: EngineContext, message: Message, from: Inbound): void {
  (HANDLERS[message.type] as Handler<MessageType>)(ctx, message as never, from);
}
