import { DATAGRAM_HEADER_BYTES, JOIN_BYTES_MIN, SEAL_TAG_BYTES } from '../../core/limits.ts';
import type { Join } from '../../wire/message.ts';
import { type EngineContext, type Inbound, replyEndpoint } from '../context.ts';
import { isProvenPlace } from '../echo.ts';

/** About what the answer takes. */
const ANSWER_BYTES = 256;

/** A newcomer: it gets an echo, a question that proves it, and who this is; never more bytes than it sent [P-6.7]. */
export function onJoin(ctx: EngineContext, join: Join, from: Inbound): void {
  if (from.path.multicast || from.bytes < JOIN_BYTES_MIN) return;
  // Many start at once: who isn't answered now asks again soon, and will have heard from others meanwhile.
  if (ctx.budgets.membership.left(from.nowMs) <= 0) return;
  ctx.budgets.membership.spend(ANSWER_BYTES, from.nowMs);
  const to = { kind: 'unicast' as const, endpoint: replyEndpoint(from.path) };
  ctx.outbox.stage(to, from.sender, { type: 'ack', seq: join.seq });
  if (!isProvenPlace(from)) ctx.joiner.prove(from);
  const block = ctx.self.block(from.nowMs);
  const bytes = DATAGRAM_HEADER_BYTES + SEAL_TAG_BYTES + 80 + (block?.items[0]?.body.length ?? 0) + 64;
  if (block !== undefined && bytes <= from.bytes)
    ctx.outbox.stage(to, from.sender, { type: 'blocks', blocks: [block] });
}
