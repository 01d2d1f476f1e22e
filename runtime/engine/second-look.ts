import type { NodeId } from '../core/ids.ts';
import { sample } from '../core/random.ts';
import type { OwnerRecords } from '../data/owner-records.ts';
import type { EngineContext } from './context.ts';

/** Owners that are asked about in one turn. */
const OWNERS_MAX = 16;
/** The first turn is anywhere within this time: all members hear of a law together. */
const FIRST_MS = 2_000;
/** Turns that bring nothing come at growing intervals; what nobody had after the last one was deleted meanwhile, or whoever has it is away. */
const VAIN_TURNS_MAX = 8;
/** So often each owner is asked about at least: itself, and another member. */
const ASKS_MIN = 2;
const REST_MS_MIN = 2_000;
const REST_MS_MAX = 60_000;

/**
 * After the root's law changed, asks again for what was passed over before and is allowed now [P-5.49]. Its owner has it for sure; others
 * may have passed it over, too.
 */
export class SecondLook {
  readonly #ctx: EngineContext;
  #turns = 0;
  /** Turns since one brought something. */
  #vainTurns = 0;
  #openBefore = 0;

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
  }

  /** The law is another one. @param mayWrite by it. */
  onLaw(mayWrite: (owner: NodeId, key: string) => boolean, nowMs: number): void {
    for (const { owner, passedOver } of this.#ctx.table.owners())
      passedOver?.judge((key) => mayWrite(owner, key));
    this.#turns = 0;
    this.#vainTurns = 0;
    this.#openBefore = this.#open().length;
    if (this.#openBefore > 0)
      this.#ctx.timers.setEarlier('again', nowMs + FIRST_MS * this.#ctx.random.next());
  }

  onTurn(nowMs: number): void {
    const open = this.#open();
    if (open.length < this.#openBefore) this.#vainTurns = 0;
    this.#openBefore = open.length;
    const vainTurnsMax = Math.max(VAIN_TURNS_MAX, ASKS_MIN * Math.ceil(open.length / OWNERS_MAX));
    if (open.length === 0 || this.#vainTurns >= vainTurnsMax) return;
    // Another part each turn.
    const first = (this.#turns * OWNERS_MAX) % open.length;
    const turn = [...open.slice(first), ...open.slice(0, first)].slice(0, OWNERS_MAX);
    for (const records of turn) this.#ask(records, nowMs);
    this.#turns++;
    const restMs = Math.min(REST_MS_MIN * 2 ** this.#vainTurns, REST_MS_MAX);
    this.#vainTurns++;
    this.#ctx.timers.set('again', nowMs + restMs);
  }

  #open(): OwnerRecords[] {
    const isOpen = ({ passedOver }: OwnerRecords) => Number.isFinite(passedOver?.lowestOpen);
    return [...this.#ctx.table.owners()].filter(isOpen);
  }

  #ask({ owner, gc, passedOver }: OwnerRecords, nowMs: number): void {
    const { members, random, sync } = this.#ctx;
    const self = members.get(owner);
    // By turns: somebody nearer may have it, too.
    const isOwn = self?.present === true && self.endpoint !== null && this.#turns % 2 === 0;
    const peer = isOwn ? self : sample(random, members.reachable(), 1)[0];
    if (peer !== undefined) sync.wantFrom(peer, { owner, known: passedOver!.lowestOpen - 1, gc }, nowMs);
  }
}
