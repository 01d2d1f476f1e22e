import type { NodeId } from '../../core/ids.ts';
import type { QueryFilter } from './question.ts';

/** A node as filters see it. */
export interface FilteredNode {
  readonly id: NodeId;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Of its certificate; none in a cluster of a pre-shared key. */
  readonly groups: readonly string[];
}

/** Whether a query asks a node: all that its filter gives applies [P-18.7]. */
export function passes(filter: QueryFilter, node: FilteredNode): boolean {
  const { nodes, tags, groups } = filter;
  return (
    (nodes.length === 0 || nodes.some((pattern) => pattern === node.id || fits(pattern, node.name))) &&
    tags.every(([tag, pattern]) => Object.hasOwn(node.tags, tag) && fits(pattern, node.tags[tag])) &&
    (groups.length === 0 || groups.some((group) => node.groups.includes(group)))
  );
}

/**
 * Whether a text fits a pattern: `*` stands for any text, `?` for one character. A regular expression of somebody else's could hold the
 * loop for minutes; this takes at most as many steps as pattern and text have characters, multiplied.
 */
export function fits(pattern: string, text: string): boolean {
  let p = 0;
  let star = -1;
  let resume = 0;
  for (let t = 0; t < text.length; ) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
