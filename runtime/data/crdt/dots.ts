import type { NodeId } from '../../core/ids.ts';
import type { AppValue } from '../../core/value.ts';
import type { Author, Piece } from './crdt-type.ts';
import { compare } from './value-order.ts';

/** One write: the `seq`-th of an author in one of its lives. */
export interface Dot {
  readonly id: NodeId;
  readonly life: number;
  readonly seq: number;
}

/** What stands of one life of an author, and which of its writes are known. */
export interface Life<Content> {
  /** Writes 1 to `seen` are known, */
  readonly seen: number;
  /** and these above it. */
  readonly extra: ReadonlySet<number>;
  /** Of those known, what was not removed. */
  readonly entries: ReadonlyMap<number, Content>;
}

export interface AuthorDots<Content> {
  /** Of lives below this one all is known: what isn't listed was removed. */
  readonly floor: number;
  readonly lives: ReadonlyMap<number, Life<Content>>;
}

/**
 * Writes and removals of many authors [P-16.9]: a write that is known and doesn't stand was removed. So a removal needs no
 * tombstone that lasts: once the author's own slot says that it knows the write and doesn't list it, nobody else has to.
 */
export type Dots<Content> = ReadonlyMap<NodeId, AuthorDots<Content>>;

/** How what was written travels behind the dot, and which of two goes on where one dot has two contents. */
export interface ContentCodec<Content> {
  decode(cells: readonly AppValue[]): Content | undefined;
  encode(content: Content): readonly AppValue[];
  orderKey(content: Content): string;
}

/** Lives without entries that a node keeps apart; elder ones fall below the floor [P-16.8]. */
export const DOT_LIVES = 4;

const NO_LIFE: Life<never> = { seen: 0, extra: new Set(), entries: new Map<number, never>() };
const NO_DOTS: AuthorDots<never> = { floor: 0, lives: new Map<number, never>() };

/** All writes that stand. */
export function* standing<Content>(dots: Dots<Content>): Generator<readonly [Dot, Content]> {
  for (const [id, { lives }] of dots)
    for (const [life, { entries }] of lives)
      for (const [seq, content] of entries) yield [{ id, life, seq }, content];
}

export function joinDots<Content>(
  a: Dots<Content>,
  b: Dots<Content>,
  codec: ContentCodec<Content>,
): Dots<Content> {
  const joined = new Map(a);
  for (const [id, author] of b) {
    const before = joined.get(id);
    joined.set(id, before === undefined ? author : joinAuthors(before, author, codec));
  }
  return joined;
}

/** The change that writes `content` and removes `removed`, all of which are known in `total`. */
export function writeDots<Content>(
  total: Dots<Content>,
  { id, life }: Author,
  content: Content,
  removed: Iterable<Dot>,
): Dots<Content> {
  const known = total.get(id)?.lives.get(life) ?? NO_LIFE;
  const seq = Math.max(known.seen, ...known.extra) + 1;
  const dot = { id, life, seq };
  return dotsOf([...removed, dot], [[dot, content]]);
}

/** The change that removes writes. */
export function removeDots<Content>(removed: Iterable<Dot>): Dots<Content> {
  return dotsOf([...removed], []);
}

/** One piece an author. */
export function piecesOfDots<Content>(dots: Dots<Content>): Piece<Dots<Content>>[] {
  return Array.from(dots, ([id, author]) => ({ id, about: id, state: new Map([[id, author]]) }));
}

export function latestLifeOf<Content>(dots: Dots<Content>, id: NodeId): number {
  const { floor, lives } = dots.get(id) ?? NO_DOTS;
  // Below the floor is known whole: a life at it is free.
  return Math.max(floor - 1, 0, ...lives.keys());
}

