import type { RunningNode } from '#runtime/driver/contract.ts';
import {
  compareDocuments,
  decodeDocument,
  type FleetDocument,
  PROMOTED_KEY,
  STAGED_KEY,
} from './document.ts';
import { isStaged, type Staged } from './stage.ts';

/** A counter this far above all that is known is a mistake or a lie: following it would use the numbers up. */
const JUMP_MAX = 2 ** 16;
/** The highest that is taken by a board that knows none: it leaves room for as much again. */
const FIRST_MAX = 2 ** 31;

/** Why a record counts for nothing. */
export type IgnoredWhy = 'malformed' | 'not-entitled' | 'far-above';

/** The documents that count among those that this board has heard of. */
export interface HeardDocuments {
  /** For all. */
  readonly promoted: FleetDocument | undefined;
  /** On trial at some; undefined where none is newer than that for all. */
  readonly staged: FleetDocument | undefined;
  /** All for all, the newest first. */
  readonly forAll: readonly FleetDocument[];
  /** Records that are no documents, are of boards that may set nothing, or claim a number that nobody can have come to. */
  readonly ignored: readonly { readonly owner: string; readonly why: IgnoredWhy }[];
}

/**
 * Reads what the cluster's records say.
 * @param known the highest counter that this board knows from before; 0: none.
 */
export function heardBy(node: Pick<RunningNode, 'records' | 'isEntitled'>, known: number): HeardDocuments {
  const ignored: { owner: string; why: IgnoredWhy }[] = [];
  const all: FleetDocument[] = [];
  for (const key of [PROMOTED_KEY, STAGED_KEY])
    for (const { owner, value } of node.records({ key })) {
      const document = decodeDocument(value, owner);
      if (document === undefined) ignored.push({ owner, why: 'malformed' });
      else if (!node.isEntitled(owner, key)) ignored.push({ owner, why: 'not-entitled' });
      else if (isFor(key, document)) all.push(document);
    }
  const near: FleetDocument[] = [];
  let top = known;
  for (const document of all.sort(compareDocuments)) {
    const { counter, setter: owner } = document;
    if (counter > (top === 0 ? FIRST_MAX : top + JUMP_MAX)) ignored.push({ owner, why: 'far-above' });
    else {
      near.unshift(document);
      top = Math.max(top, counter);
    }
  }
  const forAll = near.filter(({ stage }) => stage === null);
  const staged = near.find(({ stage }) => stage !== null);
  const [promoted] = forAll;
  const isNewer = staged !== undefined && (promoted === undefined || compareDocuments(staged, promoted) > 0);
  return { promoted, staged: isNewer ? staged : undefined, forAll, ignored };
}

/** What a board is to run of it, the newest first: the first that it can bear. */
export function documentsFor(board: Staged, { forAll, staged }: HeardDocuments): FleetDocument[] {
  const tries = staged?.stage != null && isStaged(staged.stage, staged.counter, board);
  return tries ? [staged, ...forAll] : [...forAll];
}

function isFor(key: string, { stage }: FleetDocument): boolean {
  return (key === STAGED_KEY) === (stage !== null);
}
