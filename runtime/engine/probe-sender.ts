import { type Endpoint, isSameEndpoint, NOWHERE } from '../core/endpoint.ts';
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
    if (target === undefined) return;
    counters.probes++;
    const { boot: destBoot } = target;
    for (const endpoint of this.#placesToPing(probe, target, nowMs)) {
      const purpose = { kind: 'probe', probeId: probe.id, from: target.id } as const;
      const seq = pending.draw(purpose, { to: endpoint, sentMs: nowMs, ttlMs: timeLeftMs(probe, nowMs) });
      outbox.stage({ kind: 'unicast', endpoint }, target.id, life.ping(target.id, { seq, destBoot }));
    }
  }

  pingReq(probe: Probe, helper: Member, nowMs: number): void {
    const { members, pending, outbox, life } = this.#context();
    const target = members.get(probe.target);
    if (target === undefined || helper.endpoint === null) return;
    const purpose = { kind: 'indirect', probeId: probe.id, target: target.id, from: helper.id } as const;
    const { endpoint: to } = helper;
    const seq = pending.draw(purpose, { to, sentMs: nowMs, ttlMs: timeLeftMs(probe, nowMs) });
    const about = { target: target.id, targetBoot: target.boot, endpoint: target.endpoint ?? NOWHERE };
    const message = life.pingReq(helper.id, { seq, ...about });
    outbox.stage({ kind: 'unicast', endpoint: to }, helper.id, message);
  }

  touch(target: Member, nowMs: number): boolean {
    if (target.endpoint?.transport !== 'udp') return false;
    // A firewall that refuses UDP says nothing of the process behind it.
    if ((target.paths?.standing('http') ?? 'none') !== 'none') return false;
    if (!this.#touches.tryTake(nowMs)) return false;
    return this.#context().outbox.touch(target.endpoint);
  }

  /** Where it was asked first; then another way beside it, or a cheaper one that may work again. */
  #placesToPing({ step }: Probe, target: Member, nowMs: number): Endpoint[] {
    const { paths, endpoint: first } = target;
    const places = first === null ? [] : [first];
    const other = step > 0 && first !== null ? paths?.beside(first) : paths?.takeRetry(nowMs);
    if (other !== undefined) places.push(other);
    // Somebody between may pass on answers for a while and then fall silent: where the target itself said it is counts too.
    const [said] = target.facts.endpoints;
    if (
      this.#context().life.demanded &&
      step > 0 &&
      said !== undefined &&
      said.transport === first?.transport
    )
      places.push(said);
    return places.filter((one, i) => places.findIndex((another) => isSameEndpoint(one, another)) === i);
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