/** Lets lives of which nothing stands fall below the floor, but for the latest; what else is known of `self` stays. */
export function raiseFloor<Content>(
  own: Dots<Content>,
  self: NodeId,
  codec: ContentCodec<Content>,
): Dots<Content> {
  const { lives } = own.get(self) ?? NO_DOTS;
  const latest = [...lives.keys()].sort(compare).slice(-DOT_LIVES);
  if (lives.size <= DOT_LIVES) return own;
  return joinDots(own, new Map([[self, { floor: latest[0], lives: restOf(lives, latest[0]) }]]), codec);
}

/** What stands below the floor: raising it removes nothing. */
function restOf<Content>(lives: ReadonlyMap<number, Life<Content>>, floor: number) {
  const rest = new Map<number, Life<Content>>();
  for (const [life, { entries }] of lives)
    if (life < floor && entries.size > 0) rest.set(life, { ...NO_LIFE, entries });
  return rest;
}

/** A state that knows these dots, and in which those with content stand. */
function dotsOf<Content>(
  known: readonly Dot[],
  entries: readonly (readonly [Dot, Content])[],
): Dots<Content> {
  const dots = new Map<NodeId, { floor: number; lives: Map<number, Life<Content>> }>();
  for (const { id, life, seq } of known) {
    const author = dots.get(id) ?? { floor: 0, lives: new Map<number, Life<Content>>() };
    dots.set(id, author);
    const before = author.lives.get(life) ?? NO_LIFE;
    const stands = entries.flatMap(([dot, content]) =>
      dot.id === id && dot.life === life && dot.seq === seq ? [[seq, content] as const] : [],
    );
    author.lives.set(life, {
      ...packed(before.seen, [...before.extra, seq]),
      entries: new Map([...before.entries, ...stands]),
    });
  }
  return dots;
}

function joinAuthors<Content>(
  a: AuthorDots<Content>,
  b: AuthorDots<Content>,
  codec: ContentCodec<Content>,
): AuthorDots<Content> {
  const floor = Math.max(a.floor, b.floor);
  const lives = new Map<number, Life<Content>>();
  for (const life of new Set([...a.lives.keys(), ...b.lives.keys()])) {
    const joined = joinLives(viewOf(a, life), viewOf(b, life), codec);
    if (life >= floor) lives.set(life, joined);
    else if (joined.entries.size > 0) lives.set(life, { ...NO_LIFE, entries: joined.entries });
  }
  return { floor, lives };
}

/** A life as one side knows it; below its floor it knows all. */
function viewOf<Content>({ floor, lives }: AuthorDots<Content>, life: number): Life<Content> {
  const known = lives.get(life) ?? NO_LIFE;
  return life < floor ? { ...known, seen: Number.POSITIVE_INFINITY } : known;
}

function joinLives<Content>(a: Life<Content>, b: Life<Content>, codec: ContentCodec<Content>): Life<Content> {
  const entries = new Map<number, Content>();
  for (const [seq, content] of a.entries) {
    const other = b.entries.get(seq);
    if (other !== undefined) entries.set(seq, later(content, other, codec));
    else if (!knows(b, seq)) entries.set(seq, content);
  }
  for (const [seq, content] of b.entries)
    if (!a.entries.has(seq) && !knows(a, seq)) entries.set(seq, content);
  return { ...packed(Math.max(a.seen, b.seen), [...a.extra, ...b.extra]), entries };
}

/** One dot with two contents is somebody's fault; the order of their bytes makes all nodes agree on one. */
function later<Content>(a: Content, b: Content, codec: ContentCodec<Content>): Content {
  return a === b || codec.orderKey(a) >= codec.orderKey(b) ? a : b;
}

function knows<Content>({ seen, extra }: Life<Content>, seq: number): boolean {
  return seq <= seen || extra.has(seq);
}

/** The one form of what is known: nothing in `extra` that `seen` could cover. */
export function packed(seen: number, extra: readonly number[]): { seen: number; extra: Set<number> } {
  const rest = [...new Set(extra)].filter((seq) => seq > seen).sort(compare);
  let known = seen;
  while (rest.length > 0 && rest[0] === known + 1) {
    known++;
    rest.shift();
  }
  return { seen: known, extra: new Set(rest) };
}
