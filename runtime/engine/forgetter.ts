import { GridvineError } from '../core/errors.ts';
import type { NodeId } from '../core/ids.ts';
import { sample } from '../core/random.ts';
import { BOOT_MAX, bootOf, makeVersion } from '../core/version.ts';
import type { OwnerRecords } from '../data/owner-records.ts';
import type { EngineContext } from './context.ts';

/**
 * Forgets members that won't come back, for everybody [P-5.46]: all that was known of one is reset to the beginning of its next boot, of
 * which nothing is known. What is left is its pair of lines, so nobody that was away brings the old back; and if it does return, it
 * begins above them, as after any restart.
 */
export class Forgetter {
  readonly #ctx: EngineContext;

  constructor(ctx: EngineContext) {
    this.#ctx = ctx;
  }

  /** @throws GridvineError `E_NOT_FOUND`, `E_MEMBER_ALIVE`, `E_NOT_ALLOWED`; nothing is changed then. */
  forget(id: NodeId, nowMs: number): void {
    const { table, members, settings, random, sync } = this.#ctx;
    const records = table.owner(id);
    const member = members.get(id);
    if (id === this.#ctx.id)
      throw new GridvineError('E_MEMBER_ALIVE', 'this is the node itself: to end it, gridvine leave');
    if (records === undefined || (member === undefined && isMark(records)))
      throw new GridvineError(
        'E_NOT_FOUND',
        `${id}: nothing is known here of such a node. See gridvine members.`,
      );
    if (Number.isFinite(records.provenTo))
      throw new GridvineError(
        'E_NOT_ALLOWED',
        'in a cluster of certificates nobody can make others forget what a member signed. Revoke its certificate: gridvine ca revoke',
      );
    if (member?.present)
      throw new GridvineError(
        'E_MEMBER_ALIVE',
        `${member.facts.name} is ${member.state}: only who is down or has left can be forgotten. Stop it first.`,
      );
    if (records.boot >= BOOT_MAX)
      throw new GridvineError('E_NOT_ALLOWED', `${id}: it has used all its boots up, so it can't be outdone`);
    const start = makeVersion(records.boot + 1, 0);
    table.merge({ owner: id, from: 0, to: start, gc: start, items: [] }, nowMs, null);
    this.sweep(nowMs);
    for (const peer of sample(random, members.reachable(), settings.fanOut)) sync.greet(peer, nowMs);
  }

  /** Members that somebody has forgotten, and that this node doesn't see either, are members no more. */
  sweep(nowMs: number): void {
    const { members, table } = this.#ctx;
    if (members.size === members.presentCount) return;
    for (const member of [...members.all()]) {
      const records = member.present ? undefined : table.owner(member.id);
      if (records !== undefined && isMark(records)) members.forget(member.id, nowMs);
    }
  }
}

/** Whether nothing is known of an owner but that it began a boot: what is left of one that was forgotten. */
function isMark({ size, known, gc }: OwnerRecords): boolean {
  return size === 0 && known === gc && known > 0 && known === makeVersion(bootOf(known), 0);
}
