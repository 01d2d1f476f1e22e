import type { NodeId } from '../../core/ids.ts';
import type { AppValue } from '../../core/value.ts';
import { type ContentCodec, type Dots, type Life, packed } from './dots.ts';
import { idBytes, idOf, LIFE_MAX, lifeOf, listOf, uintOf } from './slot-parts.ts';
import { compare } from './value-order.ts';

/** Writes of one author in one life. */
const SEQ_MAX = 2 ** 32 - 1;

/** A slot of dots [P-16.9]: floors, lives, and what stands, which names its life by its place in the list. */
export function encodeDots<Content>(dots: Dots<Content>, codec: ContentCodec<Content>): AppValue {
  const floors: AppValue[] = [];
  const lives: AppValue[] = [];
  const entries: AppValue[] = [];
  for (const [id, author] of [...dots].sort(([a], [b]) => compare(a, b))) {
    if (author.floor > 0) floors.push([idBytes(id), author.floor]);
    for (const [life, { seen, extra, entries: standing }] of [...author.lives].sort(([a], [b]) => a - b)) {
      for (const [seq, content] of [...standing].sort(([a], [b]) => a - b))
        entries.push([lives.length, seq, ...codec.encode(content)]);
      lives.push([idBytes(id), life, seen, ...[...extra].sort(compare)]);
    }
  }
  return [floors, lives, entries];
}

interface LifeRow<Content> {
  readonly id: NodeId;
  readonly life: number;
  readonly seen: number;
  readonly extra: ReadonlySet<number>;
  readonly entries: Map<number, Content>;
}

/** The state in a slot, or what is wrong with it. */
export function decodeDots<Content>(slot: AppValue, codec: ContentCodec<Content>): Dots<Content> | string {
  const [floorRows, lifeRows, entryRows] = listOf(slot)?.map(listOf) ?? [];
  if (floorRows === undefined || lifeRows === undefined || entryRows === undefined)
    return 'expected [floors, lives, entries]';
  const floors = readFloors(floorRows);
  if (typeof floors === 'string') return floors;
  const lives: LifeRow<Content>[] = [];
  for (const [index, row] of lifeRows.entries()) {
    const life = readLife<Content>(listOf(row) ?? []);
    if (life === undefined) return `life ${index}: expected [node, life, seen, ...further]`;
    lives.push(life);
  }
  for (const [index, row] of entryRows.entries()) {
    const problem = readEntry(listOf(row) ?? [], lives, floors, codec);
    if (problem !== undefined) return `entry ${index}: ${problem}`;
  }
  return assemble(floors, lives);
}

function readFloors(rows: readonly AppValue[]): Map<NodeId, number> | string {
  const floors = new Map<NodeId, number>();
  for (const [index, row] of rows.entries()) {
    const [first, second] = listOf(row) ?? [];
    const id = idOf(first);
    const floor = uintOf(second, { min: 1, max: LIFE_MAX });
    if (id === undefined || floor === undefined) return `floor ${index}: expected [node, life]`;
    if (floors.has(id)) return `floor ${index}: a second one of one node`;
    floors.set(id, floor);
  }
  return floors;
}

function readLife<Content>([first, second, third, ...further]: readonly AppValue[]):
  | LifeRow<Content>
  | undefined {
  const id = idOf(first);
  const life = lifeOf(second);
  const seen = uintOf(third, { max: SEQ_MAX });
  const extra: number[] = [];
  for (const cell of further) {
    const seq = uintOf(cell, { min: 1, max: SEQ_MAX });
    if (seq === undefined) return undefined;
    extra.push(seq);
  }
  if (id === undefined || life === undefined || seen === undefined) return undefined;
  return { id, life, ...packed(seen, extra), entries: new Map() };
}

function readEntry<Content>(
  [place, number, ...cells]: readonly AppValue[],
  lives: readonly LifeRow<Content>[],
  floors: ReadonlyMap<NodeId, number>,
  codec: ContentCodec<Content>,
): string | undefined {
  const at = lives[uintOf(place) ?? -1];
  const seq = uintOf(number, { min: 1, max: SEQ_MAX });
  const content = codec.decode(cells);
  if (at === undefined || seq === undefined || content === undefined)
    return 'expected [place of its life, number, ...content]';
  if (at.entries.has(seq)) return `number ${seq} stands twice`;
  const known = seq <= at.seen || at.extra.has(seq) || at.life < (floors.get(at.id) ?? 0);
  if (!known) return `number ${seq} stands, and its life doesn't know of it`;
  at.entries.set(seq, content);
  return undefined;
}

/** In the one form that equal states have: of a life below the floor only what stands. */
function assemble<Content>(
  floors: ReadonlyMap<NodeId, number>,
  rows: readonly LifeRow<Content>[],
): Dots<Content> | string {
  const dots = new Map<NodeId, { floor: number; lives: Map<number, Life<Content>> }>();
  for (const [id, floor] of floors) dots.set(id, { floor, lives: new Map() });
  for (const [index, { id, life, seen, extra, entries }] of rows.entries()) {
    const author = dots.get(id) ?? { floor: 0, lives: new Map<number, Life<Content>>() };
    if (author.lives.has(life)) return `life ${index}: a second one of one node and life`;
    const isBelow = life < author.floor;
    if (isBelow && entries.size === 0) continue;
    author.lives.set(life, isBelow ? { seen: 0, extra: new Set(), entries } : { seen, extra, entries });
    dots.set(id, author);
  }
  return dots;
}
