import type { RunningNode } from '#runtime/driver/contract.ts';
import {
  compareDocuments,
  decodeDocument,
  type FleetDocument,
  PROMOTED_KEY,
  STAGED_KEY,
} from './document.ts';
import { isStaged, type Staged } from './stage.ts';

/** The documents that count among those that this board has heard of. */
export interface HeardDocuments {
  /** For all. */
  readonly promoted: FleetDocument | undefined;
  /** On trial at some; undefined where none is newer than that for all. */
  readonly staged: FleetDocument | undefined;
  /** Records that are no documents, or are of boards that may set nothing. */
  readonly ignored: readonly { readonly owner: string; readonly why: 'malformed' | 'not-entitled' }[];
}

/** Reads what the cluster's records say. The same records give the same answer everywhere. */
export function heardBy(node: Pick<RunningNode, 'records' | 'isEntitled'>): HeardDocuments {
  const ignored: { owner: string; why: 'malformed' | 'not-entitled' }[] = [];
  const latest = (key: string): FleetDocument | undefined => {
    let best: FleetDocument | undefined;
    for (const { owner, value } of node.records({ key })) {
      const document = decodeDocument(value, owner);
      if (document === undefined) ignored.push({ owner, why: 'malformed' });
      else if (!node.isEntitled(owner, key)) ignored.push({ owner, why: 'not-entitled' });
      else if (isFor(key, document) && (best === undefined || compareDocuments(document, best) > 0))
        best = document;
    }
    return best;
  };
  const promoted = latest(PROMOTED_KEY);
  const staged = latest(STAGED_KEY);
  const isNewer = staged !== undefined && (promoted === undefined || compareDocuments(staged, promoted) > 0);
  return { promoted, staged: isNewer ? staged : undefined, ignored };
}

/** What a board is to run of it. */
export function documentFor(board: Staged, { promoted, staged }: HeardDocuments): FleetDocument | undefined {
  const tries = staged?.stage != null && isStaged(staged.stage, staged.counter, board);
  return tries ? staged : promoted;
}

function isFor(key: string, { stage }: FleetDocument): boolean {
  return (key === STAGED_KEY) === (stage !== null);
}
