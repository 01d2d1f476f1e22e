import type { Evidence } from '../membership/accusation-record.ts';
import type { Member } from '../membership/member.ts';
import type { Probe, ProbePort } from '../membership/prober.ts';
import { TokenBucket } from '../wire/token-bucket.ts';
import type { EngineContext } from './context.ts';

/** Each touch takes the driver a socket for a moment. */
const TOUCHES_PER_SECOND = 10;

/** What a probe says to others: pings, requests to helpers, touches, and the accusation in the end. */
export class ProbeSender implements ProbePort {
  readonly #context: () => EngineContext;
  readonly #touches = new TokenBucket({ perSecond: TOUCHES_PER_SECOND, burst: 2 * TOUCHES_PER_SECOND });

  /** @param context the engine's machines, once they are there. */
  constructor(context: () => EngineContext) {
    this.#context = context;
  }

  ping(probe: Probe, nowMs: number): void {
    const { members, counters, pending, outbox } = this.#context();
    const target = members.get(probe.target);
    if (target?.endpoint == null) return;
    counters.probes++;
    const purpose = { kind: 'probe', probeId: probe.id, from: target.id } as const;
    const seq = pending.draw(purpose, nowMs, timeLeftMs(probe, nowMs));
    const message = { type: 'ping', seq, destBoot: target.boot } as const;
    outbox.stage({ kind: 'unicast', endpoint: target.endpoint }, target.id, message);
  }

  pingReq(probe: Probe, helper: Member, nowMs: number): void {
    const { members, pending, outbox } = this.#context();
    const target = members.get(probe.target);
    if (target?.endpoint == null || helper.endpoint === null) return;
    const purpose = { kind: 'indirect', probeId: probe.id, from: helper.id } as const;
    const seq = pending.draw(purpose, nowMs, timeLeftMs(probe, nowMs));
    const about = { target: target.id, targetBoot: target.boot, endpoint: target.endpoint };
    outbox.stage({ kind: 'unicast', endpoint: helper.endpoint }, helper.id, {
      type: 'ping-req',
      seq,
      ...about,
    });
  }

  touch(target: Member, nowMs: number): boolean {
    if (target.endpoint?.transport !== 'udp' || !this.#touches.tryTake(nowMs)) return false;
    return this.#context().outbox.touch(target.endpoint);
  }

  accuse(target: Member, evidence: Evidence, nowMs: number): void {
    this.#context().accuser.accuse(target, evidence, nowMs);
  }

  doubtSelf(silent: { readonly silent: number; readonly asked: number }): void {
    this.#context().outbox.event({ type: 'self-doubt', ...silent });
  }
}

/** Answers count until a time-out after the verdict is due. */
function timeLeftMs(probe: Probe, nowMs: number): number {
  return probe.deadlineMs - nowMs + probe.timeoutMs;
}
