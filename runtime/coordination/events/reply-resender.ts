import type { NodeId } from '../../core/ids.ts';
import { OPEN_QUERIES_MAX } from '../../core/limits.ts';
import type { QueryReply } from '../../wire/message.ts';

/** What this node says to one query, until its asker has it. */
export interface Replying {
  readonly asker: NodeId;
  readonly number: number;
  readonly name: string;
  /** When nobody waits for it any more. */
  readonly endMs: number;
  /** What is to be said now; undefined: nothing yet, or the asker has it. */
  reply: QueryReply | undefined;
  /** Whether the last word was said: there will be no other reply. */
  isSettled: boolean;
  /** How often it was sent. */
  tries: number;
  /** Since when it was to be sent. */
  sinceMs: number;
  nextMs: number;
}

/** After the first try; twice as long after each that follows. */
const WAIT_MS = 250;
/** An asker that has none of so many, over four minutes, is left alone. */
export const REPLY_TRIES_MAX = 10;

/** Replies of this node on their way, each sent again until its asker says that it has it [P-18.10]. */
export class ReplyResender {
  readonly #replying = new Map<string, Replying>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#replying.size;
  }

  get nextDueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { reply, nextMs, endMs } of this.#replying.values())
      dueMs = Math.min(dueMs, reply === undefined ? endMs : Math.min(nextMs, endMs));
    return dueMs;
  }

  /**
   * Takes a query up. Where there are too many of all askers, one makes room: the oldest of those that aren't there, else of those that have
   * most. @returns false where this asker has too many: it is left unanswered.
   */
  begin(
    about: Pick<Replying, 'asker' | 'number' | 'name' | 'endMs'>,
    isThere: (asker: NodeId) => boolean,
  ): boolean {
    const counts = new Map<NodeId, number>();
    for (const { asker } of this.#replying.values()) counts.set(asker, (counts.get(asker) ?? 0) + 1);
    // No honest one has more under way, and one alone mustn't take the room of all.
    if ((counts.get(about.asker) ?? 0) >= OPEN_QUERIES_MAX) return false;
    if (this.#replying.size >= this.#max) this.#makeRoom(counts, isThere);
    const replying = { ...about, reply: undefined, isSettled: false, tries: 0, sinceMs: 0, nextMs: 0 };
    this.#replying.set(keyOf(about), replying);
    return true;
  }

  get(asker: NodeId, number: number): Replying | undefined {
    return this.#replying.get(keyOf({ asker, number }));
  }

  /** Puts the next word in the place of the one before. @param atMs when it is sent first. */
  say(replying: Replying, reply: QueryReply, atMs: number): void {
    replying.reply = reply;
    replying.isSettled = reply.verdict !== 'ack';
    replying.tries = 0;
    replying.sinceMs = atMs;
    replying.nextMs = atMs;
  }

  /** The asker has it. */
  got(asker: NodeId, number: number, verdict: QueryReply['verdict']): void {
    const replying = this.get(asker, number);
    if (replying?.reply !== undefined && replying.reply.verdict === verdict) this.#letGo(replying);
  }

  drop(asker: NodeId, number: number): void {
    this.#replying.delete(keyOf({ asker, number }));
  }

  /** What is to be sent now: of each `sent` is called, or `wait`, or `giveUp`. */
  due(nowMs: number): Replying[] {
    const due: Replying[] = [];
    for (const [key, replying] of this.#replying) {
      if (nowMs >= replying.endMs) this.#replying.delete(key);
      else if (replying.reply === undefined || nowMs < replying.nextMs) continue;
      else if (replying.tries >= REPLY_TRIES_MAX) this.#letGo(replying);
      else due.push(replying);
    }
    return due;
  }

  /** It left: the next try is due after twice as long as the one before. */
  sent(replying: Replying, nowMs: number): void {
    replying.nextMs = nowMs + WAIT_MS * 2 ** replying.tries;
    replying.tries++;
  }

  /** It can't be sent now. */
  wait(replying: Replying, untilMs: number): void {
    replying.nextMs = untilMs;
  }

  /** It can't be sent at all. */
  giveUp(replying: Replying): void {
    this.#letGo(replying);
  }

  #makeRoom(counts: ReadonlyMap<NodeId, number>, isThere: (asker: NodeId) => boolean): void {
    const all = [...this.#replying.values()];
    const most = Math.max(...counts.values());
    const least =
      all.find(({ asker }) => !isThere(asker)) ?? all.find(({ asker }) => counts.get(asker) === most);
    if (least !== undefined) this.drop(least.asker, least.number);
  }

  #letGo(replying: Replying): void {
    replying.reply = undefined;
    if (replying.isSettled) this.#replying.delete(keyOf(replying));
  }
}

function keyOf({ asker, number }: { readonly asker: NodeId; readonly number: number }): string {
  return `${asker}/${number}`;
}
