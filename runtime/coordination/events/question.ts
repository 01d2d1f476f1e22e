import type { AppValue } from '../../core/value.ts';
import { asArray } from '../../wire/schema.ts';

/** Whom a query asks: nodes to which all of what is given applies [P-18.7]. */
export interface QueryFilter {
  /** Patterns for names, or whole ids; empty: whoever. */
  readonly nodes: readonly string[];
  /** Pairs of a tag's name and a pattern for its value. */
  readonly tags: readonly (readonly [string, string])[];
  /** Groups in certificates; one of them is enough. Empty: whatever. */
  readonly groups: readonly string[];
}

/** What makes a query of an event. */
export interface Question extends QueryFilter {
  /** Whether each node it asks says that it got it, before it answers. */
  readonly ack: boolean;
}

/** The most patterns of one kind in a filter. */
export const FILTER_ITEMS_MAX = 16;
const PATTERN_LENGTH_MAX = 128;

/** What is wrong with a filter; undefined: nothing. */
export function problemOfFilter({ nodes, tags, groups }: QueryFilter): string | undefined {
  const kinds: readonly (readonly [string, number, readonly string[]])[] = [
    ['nodes', nodes.length, nodes],
    ['tags', tags.length, tags.flat()],
    ['groups', groups.length, groups],
  ];
  for (const [what, count, texts] of kinds) {
    if (count > FILTER_ITEMS_MAX)
      return `expected at most ${FILTER_ITEMS_MAX} ${what} in its filter; got ${count}`;
    const long = texts.find((text) => text.length > PATTERN_LENGTH_MAX);
    if (long !== undefined)
      return `${what}: expected at most ${PATTERN_LENGTH_MAX} characters each; got ${JSON.stringify(`${long.slice(0, 20)}...`)} with ${long.length}`;
  }
  return undefined;
}

/** `question = [ ack, [ * node ], [ * [ tag, pattern ] ], [ * group ] ]`. */
export function encodeQuestion({ ack, nodes, tags, groups }: Question): AppValue {
  return [ack, [...nodes], tags.map(([tag, pattern]) => [tag, pattern]), [...groups]];
}

/** @returns undefined where the value is no question. */
export function decodeQuestion(value: unknown): Question | undefined {
  const fields = asArray(value);
  if (fields === undefined || typeof fields[0] !== 'boolean') return undefined;
  const nodes = asTexts(fields[1]);
  const groups = asTexts(fields[3]);
  const pairs = asArray(fields[2])?.map((pair) => asTexts(pair));
  if (nodes === undefined || groups === undefined || pairs === undefined) return undefined;
  if (pairs.length > FILTER_ITEMS_MAX) return undefined;
  const tags: [string, string][] = [];
  for (const pair of pairs) {
    if (pair === undefined || pair.length < 2) return undefined;
    tags.push([pair[0], pair[1]]);
  }
  return { ack: fields[0], nodes, tags, groups };
}

function asTexts(raw: unknown): string[] | undefined {
  const items = asArray(raw);
  if (items === undefined || items.length > FILTER_ITEMS_MAX) return undefined;
  const isText = (item: unknown): item is string =>
    typeof item === 'string' && item.length <= PATTERN_LENGTH_MAX;
  return items.every(isText) ? [...items] : undefined;
}
