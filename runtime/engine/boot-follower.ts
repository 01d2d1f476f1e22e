import { BootRises } from '../core/boot-rises.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import { bootOf, type Version } from '../core/version.ts';
import type { EngineContext } from './context.ts';

/** A higher boot than this node's may be a twin's: it isn't followed until a twin would have shown. */
const TWIN_SHOWS_MS = 3_000;
/** One that was there lately may only have been silent. */
const TWIN_BACK_MS = 15_000;
/** Between two jumps. */
const GAP_MS = 5_000;
/** Jumps follow one another at most like this: each uses a boot up, and a lie that lasts for months must not use up all. */
const JUMPS = { perSecond: 1 / 10, burst: 12 };
const REPORT_EVERY_MS = 60_000;

/**
 * A peer tells of a version of this node's own above all that it made: its boot counter was lost, somebody lies, or the identity lives
 * twice. Only a higher boot outdoes what was said, but a twin would do the same in turn, and a liar would use the boots up. So this node
 * follows as far as needed, seldom, within a bound a day, and not while its identity is known to live twice [P-6.4, P-6.30].
 */
export class BootFollower {
  readonly #ctx: EngineContext;
  readonly #rises = new BootRises();
  readonly #jumps = new TokenBucket(JUMPS);
  #claimed: Version = 0;
  #jumpedMs = Number.NEGATIVE_INFINITY;
  #reportedMs = Number.NEGATIVE_INFINITY;

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
  }

  /** Somebody says that there is this version of this node's own. */
  hear(version: Version, nowMs: number): void {
    const { own, table, id, timers, twins, leases } = this.#ctx;
    if (version <= table.line(id).known) return;
    // What is too far is left aside, so that it doesn't stand in the way of what is near.
    if (!this.#rises.allows(bootOf(version) + 1 - own.boot, nowMs)) {
      this.#report(bootOf(version), nowMs);
      return;
    }
    // What this node promised may be forgotten with the rest: it abstains from votes at once.
    leases.rolledBack(nowMs);
    this.#claimed = Math.max(this.#claimed, version);
    const waitMs = twins.wasTwin(nowMs) ? TWIN_BACK_MS : bootOf(version) > own.boot ? TWIN_SHOWS_MS : 0;
    const dueMs = Math.max(nowMs + waitMs, this.#jumpedMs + GAP_MS);
    if (dueMs <= nowMs) this.onDue(nowMs);
    else if (!timers.has('behind')) timers.set('behind', dueMs);
  }

  /** This boot's incarnations are used up. */
  needBoot(nowMs: number): void {
    this.hear((this.#ctx.own.boot + 1) * 2 ** 32 - 1, nowMs);
  }

  /** The wait is over: whether to jump is decided by what is known now. */
  onDue(nowMs: number): void {
    const { own, outbox, table, twins, timers, id } = this.#ctx;
    timers.clear('behind');
    const claimed = this.#claimed;
    this.#claimed = 0;
    if (claimed <= table.line(id).known || twins.isTwin(id)) return;
    const seenBoot = bootOf(claimed);
    if (!this.#jumps.tryTake(nowMs) || !this.#rises.tryTake(seenBoot + 1 - own.boot, nowMs)) return;
    this.#jumpedMs = nowMs;
    outbox.event({ type: 'boot-behind', seenBoot });
  }

  #report(seenBoot: number, nowMs: number): void {
    if (nowMs - this.#reportedMs < REPORT_EVERY_MS) return;
    this.#reportedMs = nowMs;
    this.#ctx.outbox.event({ type: 'boot-claim', seenBoot });
  }
}
