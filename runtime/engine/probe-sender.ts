import { type Endpoint, endpointKey } from '../core/endpoint.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import type { Evidence } from '../membership/accusation-record.ts';
import type { Member } from '../membership/member.ts';
import type { Probe, ProbePort } from '../membership/prober.ts';
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
    const { members, counters, pending, outbox, life } = this.#context();
    const target = members.get(probe.target);
    if (target?.endpoint == null) return;
    counters.probes++;
    const purpose = { kind: 'probe', probeId: probe.id, from: target.id } as const;
    const { endpoint, boot: destBoot } = target;
    const seq = pending.draw(purpose, { to: endpoint, sentMs: nowMs, ttlMs: timeLeftMs(probe, nowMs) });
    const message = life.ping(target.id, { seq, destBoot });
    outbox.stage({ kind: 'unicast', endpoint }, target.id, message);
    const [said] = target.facts.endpoints;
    // Somebody between may pass on answers for a while and then fall silent: where the target itself said it is counts too.
    if (life.demanded && probe.step > 0 && said !== undefined && !isSamePlace(said, endpoint)) {
      const again = pending.draw(purpose, { to: said, sentMs: nowMs, ttlMs: timeLeftMs(probe, nowMs) });
      outbox.stage(
        { kind: 'unicast', endpoint: said },
        target.id,
        life.ping(target.id, { seq: again, destBoot }),
      );
    }
  }

  pingReq(probe: Probe, helper: Member, nowMs: number): void {
    const { members, pending, outbox, life } = this.#context();
    const target = members.get(probe.target);
    if (target?.endpoint == null || helper.endpoint === null) return;
    const purpose = { kind: 'indirect', probeId: probe.id, target: target.id, from: helper.id } as const;
    const { endpoint: to } = helper;
    const seq = pending.draw(purpose, { to, sentMs: nowMs, ttlMs: timeLeftMs(probe, nowMs) });
    const about = { target: target.id, targetBoot: target.boot, endpoint: target.endpoint };
    const message = life.pingReq(helper.id, { seq, ...about });
    outbox.stage({ kind: 'unicast', endpoint: to }, helper.id, message);
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

function isSamePlace(a: Endpoint, b: Endpoint): boolean {
  return endpointKey(a) === endpointKey(b);
}
