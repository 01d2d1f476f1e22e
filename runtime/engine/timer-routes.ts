import type { NewsClass } from '../data/push-queue.ts';
import type { EngineContext } from './context.ts';
import { onHelpTimeout } from './handlers/ping-req.ts';

type Route = (ctx: EngineContext, subject: string, nowMs: number) => void;

/** What each deadline's key means; what follows the slash is its subject. */
const ROUTES: Readonly<Record<string, Route>> = {
  probe: (ctx, _, nowMs) => ctx.prober.onInterval(nowMs),
  watch: (ctx, _, nowMs) => ctx.watch.onTurn(nowMs),
  step: (ctx, id, nowMs) => ctx.prober.onStep(Number(id), nowMs),
  help: (ctx, seq) => onHelpTimeout(ctx, Number(seq)),
  suspicion: (ctx, id, nowMs) => ctx.accuser.onDeadline(id, nowMs),
  batch: (ctx, newsClass, nowMs) => ctx.spreader.flush(newsClass as NewsClass, nowMs),
  digest: (ctx, _, nowMs) => {
    ctx.sync.onInterval(nowMs);
    ctx.own.collectTombstones(nowMs);
    ctx.forgetter.sweep(nowMs);
  },
  want: (ctx, _, nowMs) => ctx.sync.onWantTurn(nowMs),
  again: (ctx, _, nowMs) => ctx.secondLook.onTurn(nowMs),
  value: (ctx, _, nowMs) => ctx.values.onTurn(nowMs),
  presence: (ctx, _, nowMs) => ctx.presence.onInterval(nowMs),
  invite: (ctx, key, nowMs) => ctx.presence.onInvite(key, nowMs),
  join: (ctx, _, nowMs) => ctx.joiner.onTurn(nowMs),
  retry: (ctx, _, nowMs) => ctx.joiner.onRetry(nowMs),
  keys: (ctx, _, nowMs) => ctx.keys.onTimer(nowMs),
  trust: (ctx, _, nowMs) => ctx.warden?.onTimer(nowMs),
  renew: (ctx, _, nowMs) => ctx.warden?.renewals.onTimer(nowMs),
  relays: (ctx, _, nowMs) => ctx.relays.onTurn(nowMs),
  lease: (ctx, _, nowMs) => ctx.leases.onTimer(nowMs),
  // Taken when the mutation ends.
  event: () => {},
  query: (ctx, _, nowMs) => ctx.queries.onTimer(nowMs),
  twin: (ctx, id, nowMs) => ctx.twins.onDue(id, nowMs),
  behind: (ctx, _, nowMs) => ctx.follower.onDue(nowMs),
  leave: (ctx, _, nowMs) => ctx.leaver.onTurn(nowMs),
};

/** Serves the deadlines that have come, those that are set meanwhile too. */
export function onTimers(ctx: EngineContext, nowMs: number): void {
  for (let key = ctx.timers.takeDue(nowMs); key !== undefined; key = ctx.timers.takeDue(nowMs))
    onTimer(ctx, key, nowMs);
}

function onTimer(ctx: EngineContext, key: string, nowMs: number): void {
  const slash = key.indexOf('/');
  const name = slash < 0 ? key : key.slice(0, slash);
  ROUTES[name](ctx, slash < 0 ? '' : key.slice(slash + 1), nowMs);
}
