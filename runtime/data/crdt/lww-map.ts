import type { NodeId } from '../../core/ids.ts';
import type { AppValue } from '../../core/value.ts';
import type { CrdtType } from './crdt-type.ts';
import { type Dot, type Dots, removeDots, standing } from './dots.ts';
import { dotsType, dotsWhere, namedDots } from './dots-type.ts';
import { compareStamps, LAMPORT_MAX, nextLamport } from './lww-register.ts';
import { uintOf } from './slot-parts.ts';
import {
  compare,
  isMapKey,
  orderKey,
  problemOfDepth,
  requireKey,
  requireOp,
  requireValue,
} from './value-order.ts';

interface Write {
  readonly key: string;
  readonly lamport: number;
  readonly wallMs: number;
  /** undefined: the key was removed. */
  readonly value: AppValue | undefined;
}

export type LwwMapState = Dots<Write>;

const base = dotsType<Write>({
  codec: { decode: decodeWrite, encode: encodeWrite, orderKey: (write) => orderKey(encodeWrite(write)) },
  value(dots) {
    const shown: [string, AppValue][] = [];
    for (const [key, { write }] of winners(dots))
      if (write.value !== undefined) shown.push([key, write.value]);
    return Object.fromEntries(shown.sort(([a], [b]) => compare(a, b)));
  },
  plan(dots, { op, key: wanted, value }, wallMs) {
    requireOp(op, 'set', 'remove');
    const key = requireKey(wanted);
    const removed = op === 'remove';
    const seen = dotsWhere(dots, (write) => write.key === key);
    if (removed && winners(dots).get(key)?.write.value === undefined) return { remove: [] };
    let highest = 0;
    for (const [, { lamport }] of standing(dots)) highest = Math.max(highest, lamport);
    const write = {
      key,
      lamport: nextLamport(highest),
      wallMs,
      value: removed ? undefined : requireValue(value),
    };
    return { write, remove: seen };
  },
});

/**
 * A map in which the last write of each key counts, removals among them. A removal stands as a write without a value until its
 * maker lets it go: by then nobody may still be about to tell of an elder write.
 */
export const lwwmap: CrdtType<LwwMapState> = {
  ...base,
  tombstones: (own, self) => [...ownTombstones(own, self).keys()],
  withoutTombstones(total, self, names) {
    const going = new Set<Dot>();
    for (const [name, dot] of ownTombstones(total, self)) {
      const write = names.has(name)
        ? total.get(dot.id)?.lives.get(dot.life)?.entries.get(dot.seq)
        : undefined;
      if (write === undefined) continue;
      for (const [other, elder] of standing(total))
        if (elder.key === write.key && !isLater({ dot: other, write: elder }, { dot, write }))
          going.add(other);
    }
    return removeDots(going);
  },
  written: (dots) =>
    Array.from(winners(dots))
      .filter(([, { write }]) => write.value !== undefined)
      .map(([key, { dot, write }]) => ({ key, by: dot.id, wallMs: write.wallMs }))
      .sort((a, b) => compare(a.key, b.key)),
};

function ownTombstones(own: LwwMapState, self: NodeId): Map<string, Dot> {
  return namedDots(own, self, ({ value }) => value === undefined);
}

/** The last write of each key. */
function winners(dots: LwwMapState): Map<string, { readonly dot: Dot; readonly write: Write }> {
  const last = new Map<string, { dot: Dot; write: Write }>();
  for (const [dot, write] of standing(dots)) {
    const best = last.get(write.key);
    if (best === undefined || isLater({ dot, write }, best)) last.set(write.key, { dot, write });
  }
  return last;
}

interface Placed {
  readonly dot: Dot;
  readonly write: Write;
}

function isLater(a: Placed, b: Placed): boolean {
  const stampOf = ({ dot, write }: Placed) => ({ lamport: write.lamport, by: dot.id, life: dot.life });
  return (compareStamps(stampOf(a), stampOf(b)) || compare(a.dot.seq, b.dot.seq)) > 0;
}

function encodeWrite({ key, lamport, wallMs, value }: Write): readonly AppValue[] {
  return value === undefined ? [key, lamport, wallMs, 0] : [key, lamport, wallMs, 1, value];
}

function decodeWrite([key, counter, wall, kind, value]: readonly AppValue[]): Write | undefined {
  const lamport = uintOf(counter, { min: 1, max: LAMPORT_MAX });
  const wallMs = uintOf(wall);
  if (!isMapKey(key) || lamport === undefined || wallMs === undefined) return undefined;
  if (kind === 0) return { key, lamport, wallMs, value: undefined };
  if (kind !== 1 || value === undefined || problemOfDepth(value) !== undefined) return undefined;
  return { key, lamport, wallMs, value };
}
