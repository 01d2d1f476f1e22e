import type { NodeId } from '../core/ids.ts';
import type { RecordAuthority } from '../trust/record-authority.ts';
import { createByteBudgets } from './byte-budget.ts';
import type { EngineContext } from './context.ts';
import type { EngineSettings } from './settings.ts';

/** What whoever looks after many nodes asks of an engine. */
export interface FleetFace {
  /**
   * Goes on under other settings, from now on: what is due sooner by them comes sooner, and what was promised to peers (when the next
   * presence follows) is kept. A mutation: drain after it.
   */
  retune(nowMs: number, settings: EngineSettings): void;
  /**
   * Whether the cluster lets this member write a key on which the whole fleet acts: its certificate stands, and the root's policy has a
   * rule for a beginning of the key that names one of its groups; without such a rule, where one of its groups has the right `command`
   * [P-11.16]. In a cluster of a pre-shared key: everybody.
   */
  isEntitled(owner: NodeId, key: string): boolean;
}

/** What repeats itself, and the setting that says how often. */
const PACES = {
  probe: 'probeIntervalMs',
  watch: 'probeIntervalMs',
  digest: 'digestIntervalMs',
  presence: 'presenceIntervalMs',
  retry: 'retryIntervalMs',
  join: 'retryIntervalMs',
} as const satisfies Record<string, keyof EngineSettings>;

/** @param authority who judges certificates; undefined in a cluster of a pre-shared key. @param mutate runs one mutation. */
export function fleetFaceOf(
  ctx: EngineContext,
  authority: Pick<RecordAuthority, 'isEntitled'> | undefined,
  mutate: <T>(nowMs: number, change: () => T) => T,
): FleetFace {
  return {
    retune: (nowMs, settings) => mutate(nowMs, () => retune(ctx, settings, nowMs)),
    isEntitled: (owner, key) => authority === undefined || authority.isEntitled(owner, key),
  };
}

/** All machines read the one object of settings; only what was made from it is made anew. */
function retune(ctx: EngineContext, settings: EngineSettings, nowMs: number): void {
  Object.assign(ctx.settings, settings);
  Object.assign(ctx.budgets, createByteBudgets(settings));
  ctx.health.limit(settings.localHealthMax);
  ctx.presence.retune();
  for (const [timer, pace] of Object.entries(PACES))
    if (ctx.timers.has(timer)) ctx.timers.setEarlier(timer, nowMs + ctx.random.next() * settings[pace]);
}
