import type { NodeId } from '../core/ids.ts';
import type { KeptEntry, KeptOwner, TableChanges } from '../core/kept-table.ts';
import type { OwnerRecords } from '../data/owner-records.ts';
import { isAgeUnknown } from '../data/stored-record.ts';
import type { Block, Item } from '../wire/message.ts';
import { decodeRecord } from '../wire/record-codec.ts';
import type { EngineContext } from './context.ts';

/** The table as it outlives the process: the engine has no storage, so its driver reads what changed, and gives it back at a start. */
export interface KeepFace {
  /** @param revision of the last look; 0: everything. Drains nothing, and changes nothing. */
  changedSince(revision: number): TableChanges;
  /** Whether anything is held of an owner: what isn't any more needn't be kept. */
  holds(owner: NodeId): boolean;
  /**
   * Takes back what an earlier life held of others, before `start`: so it is there before this node speaks or is spoken to, and isn't asked
   * for again. It is checked like what comes from peers, and isn't told on. What is of this node itself is passed over.
   */
  takeBack(nowMs: number, owners: Iterable<KeptOwner>): void;
}

/** The face of an engine's table. @param mutate runs one mutation. */
export function keepFaceOf(ctx: EngineContext, mutate: <T>(nowMs: number, change: () => T) => T): KeepFace {
  const { table } = ctx;
  return {
    changedSince: (revision) => ({
      revision: table.revision,
      changed: [...table.owners()].filter((records) => records.revision > revision).map(keptOwner),
    }),
    holds: (owner) => table.owner(owner) !== undefined,
    takeBack: (nowMs, owners) =>
      mutate(nowMs, () => {
        for (const kept of owners) if (kept.owner !== ctx.id) takeBack(ctx, kept, nowMs);
      }),
  };
}

/** Looks at the table each time it is asked: lines and records always belong together. */
function keptOwner(records: OwnerRecords): KeptOwner {
  return {
    owner: records.owner,
    get known() {
      // What was passed over by an old law is asked for again in the next life, where that can be without a reset.
      const upTo = (records.passedOver?.lowest ?? Number.POSITIVE_INFINITY) - 1;
      return upTo < records.gc ? records.known : Math.min(upTo, records.known);
    },
    get gc() {
      return records.gc;
    },
    entries: { [Symbol.iterator]: () => records.values() },
  };
}

/** As one block of all that lies up to its line, and one of each record beyond, as they are pushed. */
function takeBack(ctx: EngineContext, { owner, known, gc, entries }: KeptOwner, nowMs: number): void {
  // In the middle of a reset nothing can be said of what is complete: whoever knows the owner tells it anew.
  if (known < gc) return;
  const all = [...entries].sort((a, b) => a.version - b.version);
  // What is to end, nobody knows when, is left to those who do: asked for again, with all that was said after it. Here it has ended.
  const left = new Set(all.filter(isEndUnknown));
  const to = Math.min(known, ...Array.from(left, ({ version }) => version - 1));
  const sorted = all.filter((entry) => !left.has(entry));
  const within = sorted.filter(({ version }) => version <= to);
  merge(ctx, { owner, from: 0, to, gc: Math.min(gc, to), items: itemsOf(within, nowMs) }, nowMs);
  for (const entry of sorted.slice(within.length)) {
    const { version } = entry;
    const block = { owner, from: version - 1, to: version, gc: Math.min(gc, version) };
    merge(ctx, { ...block, items: itemsOf([entry], nowMs) }, nowMs);
  }
  ctx.table.passEnded(owner, left);
  for (const { content } of sorted) if (content !== undefined) ctx.values.takeBack(content);
  if (ctx.table.values.missing.count > 0) ctx.timers.setEarlier('value', nowMs);
}

function isEndUnknown({ body, expired, ageBoundMs }: KeptEntry): boolean {
  return !expired && isAgeUnknown({ ageBoundMs }) && decodeRecord(body)?.ttlMs !== undefined;
}

function itemsOf(entries: readonly KeptEntry[], nowMs: number): Item[] {
  return entries.map(({ body, signature, setAtMs, ageBoundMs, expired }) => ({
    body,
    // What has ended stays so, also where nobody knows how long this board was off.
    ageMs: Math.max(0, nowMs - setAtMs, expired ? (decodeRecord(body)?.ttlMs ?? 0) : 0),
    ...(signature !== undefined && { signature }),
    ...(ageBoundMs !== null && { ageBoundMs }),
  }));
}

function merge(ctx: EngineContext, block: Block, nowMs: number): void {
  const { refused } = ctx.table.merge(block, nowMs, null, { isKept: true });
  if (refused !== undefined) ctx.counters.drops[refused]++;
}
