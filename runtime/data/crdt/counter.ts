import { GridvineError } from '../../core/errors.ts';
import type { NodeId } from '../../core/ids.ts';
import type { AppValue } from '../../core/value.ts';
import type { CrdtType } from './crdt-type.ts';
import { idBytes, idOf, lifeOf, listOf, uintOf } from './slot-parts.ts';
import { compare, requireOp } from './value-order.ts';

/** What was counted up and down; each only grows. */
interface Tally {
  readonly up: number;
  readonly down: number;
}

/** What one node counted, in each of its lives. */
interface Counted {
  /** All lives up to this one are in `folded`; 0: none. */
  readonly foldedTo: number;
  readonly folded: Tally;
  readonly lives: ReadonlyMap<number, Tally>;
}

export type CounterState = ReadonlyMap<NodeId, Counted>;

/** Lives that a node keeps apart; elder ones are folded into one [P-16.8]. */
export const COUNTER_LIVES = 4;
const NOTHING: Tally = { up: 0, down: 0 };
const EMPTY: Counted = { foldedTo: 0, folded: NOTHING, lives: new Map() };
const COUNT_MAX = Number.MAX_SAFE_INTEGER;

/** Counts up only. */
export const gcounter: CrdtType<CounterState> = counterType({ counts: 'up' });

/** Counts up and down. */
export const pncounter: CrdtType<CounterState> = counterType({ counts: 'up and down' });

function counterType({ counts }: { readonly counts: 'up' | 'up and down' }): CrdtType<CounterState> {
  return {
    empty: new Map(),
    decode: (slot) => decode(slot, counts),
    encode,
    join,
    value,
    pieces: (state) =>
      Array.from(state, ([id, counted]) => ({ id, about: id, state: new Map([[id, counted]]) })),
    change(total, { op, by = 1 }, { id, life }) {
      requireOp(op, 'increment');
      const lowest = counts === 'up' ? 0 : -COUNT_MAX;
      if (!Number.isSafeInteger(by) || by < lowest)
        throw new GridvineError(
          'E_VALUE_INVALID',
          `by: expected a whole number${counts === 'up' ? ' from 0' : ''}; got ${by}. Count in a smaller unit rather than in fractions${counts === 'up' ? '; what goes down is a pncounter' : ''}.`,
        );
      if (by === 0) return new Map();
      const { up, down } = total.get(id)?.lives.get(life) ?? NOTHING;
      const tally = by > 0 ? { up: up + by, down } : { up, down: down - by };
      if (tally.up > COUNT_MAX || tally.down > COUNT_MAX)
        throw new GridvineError(
          'E_CRDT_LIMIT',
          `by: this node may count to ${COUNT_MAX} each way; got ${by} on top of ${by > 0 ? up : down}. Count in a larger unit, under another name.`,
        );
      return new Map([[id, { ...EMPTY, lives: new Map([[life, tally]]) }]]);
    },
    compact,
    latestLife: (state, node) => {
      const counted = state.get(node) ?? EMPTY;
      return Math.max(counted.foldedTo, ...counted.lives.keys());
    },
  };
}

function decode(slot: AppValue, counts: 'up' | 'up and down'): CounterState | string {
  const rows = listOf(slot);
  if (rows === undefined) return 'expected a list of counts';
  let state: CounterState = new Map();
  for (const [index, row] of rows.entries()) {
    const cells = listOf(row);
    const id = idOf(cells?.[0]);
    const life = lifeOf(cells?.[1]);
    const up = uintOf(cells?.[2]);
    const down = uintOf(cells?.[3], { max: counts === 'up' ? 0 : COUNT_MAX });
    if (id === undefined || life === undefined || up === undefined || down === undefined)
      return `row ${index}: expected [node, life, up, down]`;
    const tally = { up, down };
    const counted =
      cells?.[4] === true
        ? { ...EMPTY, foldedTo: life, folded: tally }
        : { ...EMPTY, lives: new Map([[life, tally]]) };
    state = join(state, new Map([[id, counted]]));
  }
  return state;
}

function encode(state: CounterState): AppValue {
  const rows: AppValue[] = [];
  for (const [id, { foldedTo, folded, lives }] of [...state].sort(([a], [b]) => compare(a, b))) {
    if (foldedTo > 0) rows.push([idBytes(id), foldedTo, folded.up, folded.down, true]);
    for (const [life, { up, down }] of [...lives].sort(([a], [b]) => a - b))
      rows.push([idBytes(id), life, up, down]);
  }
  return rows;
}

function join(a: CounterState, b: CounterState): CounterState {
  const joined = new Map(a);
  for (const [id, counted] of b) {
    const before = joined.get(id);
    joined.set(id, before === undefined ? counted : joinCounted(before, counted));
  }
  return joined;
}

function joinCounted(a: Counted, b: Counted): Counted {
  const foldedTo = Math.max(a.foldedTo, b.foldedTo);
  const folded =
    a.foldedTo === b.foldedTo ? higher(a.folded, b.folded) : a.foldedTo > b.foldedTo ? a.folded : b.folded;
  const lives = new Map<number, Tally>();
  for (const [life, tally] of [...a.lives, ...b.lives])
    if (life > foldedTo) lives.set(life, higher(lives.get(life) ?? NOTHING, tally));
  return { foldedTo, folded, lives };
}

function higher(a: Tally, b: Tally): Tally {
  return { up: Math.max(a.up, b.up), down: Math.max(a.down, b.down) };
}

/** Exact, whatever its size. */
function value(state: CounterState): AppValue {
  let sum = 0n;
  for (const { folded, lives } of state.values())
    for (const { up, down } of [folded, ...lives.values()]) sum += BigInt(up) - BigInt(down);
  const small = Number(sum);
  return Number.isSafeInteger(small) ? small : sum;
}

function compact(own: CounterState, self: NodeId): CounterState {
  const counted = own.get(self);
  if (counted === undefined || counted.lives.size <= COUNTER_LIVES) return own;
  const lives = [...counted.lives].sort(([a], [b]) => a - b);
  let { foldedTo, folded } = counted;
  for (const [life, { up, down }] of lives.slice(0, -COUNTER_LIVES)) {
    const sum = { up: folded.up + up, down: folded.down + down };
    // Beyond what a slot can say they stay apart.
    if (sum.up > COUNT_MAX || sum.down > COUNT_MAX) break;
    foldedTo = life;
    folded = sum;
  }
  return join(own, new Map([[self, { foldedTo, folded, lives: new Map() }]]));
}
