import type { NodeId } from '../core/ids.ts';
import { sample } from '../core/random.ts';
import type { EngineContext } from './context.ts';

/** Peers that are told, and of whom some must say that they heard it. */
const WITNESSES = 8;
const ACKS_WANTED = 3;
const REPEAT_MS = 200;

/** Says goodbye in two steps: leaving (still answering), then left; each ends when enough peers acknowledged [P-6.5]. */
export class Leaver {
  readonly #ctx: EngineContext;
  readonly #acked = new Set<NodeId>();
  #phase: 'none' | 'leaving' | 'left' | 'done' = 'none';
  #deadlineMs = 0;

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
  }

  get started(): boolean {
    return this.#phase !== 'none';
  }

  start(nowMs: number): void {
    if (this.started) return;
    // Who goes while its identity lives twice would say goodbye for the other, too.
    if (this.#ctx.twins.isTwin(this.#ctx.id)) {
      this.#phase = 'done';
      this.#ctx.outbox.event({ type: 'left' });
    } else this.#enter('leaving', nowMs);
  }

  onAck(from: NodeId, phase: 'leaving' | 'left', nowMs: number): void {
    if (phase !== this.#phase) return;
    this.#acked.add(from);
    if (this.#acked.size >= Math.min(ACKS_WANTED, this.#ctx.members.presentCount)) this.#advance(nowMs);
  }

  /** Tells again who hasn't acknowledged; the step ends at its deadline whatever came. */
  onTurn(nowMs: number): void {
    if (this.#phase === 'none' || this.#phase === 'done') return;
    if (nowMs >= this.#deadlineMs || this.#ctx.members.presentCount === 0) this.#advance(nowMs);
    else this.#tell(nowMs);
  }

  #enter(phase: 'leaving' | 'left', nowMs: number): void {
    this.#phase = phase;
    this.#acked.clear();
    this.#deadlineMs = nowMs + this.#ctx.settings.leaveTimeoutMs / 2;
    this.#ctx.self.enter(phase, nowMs);
    if (this.#ctx.members.presentCount > 0) this.#tell(nowMs);
    else {
      if (phase === 'left') this.#tellLinks(nowMs);
      this.#advance(nowMs);
    }
  }

  #advance(nowMs: number): void {
    if (this.#phase === 'leaving') this.#enter('left', nowMs);
    else if (this.#phase === 'left') {
      this.#phase = 'done';
      this.#ctx.timers.clear('leave');
      this.#ctx.outbox.event({ type: 'left' });
    }
  }

  /** This node has heard of nobody, but who has heard its presence takes it for a member, and would look for it. */
  #tellLinks(nowMs: number): void {
    const block = this.#ctx.self.block(nowMs);
    if (block === undefined) return;
    for (const { name, multicast } of this.#ctx.links)
      if (multicast === 'full')
        this.#ctx.outbox.stage({ kind: 'multicast', link: name }, undefined, {
          type: 'blocks',
          blocks: [block],
        });
  }

  #tell(nowMs: number): void {
    const phase = this.#phase === 'leaving' ? 'leaving' : 'left';
    const block = this.#ctx.self.block(nowMs);
    const witnesses = this.#ctx.members
      .present()
      .filter((member) => member.endpoint !== null && !this.#acked.has(member.id));
    for (const member of sample(this.#ctx.random, witnesses, WITNESSES)) {
      const endpoint = member.endpoint!;
      const ttlMs = this.#ctx.settings.leaveTimeoutMs;
      const purpose = { kind: 'goodbye', phase, from: member.id } as const;
      const seq = this.#ctx.pending.draw(purpose, { to: endpoint, sentMs: nowMs, ttlMs });
      const to = { kind: 'unicast' as const, endpoint };
      this.#ctx.outbox.stage(to, member.id, this.#ctx.life.ping(member.id, { seq, destBoot: 0 }));
      if (block !== undefined) this.#ctx.outbox.stage(to, member.id, { type: 'blocks', blocks: [block] });
    }
    this.#ctx.timers.set('leave', Math.min(nowMs + REPEAT_MS, this.#deadlineMs));
  }
}
